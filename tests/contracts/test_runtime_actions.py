"""What every runtime promises about actions: their failures, secrets, outputs and notices."""

from datetime import timedelta
from typing import Any

import pytest

from baton.connector import ActionContext, Result, Unknown
from coordination.database import outbox, select
from coordination.database import processes as process_table
from coordination.ports import RunStatus
from tests.workflows.runtimes.bench import (
    SECRETS,
    Bench,
    Play,
    asks,
    chain,
    does,
    raising,
    sight,
    step,
)
from workflows.actions.notices import Post, Report
from workflows.core.plan import Edge, Fail, Plan, SetVars, Step, Wait


def test_an_error_in_an_action_is_the_failure_of_its_step(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["only"] = raising(KeyError("oops"))
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "error"
        assert view.error["message"] == "KeyError: 'oops'"

    play(chain(step("only", does("again"))), story)


def test_an_output_that_is_too_large_fails_the_step(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "limit"

    play(
        chain(step("only", does("again", say="x" * 2000))), story, settings={"largest_output": 999}
    )


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_an_output_that_is_no_json_fails_the_step(play: Play, value: Any) -> None:
    async def story(bench: Bench) -> None:
        async def odd(ctx: ActionContext) -> Any:
            return {"value": value}

        bench.effects.scripts["only"] = odd
        await bench.start()
        assert (await bench.until("failed")).error["type"] == "output"

    play(chain(step("only", does("again"))), story)


def test_a_secret_is_text_for_the_action_and_a_name_for_everybody_else(play: Play) -> None:
    canary = SECRETS["TOKEN"]
    handle = {"$text": ["Bearer ", {"$secret": "TOKEN"}]}

    async def story(bench: Bench) -> None:
        async def echo(ctx: ActionContext) -> Any:
            return {"echo": f"you said {ctx.secrets['TOKEN']}", ctx.secrets["TOKEN"]: 1}

        bench.effects.scripts["call"] = echo
        await bench.start()
        view = await bench.until("completed")

        assert bench.effects.said == [f"Bearer {canary}"]
        call = sight(view, "call")
        assert call.input == {"say": "Bearer [secret TOKEN]"}
        assert call.output == {"echo": "you said [secret TOKEN]", "[secret TOKEN]": 1}
        files = [path.read_bytes() for path in bench.path.parent.glob("baton.db*")]
        assert len(files) > 1
        assert not any(canary.encode() in content for content in files)

    play(chain(step("call", does("again", say=handle))), story)


def test_a_secret_that_is_not_there_starts_nothing(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "secret"
        assert bench.effects.log == []

    play(chain(step("call", does("once", say={"$secret": "OTHER"}))), story)


def test_a_secret_output_is_used_inside_the_run_and_shown_nowhere(play: Play) -> None:
    def pass_on(names: Any) -> Any:
        return {"say": f"use {names['steps']['make']['output']['key']}"}

    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("completed")

        assert bench.effects.said[1] == "use hidden-key"
        assert sight(view, "make").output == "••••••"
        assert sight(view, "use").input == {"say": "use ••••••"}
        assert sight(view, "use").output == "use ••••••"

    use = does("again")
    make_key = step("make", does("again", say={"key": "hidden-key"}), secret_output=True)
    using = type(use)(use.name, pass_on, use.repeatable)
    play(chain(make_key, step("use", using)), story)


def test_what_an_action_posts_is_stored_with_its_result_and_escaped(play: Play) -> None:
    async def story(bench: Bench) -> None:
        async def post(ctx: ActionContext) -> Any:
            return Result(None, (Post("nt_1", "<@UADA> & <!channel>"), Post("nt_2", "x", "#ops")))

        bench.effects.scripts["say"] = post
        await bench.start()
        await bench.until("completed")
        said = await notices(bench, "reply")

        assert said == [
            ("nt_1", {"text": "<@UADA> &amp; &lt;!channel&gt;"}),
            ("nt_2", {"text": "x", "channel": "#ops"}),
        ]

    play(chain(step("say", does("again"))), story)


def test_what_a_run_reports_is_a_process_in_its_own_thread(play: Play) -> None:
    async def story(bench: Bench) -> None:
        async def report(ctx: ActionContext) -> Any:
            body = {"id": "k", "process_id": "notes", "status": "completed", "message": "done"}
            return Result(None, (Report(body),))

        bench.effects.scripts["say"] = report
        await bench.start()
        view = await bench.until("completed")
        found = await processes(bench)

        assert found["run_1/notes"][0] == "completed"
        assert found["run_1/notes"][1] == found["run_1"][1]
        assert found["run_1"][0] == "completed"
        assert view.status is RunStatus.COMPLETED

    play(chain(step("say", does("again"))), story)


def test_a_failure_and_an_unknown_step_are_told_once_each(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["ship"] = raising(Unknown("lost"))
        await bench.start()
        await bench.until("unknown")
        (told,) = await notices(bench, "unknown")
        assert told[1] == {"run_id": "run_1", "path": "ship", "attempt": 1}
        await bench.order("resolve", path="ship", outcome="fail")
        await bench.until("failed")
        (failure,) = await notices(bench, "failure")
        assert failure[1] == {"run_id": "run_1", "path": "ship"}

    play(chain(step("ship", does("once"))), story)


def test_no_more_actions_than_allowed_are_performed_at_once(play: Play) -> None:
    steps = tuple(Step(f"s{n}", f"S{n}", does("again", takes=1.0)) for n in range(7))

    async def story(bench: Bench) -> None:
        now, most = 0, 0

        async def count(ctx: ActionContext) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await bench.rest(1)
            now -= 1

        bench.effects.scripts = {each.id: count for each in steps}
        await bench.start()
        await bench.until("completed")
        assert most == 3

    play(Plan("demo", "Demo", "hash-demo", steps), story, settings={"actions_at_once": 3})


def test_an_approved_action_does_not_start_for_approvers_who_lost_the_right(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.decide("approve")
        await bench.until_step("pause", "waiting")
        await bench.dismiss("UGRACE")
        view = await bench.until("failed")

        assert view.error["type"] == "not_approved"
        assert "may not any more" in view.error["message"]
        assert bench.effects.log == []

    pause = Step("pause", "Pause", Wait(duration=timedelta(minutes=10)), needs=(Edge("gate"),))
    ship = Step("ship", "Ship", does("once"), needs=(Edge("pause"),))
    play(Plan("demo", "Demo", "hash-demo", (step("gate", asks("ship")), pause, ship)), story)


def test_steps_without_actions_are_shown_too(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert [(each.path, each.kind, each.status) for each in view.steps] == [
            ("note", "set", "completed"),
            ("end", "fail", "failed"),
        ]
        assert view.error["message"] == "it was 2"

    steps = (
        step("note", SetVars((("n", lambda names: 2),))),
        step("end", Fail(lambda names: f"it was {names['vars']['n']}")),
    )
    play(chain(*steps, vars=(("n", lambda names: 1),)), story)


def test_a_gate_before_a_step_is_an_approval_of_its_own(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("waiting")
        assert sight(view, "ship~approval").kind == "approval"
        assert bench.effects.log == []
        await bench.decide("approve")
        await bench.until("completed")
        assert bench.effects.of("ship") == 1

    play(chain(step("ship", does("once"), gate=asks("ship"))), story)


async def notices(bench: Bench, kind: str) -> list[tuple[str, Any]]:
    rows = await bench.door.read(
        lambda reader: reader.fetch_all(select(outbox).where(outbox.c.kind == kind))
    )
    return [(row.id, row.body) for row in rows]


async def processes(bench: Bench) -> dict[str, tuple[str, int]]:
    rows = await bench.door.read(lambda reader: reader.fetch_all(select(process_table)))
    return {row.process_id: (row.status, row.thread_key) for row in rows}
