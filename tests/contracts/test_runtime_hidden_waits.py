"""What every runtime promises of waits for what a step with `secret_output` gave: nobody reads it there."""

import json
from dataclasses import replace
from typing import Any

import pytest

from coordination.children import child_id
from coordination.database import approvals, select, waits
from coordination.ports import RunView
from coordination.waiting_for import waiting_for
from tests.workflows.runtimes.bench import Bench, Play, asks, chain, does, sight, step
from workflows.core.plan import Child, Plan, Step, WaitFor

CANARY = "c0de-that-only-the-event-knows"
PIN = 482_117
GIVEN = {"code": CANARY, "pin": PIN, "short": "q7"}
MAKE = step("make", does("again"), secret_output=True)
KID = child_id("run_1", "call", 1)


def given(name: str) -> Any:
    return lambda names: names["steps"]["make"]["output"][name]


def waits_for(name: str = "code", at: tuple[str, ...] = ("result", "held"), **how: Any) -> WaitFor:
    def pairs(names: Any) -> Any:
        text = str(given(name)(names))
        return [[["result", "app"], "acme"], [list(at), text]]

    return WaitFor(**{"event": "test.completed", "correlate": pairs, **how})


def after(verb: WaitFor, **how: Any) -> Plan:
    return chain(MAKE, step("wait", verb, **how), step("then", does("again")))


async def made(ctx: Any) -> Any:
    return GIVEN


async def told(bench: Bench, held: Any = CANARY, **more: Any) -> None:
    body = {"process_id": "t-1", "status": "completed", "category": "test"}
    await bench.report(**{**body, "result": {"app": "acme", "held": held}, **more})


async def kept(bench: Bench) -> list[Any]:
    return await bench.door.read(lambda reader: reader.fetch_all(select(waits)))


def leaks(bench: Bench, *views: RunView, text: str = CANARY) -> list[str]:
    held = {path.name: path.read_bytes() for path in bench.path.parent.glob("baton.db*")}
    held["views"] = repr([(view, waiting_for(view)) for view in views]).encode()
    return [name for name, content in held.items() if text.encode() in content]


@pytest.mark.parametrize(("name", "value"), [("code", CANARY), ("pin", str(PIN))])
def test_the_event_is_found_by_a_hash_and_nothing_shows_which(
    play: Play, name: str, value: str
) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["make"] = made
        await bench.start()
        view = await bench.until("waiting")
        (row,) = await kept(bench)

        said = waiting_for(view)
        assert said is not None
        assert "with result.app acme and result.held ••••••, since" in said.text
        assert [len(text["hashed"]) for _, text in row.filter["wanted"][1:]] == [64]
        assert row.filter["wanted"][0] == [["result", "app"], "acme"]
        assert leaks(bench, view, text=value) == []

        await told(bench, "another", process_id="t-0")
        await bench.rest()
        assert (await bench.run()).status == "waiting"
        await told(bench, value)
        view = await bench.until("completed")
        assert sight(view, "wait").output["result"]["held"] == (
            "••••••" if name == "code" else value
        )

    play(after(waits_for(name)), story, triggers=())


def test_what_came_before_is_found_too(play: Play) -> None:
    async def story(bench: Bench) -> None:
        async def first(ctx: Any) -> Any:
            await told(bench, "another", process_id="t-0")
            await told(bench)
            return GIVEN

        bench.effects.scripts["make"] = first
        await bench.start()
        view = await bench.until("completed")
        assert sight(view, "wait").output["process_id"] == "t-1"

    play(after(waits_for()), story, triggers=())


