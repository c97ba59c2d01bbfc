"""What every runtime promises of steps that wait for an event."""

from datetime import timedelta
from typing import Any

import pytest

from coordination import waits
from tests.workflows.runtimes.bench import Bench, Play, chain, does, sight, statuses, step
from workflows.core.plan import ForEach, Parallel, Plan, WaitFor


def waits_for(sha: str = "3f1c2d4", **how: Any) -> WaitFor:
    given = {"event": "test.completed", "correlate": lambda names: [[["subject", "sha"], sha]]}
    return WaitFor(**{**given, **how})


def after(verb: WaitFor, **how: Any) -> Plan:
    return chain(step("wait", verb, **how), step("then", does("again")))


async def report_test(bench: Bench, sha: str = "3f1c2d4", **more: Any) -> None:
    told = {"process_id": "t-1", "status": "completed", "category": "test"}
    await bench.report(**{**told, "subject": {"sha": sha}, **more})


def went_on(bench: Bench) -> int:
    """Count how often the run of the test did what comes after; events start others, too."""
    return sum((run, path) == ("run_1", "then") for run, path, _ in bench.effects.log)


def test_an_event_that_fits_completes_the_step_and_is_its_output(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await report_test(bench, "9999999", process_id="t-0")
        await bench.rest()
        assert (await bench.run()).status == "waiting"
        await report_test(bench, name="Unit", result={"failed": 0, "token": "hush"})
        view = await bench.until("completed")

        output = sight(view, "wait").output
        assert (output["name"], output["status"]) == ("Unit", "completed")
        assert output["result"]["failed"] == 0
        assert "hush" not in str(view)
        assert went_on(bench) == 1

    play(after(waits_for()), story)


def test_an_event_that_came_before_the_step_is_found(play: Play) -> None:
    async def story(bench: Bench) -> None:
        async def first(ctx: Any) -> None:
            if ctx.run.id == "run_1":
                await report_test(bench)

        bench.effects.scripts["first"] = first
        await bench.start()
        await bench.until("completed")
        await bench.rest()

        assert went_on(bench) == 1

    plan = chain(step("first", does("again")), *after(waits_for()).steps)
    play(plan, story)


def test_an_event_counts_once_however_often_it_is_told(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        for _ in range(3):
            await report_test(bench, id="once")
        for wakeup in range(4):
            await bench.host.deliver(wakeup)
        await bench.until("completed")
        await bench.rest()

        assert went_on(bench) == 1

    play(after(waits_for()), story)


@pytest.mark.parametrize(("way", "end"), [("fail", "failed"), ("continue", "completed")])
def test_a_wait_that_takes_too_long_fails_or_goes_on_with_null(
    play: Play, way: Any, end: str
) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("waiting")
        assert sight(view, "wait").due_at is not None
        view = await bench.until(end)
        await report_test(bench)
        await bench.rest()
        view = await bench.run()

        assert sight(view, "wait").output is None
        assert statuses(view)["wait"] == end
        assert went_on(bench) == (way == "continue")
        if way == "fail":
            assert view.error["type"] == "timeout"
            assert "no `test.completed` came within 5m" in view.error["message"]

    play(after(waits_for(timeout=timedelta(minutes=5), on_timeout=way)), story)


def test_a_retry_waits_again_and_finds_what_came_meanwhile(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("failed")
        await report_test(bench)
        await bench.order("retry")
        view = await bench.until("completed")

        assert sight(view, "wait").attempts == 2
        assert went_on(bench) == 1

    play(after(waits_for(timeout=timedelta(minutes=5))), story)


def test_a_cancelled_run_waits_for_nothing(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.order("cancel", reason="enough")
        await bench.until("cancelled")
        await report_test(bench)
        await bench.rest(3600)

        assert statuses(await bench.run()) == {"wait": "cancelled", "then": "not_taken"}
        assert went_on(bench) == 0

    play(after(waits_for(timeout=timedelta(minutes=5))), story)


def test_a_condition_sees_the_event_and_what_the_run_knew_then(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start(inputs={"most": 2})
        await bench.until("waiting")
        await report_test(bench, process_id="t-0", result={"failed": 7})
        await report_test(bench, process_id="t-1", result={})
        await bench.rest()
        view = await bench.run()
        assert sight(view, "wait").input["where_failed"] == 1
        assert sight(view, "wait").input["why"].startswith("where failed: ")
        await report_test(bench, process_id="t-2", result={"failed": 1})
        await bench.until("completed")

    verb = waits_for(
        where="event.result.failed < inputs.most",
        names=lambda names: {"inputs": {"most": names["inputs"]["most"]}},
    )
    play(after(verb), story)


def test_a_wait_that_is_refused_fails_its_step(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "MOST_SCANNING", 0)

    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")

        assert view.error["type"] == "limit"
        assert "say in `correlate`" in view.error["message"]

    play(after(waits_for(correlate=lambda names: [])), story)


def test_a_wake_up_is_found_without_the_hint(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        publish, bench.changes.publish = bench.changes.publish, lambda changes: None  # type: ignore[method-assign]
        await report_test(bench)
        await bench.rest(120)
        bench.changes.publish = publish  # type: ignore[method-assign]

        assert (await bench.run()).status == "completed"

    play(after(waits_for()), story)


def test_an_event_goes_to_one_turn_of_a_loop_and_the_next_event_to_the_next(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("fan[2].wait", "waiting")
        for number in range(3):
            await report_test(bench, id=f"e-{number}", name=f"Unit {number}", attempt=number + 1)
            await bench.rest()
            view = await bench.run()
            assert sum(status == "completed" for status in statuses(view).values()) >= number + 1
        view = await bench.until("completed", within=5)
        names = [sight(view, f"fan[{n}].wait").output["name"] for n in range(3)]
        assert names == ["Unit 0", "Unit 1", "Unit 2"]

    loop = ForEach(lambda names: [1, 2, 3], (step("wait", waits_for()),))
    play(chain(step("fan", loop)), story, triggers=())


def test_turns_that_look_back_find_an_event_each(play: Play) -> None:
    async def story(bench: Bench) -> None:
        async def first(ctx: Any) -> None:
            for number in range(3):
                await report_test(
                    bench, id=f"e-{number}", name=f"Unit {number}", attempt=number + 1
                )

        bench.effects.scripts["first"] = first
        await bench.start()
        view = await bench.until("completed")
        names = [sight(view, f"fan[{n}].wait").output["name"] for n in range(3)]
        assert sorted(names) == ["Unit 0", "Unit 1", "Unit 2"]

    loop = ForEach(lambda names: [1, 2, 3], (step("wait", waits_for()),))
    play(chain(step("first", does("again")), step("fan", loop)), story, triggers=())


def test_two_steps_may_each_have_the_same_event(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("both.b.wait", "waiting")
        await report_test(bench)
        view = await bench.until("completed")
        outputs = [sight(view, f"both.{name}.wait").output["event_id"] for name in "ab"]
        assert outputs[0] == outputs[1]

    branches = tuple((name, (step("wait", waits_for()),)) for name in "ab")
    play(chain(step("both", Parallel(branches))), story, triggers=())
