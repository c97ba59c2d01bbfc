"""What every runtime promises of children whose step has `secret_output`: they show nothing they give."""

import json
from dataclasses import replace
from typing import Any

import pytest

from baton.connector import ActionContext, Failed, Result
from coordination.children import child_id
from coordination.database import outbox, select, wakeups
from coordination.ports import RunView
from tests.workflows.runtimes.bench import Bench, Play, asks, chain, does, raising, sight, step
from workflows.actions.notices import Post
from workflows.core.plan import Child, ForEach, Parallel, Plan, Step

CANARY = "m4de-by-the-grandchild"
KID = child_id("run_1", "call", 1)
GRANDKID = child_id(KID, "deeper", 1)
KEY = (("key", lambda names: names["steps"]["make"]["output"]["key"]),)


def plan(name: str, *steps: Step, **how: Any) -> Plan:
    linked = chain(*steps, **how)
    return Plan(name, name.title(), f"hash-{name}", linked.steps, **how)


def begins(name: str, *, detach: bool = False) -> Child:
    return Child(name, lambda names: {}, detach)


def using() -> Step:
    def pass_on(names: Any) -> Any:
        return {"say": f"use {names['steps']['call']['output']['key']}"}

    return step("use", replace(does("again"), params=pass_on))


MAKE = step("make", does("again"))
KID_PLAN = plan("kid", MAKE, step("ask", asks()), outputs=KEY)
OUTER = plan(
    "kid",
    step("deeper", begins("grandkid")),
    outputs=(("key", lambda names: names["steps"]["deeper"]["output"]["key"]),),
    children=("grandkid",),
)
GRAND = plan("grandkid", MAKE, step("again", does("again")), outputs=KEY)


async def made(ctx: ActionContext) -> Any:
    return {"key": CANARY, "pin": 4711}


def leaks(bench: Bench, *views: RunView) -> list[str]:
    held = {path.name: path.read_bytes() for path in bench.path.parent.glob("baton.db*")}
    held["views"] = repr(views).encode()
    return [name for name, content in held.items() if CANARY.encode() in content]


async def told(bench: Bench) -> list[dict[str, Any]]:
    rows = await bench.door.read(lambda reader: reader.fetch_all(select(wakeups)))
    return [row.payload for row in rows if row.kind == "child"]


def parent(*steps: Step, name: str = "kid") -> Plan:
    return chain(*steps, using(), children=(name,))


def test_what_a_child_gives_reaches_its_parent_and_nobody_else(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["make"] = made
        await bench.publish(KID_PLAN)
        await bench.start()
        waiting = await bench.until("waiting", KID)
        bench.effects.scripts["make"] = raising(Failed("made already"))
        await bench.decide()
        view = await bench.until("completed")
        kid = await bench.run(KID)

        assert bench.effects.said[-1] == f"use {CANARY}"
        assert sight(waiting, "make").output == sight(kid, "make").output == "••••••"
        assert sight(kid, "ask").output["decision"] == "approve"
        assert kid.outputs == {"key": "••••••"}
        assert sight(view, "call").output == "••••••"
        assert sight(view, "use").input == {"say": "use ••••••"}
        assert [sorted(each) for each in await told(bench)] == [
            ["attempt", "path", "run", "sealed"]
        ]
        assert leaks(bench, waiting, view, kid) == []

    play(parent(step("call", begins("kid"), secret_output=True)), story, triggers=())


def test_it_holds_for_the_children_of_a_child_and_when_they_are_retried(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["make"] = made
        bench.effects.scripts["again"] = raising(Failed(f"{CANARY} was refused"))
        await bench.publish(GRAND)
        await bench.publish(OUTER)
        await bench.start()
        failed = await bench.until("failed")
        assert "•••••• was refused" in failed.error["message"]

        del bench.effects.scripts["again"]
        await bench.order("retry")
        view = await bench.until("completed")
        second = child_id("run_1", "call", 2)
        runs = [await bench.run(each) for each in (KID, GRANDKID, second)]
        grand = await bench.run(child_id(second, "deeper", 1))
        assert [each.trigger["hidden"] for each in (*runs, grand)] == [True] * 4
        assert grand.outputs == {"key": "••••••"}
        assert bench.effects.said[-1] == f"use {CANARY}"
        assert leaks(bench, failed, view, *runs, grand) == []

    play(parent(step("call", begins("kid"), secret_output=True)), story, triggers=())


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("path", ["each[0].call", "each.a.call"])
def test_a_child_inside_a_step_that_hides_what_it_holds_is_hidden_too(
    play: Play, path: str, *, detach: bool
) -> None:
    inner = step("call", begins("kid", detach=detach), secret_output=True)  # as it is compiled
    looped, branched = ForEach(lambda names: [1], (inner,)), Parallel((("a", (inner,)),))
    holder = looped if "[" in path else branched

    async def story(bench: Bench) -> None:
        bench.effects.scripts["make"] = made
        await bench.publish(plan("kid", MAKE, outputs=KEY))
        await bench.start()
        view = await bench.until("completed")
        kid = await bench.until("completed", child_id("run_1", path, 1))
        assert sight(kid, "make").output == "••••••"
        assert (kid.outputs, kid.trigger["detached"]) == ({"key": "••••••"}, detach)
        assert leaks(bench, view, kid) == []

    whole = chain(step("each", holder, secret_output=True), children=("kid",))
    play(whole, story, triggers=())


def test_a_child_of_a_step_that_hides_nothing_shows_what_it_gives(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["make"] = made
        await bench.publish(plan("kid", MAKE, outputs=KEY))
        await bench.start()
        view = await bench.until("completed")
        kid = await bench.run(KID)
        assert kid.outputs == sight(view, "call").output == {"key": CANARY}
        assert sight(kid, "make").output == {"key": CANARY, "pin": 4711}
        assert "hidden" not in kid.trigger
        assert "outputs" in (await told(bench))[0]

    play(parent(step("call", begins("kid"))), story, triggers=())


def test_what_a_hidden_child_posts_is_covered(play: Play) -> None:
    async def story(bench: Bench) -> None:
        async def post(ctx: ActionContext) -> Any:
            return Result({}, notices=(Post("nt_1", f"It is {CANARY}"),))

        bench.effects.scripts |= {"make": made, "say": post}
        await bench.publish(plan("kid", MAKE, step("say", does("again")), outputs=KEY))
        await bench.start()
        view = await bench.until("completed")
        rows = await bench.door.read(lambda reader: reader.fetch_all(select(outbox)))
        assert "It is ••••••" in json.dumps([row.body for row in rows], ensure_ascii=False)
        assert leaks(bench, view) == []

    play(parent(step("call", begins("kid"), secret_output=True)), story, triggers=())