def test_what_is_worked_out_from_a_secret_is_one_where_the_file_says_so(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["make"] = made
        await bench.start()
        view = await bench.until("waiting")
        assert leaks(bench, view, text=CANARY[:9].upper()) == []
        assert sight(view, "wait").input["correlate"] == [[["result", "held"], "••••••"]]
        await told(bench, CANARY[:9].upper())
        await bench.until("completed")

    def pairs(names: Any) -> Any:
        return [[["result", "held"], given("code")(names)[:9].upper()]]

    reads = ((("result", "held"), frozenset({"make"})),)
    play(after(waits_for(correlate=pairs, reads=reads)), story, triggers=())


def test_what_a_where_takes_along_is_sealed(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["make"] = made
        await bench.start()
        view = await bench.until("waiting")
        assert leaks(bench, view) == []
        await told(bench, process_id="t-0", message="No.")
        await bench.rest()
        assert (await bench.run()).status == "waiting"
        await told(bench, message=f"It is {CANARY}, at last.")
        await bench.until("completed")

    def names(found: Any) -> Any:
        return {"steps": {"make": {"output": {"code": given("code")(found)}}}}

    where = "steps.make.output.code in event.message"
    verb = waits_for(correlate=lambda _: [], where=where, names=names)
    play(after(verb), story, triggers=())


def test_a_where_that_fails_does_not_say_on_what(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["make"] = made
        await bench.start()
        await bench.until("waiting")
        await told(bench, "another")
        await bench.rest()
        view = await bench.run()
        shown = sight(view, "wait").input
        assert shown["where_failed"] == 1
        assert "on what must not be seen" in shown["why"]
        assert leaks(bench, view) == []

    def names(found: Any) -> Any:
        return {"vars": {"code": given("code")(found)}}

    verb = waits_for(correlate=lambda _: [], where="event.nothing[vars.code] == 1", names=names)
    play(after(verb), story, triggers=())


def test_a_thread_that_must_not_be_seen_is_found_and_not_named(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["make"] = made
        await bench.start()
        view = await bench.until("failed")
        assert view.error is not None
        assert "there is no run or thread of this name, which must not be seen" in json.dumps(
            view.error
        )
        assert leaks(bench, view) == []

    play(after(waits_for(at=("run",))), story, triggers=())


def test_its_own_thread_is_found_by_hash_too(play: Play) -> None:
    async def own(ctx: Any) -> Any:
        return {"code": ctx.run.id}

    async def story(bench: Bench) -> None:
        bench.effects.scripts["make"] = own
        await bench.start()
        await bench.until("waiting")
        (row,) = await kept(bench)
        assert set(row.filter["wanted"][-1][1]) == {"hashed"}
        await told(bench, process_id="t-0")
        await bench.rest()
        assert (await bench.run()).status == "waiting"
        await told(bench, run_id="run_1")
        await bench.until("completed")

    play(after(waits_for(at=("run",))), story, triggers=())


def test_a_hidden_child_waits_for_nothing_that_shows(play: Play) -> None:
    def pairs(names: Any) -> Any:
        return [[["result", "held"], names["inputs"]["code"]]]

    async def story(bench: Bench) -> None:
        kid = chain(step("wait", waits_for(correlate=pairs)), step("then", does("again")))
        await bench.publish(replace(kid, name="kid", revision="hash-kid"), code={"type": "string"})
        await bench.start()
        view = await bench.until("waiting", KID)
        (row,) = await kept(bench)
        assert CANARY not in json.dumps([row.wait_on, row.shape, row.filter])
        assert view.inputs == {"code": "••••••"}
        assert sight(await bench.run(), "call").input == {"code": "••••••"}
        assert CANARY not in repr((view, await bench.run()))
        await told(bench)
        kid_view = await bench.until("completed", KID)
        assert CANARY not in repr((kid_view, await bench.until("completed")))

    call = Child("kid", lambda names: {"code": CANARY}, detach=False)
    whole = chain(step("call", call, secret_output=True), children=("kid",))
    play(whole, story, triggers=())


def test_what_a_secret_step_was_given_is_not_shown_before_it_is_known_what_it_gives(
    play: Play,
) -> None:
    async def story(bench: Bench) -> None:
        async def looks(ctx: Any) -> Any:
            seen.append(sight(await bench.run(), "make").input)
            return GIVEN

        seen: list[Any] = []
        bench.effects.scripts["make"] = looks
        await bench.start()
        view = await bench.until("completed")
        assert seen == [{"say": "••••••"}]
        assert sight(view, "make").input == {"say": "ask for ••••••"}

    told_before = Step("make", "Make", does("again", say=f"ask for {CANARY}"), secret_output=True)
    play(chain(told_before), story, triggers=())


def test_who_approves_a_secret_step_sees_what_it_is_given(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["make"] = made
        await bench.start()
        await bench.until("waiting")
        (row,) = await bench.door.read(lambda reader: reader.fetch_all(select(approvals)))
        assert "ask for a key" in json.dumps(row.question)
        await bench.decide()
        await bench.until("completed")

    gate = asks("make")
    verb = does("again", say="ask for a key")
    play(chain(Step("make", "Make", verb, secret_output=True, gate=gate)), story, triggers=())
