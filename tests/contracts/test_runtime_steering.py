"""What every runtime promises of what people do to a run: pause, resume, skip, roll back, signal, cancel."""

from datetime import timedelta
from typing import Any

from baton.connector import Failed
from coordination.ports import RunStatus
from coordination.waiting_for import waiting_for
from tests.workflows.runtimes.bench import (
    Bench,
    Play,
    asks,
    chain,
    does,
    raising,
    sight,
    statuses,
    step,
)
from workflows.core.plan import ForEach, Parallel, Plan, Undo, Wait, WaitForSignal

MINUTES = timedelta(minutes=10)
ONE = step("one", does("once", say=1), undo=Undo(does("once", say="back")))
TAKEN = {"one": "compensated", "one~undo": "completed"}


def paused_at(*after: Any, **how: Any) -> Plan:
    return chain(step("pause", Wait(duration=MINUTES)), *after, **how)


def test_a_paused_run_finishes_what_runs_and_begins_nothing(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("slow", "running")
        await bench.tell("pause")
        view = await bench.until("paused")
        assert waiting_for(view).text.endswith("until somebody resumes it; still running slow")
        await bench.rest(600)
        view = await bench.run()
        assert statuses(view) == {"slow": "completed", "then": "pending"}
        assert waiting_for(view).text.startswith("Paused by @grace at ")
        await bench.tell("resume")
        await bench.until("completed")
        assert [path for _, path, _ in bench.effects.log] == ["slow", "then"]

    play(chain(step("slow", does("once", takes=30.0)), step("then", does("once"))), story)


def test_a_pause_stops_the_clock_of_the_run_but_not_of_its_timers(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.tell("pause")
        await bench.until("paused")
        await bench.rest(3600)
        assert statuses(await bench.run()) == {"pause": "completed", "then": "pending"}
        await bench.tell("resume")
        await bench.until("completed", within=5)

    play(paused_at(step("then", does("once")), timeout=timedelta(minutes=20)), story)


def test_a_run_that_is_paused_before_it_begins_begins_paused_after_what_starts_at_once(
    play: Play,
) -> None:
    async def story(bench: Bench) -> None:
        await bench.start(hint=False)
        await bench.tell("pause")
        await bench.until("paused")
        await bench.rest(60)
        assert [path for _, path, _ in bench.effects.log] == ["first"]
        await bench.tell("resume")
        await bench.until("completed")

    play(chain(step("first", does("once")), step("then", does("once"))), story)


def test_a_signal_completes_the_step_that_waits_for_it(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("waiting")
        assert "the signal `go`" in waiting_for(view).text
        await bench.tell("signal", name="other", payload=None)
        await bench.tell("signal", name="go", payload={"n": 3})
        view = await bench.until("completed")
        output = sight(view, "wait").output
        assert (output["name"], output["payload"], output["by"]) == ("go", {"n": 3}, "UGRACE")

    play(chain(step("wait", WaitForSignal("go"))), story)


def test_early_signals_are_kept_in_order(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start(hint=False)
        for number in range(3):  # the run has not begun yet
            await bench.tell("signal", name="go", payload=number)
        await bench.host.start("run_1")
        view = await bench.until("completed")
        assert [sight(view, path).output["payload"] for path in ("a", "b", "c")] == [0, 1, 2]

    play(chain(*(step(name, WaitForSignal("go")) for name in "abc")), story)


def test_a_signal_that_does_not_come_fails_the_step_or_lets_it_go_on(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert sight(view, "soft").status == "completed"
        assert view.error["type"] == "timeout"
        assert "no signal `go` came within 10m" in view.error["message"]

    soft = WaitForSignal("go", timeout=MINUTES, on_timeout="continue")
    play(chain(step("soft", soft), step("hard", WaitForSignal("go", timeout=MINUTES))), story)


def test_a_skipped_step_lets_those_after_it_go_on(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("slow", "running")
        await bench.tell("skip", path="slow")
        view = await bench.until("completed", within=5)
        await bench.rest(600)
        assert statuses(view) == {"slow": "skipped", "then": "completed"}
        assert bench.effects.of("then") == 1

    play(chain(step("slow", does("again", takes=300.0)), step("then", does("once"))), story)


def test_the_step_that_failed_a_run_can_be_left_out(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["fetch"] = raising(Failed("gone"))
        await bench.start()
        await bench.until("failed")
        await bench.tell("skip", path="fetch")
        view = await bench.until("completed")
        assert statuses(view) == {"fetch": "skipped", "then": "completed"}
        assert view.error is None

    play(chain(step("fetch", does("once")), step("then", does("once"))), story)


def test_a_step_in_a_loop_can_be_skipped(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("fan[1].wait", "waiting")
        await bench.tell("skip", path="fan[1].wait")
        view = await bench.until_step("fan[1].wait", "skipped")
        assert waiting_for(view).text.endswith("(fan: 1 of 3)")
        for number in (0, 2):
            await bench.tell("skip", path=f"fan[{number}].wait")
        view = await bench.until("completed")
        assert sight(view, "fan").output == [None, None, None]

    loop = ForEach(lambda names: [1, 2, 3], (step("wait", WaitForSignal("go")),))
    play(chain(step("fan", loop)), story)


def test_a_cancel_with_compensation_takes_back_what_was_done(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.tell("cancel", reason="wrong branch", mode="compensate")
        view = await bench.until("cancelled")
        assert statuses(view) == {**TAKEN, "pause": "cancelled", "on_cancel.say": "completed"}
        assert view.note == "wrong branch"
        assert [path for _, path, _ in bench.effects.log] == ["one", "one~undo", "on_cancel.say"]

    pause = step("pause", Wait(duration=MINUTES))
    play(chain(ONE, pause, on_cancel=(step("say", does("again")),)), story)


def test_a_cancel_without_compensation_leaves_what_was_done(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.tell("cancel", reason="", mode="now")
        view = await bench.until("cancelled")
        assert statuses(view) == {"one": "completed", "pause": "cancelled"}
        assert view.note == "no reason was given"
        assert bench.effects.of("one~undo") == 0

    play(chain(ONE, step("pause", Wait(duration=MINUTES))), story)


def test_a_run_that_goes_on_can_be_rolled_back(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.tell("rollback", reason="bad numbers")
        view = await bench.until("cancelled")
        assert statuses(view) == {**TAKEN, "pause": "cancelled"}

    play(chain(ONE, step("pause", Wait(duration=MINUTES))), story)


def test_a_run_that_completed_can_be_rolled_back_once(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("completed")
        await bench.tell("rollback", reason="bad numbers")
        view = await bench.until("cancelled")
        assert statuses(view) == TAKEN
        await bench.tell("rollback", reason="again")
        await bench.rest(60)
        assert bench.effects.of("one~undo") == 1
        assert (await bench.run()).status is RunStatus.CANCELLED

    play(chain(ONE), story)


def test_a_failed_run_is_tried_again_inside_its_loop(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["fan[1].post"] = raising(Failed("no"))
        await bench.start()
        await bench.until("failed")
        del bench.effects.scripts["fan[1].post"]
        await bench.tell("retry", from_path=None)
        view = await bench.until("completed")
        assert bench.effects.of("fan[0].post") == 1
        assert bench.effects.of("fan[1].post") == 2
        assert len(bench.effects.keys("fan[1].post")) == 2
        assert sight(view, "fan").detail == {"items": 3, "done": 3, "failed": 0}

    loop = ForEach(lambda names: [1, 2, 3], (step("post", does("again")),), concurrency=1)
    play(chain(step("fan", loop)), story)


def test_questions_inside_branches_are_asked_and_answered(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("waiting")
        assert [each.path for each in view.questions] == ["both.a.gate"]
        await bench.decide("approve")
        view = await bench.until("completed")
        assert bench.effects.of("both.a.ship") == 1
        assert [each.path for each in view.steps] == [
            "both",
            "both.a.gate",
            "both.a.ship",
            "both.b.note",
        ]

    gated = chain(step("gate", asks("ship")), step("ship", does("once"))).steps
    branches = (("a", gated), ("b", (step("note", does("again")),)))
    play(chain(step("both", Parallel(branches))), story)
