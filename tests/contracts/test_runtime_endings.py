"""What every runtime promises of how a run ends: what is taken back, and the lists that follow."""

from datetime import timedelta
from typing import Any

from baton.connector import Failed
from coordination.ports import RunStatus
from tests.workflows.runtimes.bench import (
    Bench,
    Play,
    chain,
    does,
    raising,
    sight,
    statuses,
    step,
)
from workflows.core.plan import (
    Action,
    ForEach,
    Stop,
    Undo,
    Wait,
)


def items(*given: Any) -> Any:
    return lambda names: list(given)


def says(value: Any, name: str = "again") -> Action:
    """Return the verb that says what *value* makes of the names that it sees."""
    return Action(f"test.{name}", lambda names: {"say": value(names)}, repeatable=name == "again")


def fan(*steps: Any, count: int = 3, **how: Any) -> Any:
    return step("fan", ForEach(items(*range(count)), steps, **how))


def undo(name: str, say: Any = None) -> Undo:
    return Undo(does(name, say=say))


def test_what_was_done_is_taken_back_latest_first_and_then_the_lists_run(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["verify"] = raising(Failed("it is down"))
        await bench.start()
        view = await bench.until("failed")

        assert [path for _, path, _ in bench.effects.log] == [
            "create",
            "fan[0].deploy",
            "fan[1].deploy",
            "verify",
            "fan[1].deploy~undo",
            "fan[0].deploy~undo",
            "create~undo",
            "on_failure.tell",
            "finally.tidy",
        ]
        assert bench.effects.said[-3] == "back to nothing"
        assert statuses(view)["create"] == "compensated"
        assert statuses(view)["fan[1].deploy"] == "compensated"
        assert [each.path for each in view.steps if each.path.startswith("create")] == [
            "create",
            "create~undo",
        ]
        assert view.error["path"] == "verify"

    inner = step("deploy", does("once"), undo=undo("once"))
    plan = chain(
        step("create", does("once", say="nothing"), undo=Undo(_back("create"))),
        fan(inner, count=2, concurrency=1),
        step("verify", does("again")),
        on_failure=(step("tell", does("again")),),
        on_cancel=(step("never", does("again")),),
        finally_=(step("tidy", does("again")),),
    )
    play(plan, story)


def _back(path: str) -> Action:
    def params(names: Any) -> Any:
        return {"say": f"back to {names['steps'][path]['output']}"}

    return Action("test.again", params, repeatable=True)


def test_what_cannot_be_taken_back_is_told_and_does_not_stop_the_rest(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["verify"] = raising(Failed("it is down"))
        bench.effects.scripts["two~undo"] = raising(Failed("the door is locked"))
        await bench.start()
        view = await bench.until("failed")

        assert statuses(view)["one"] == "compensated"
        assert statuses(view)["two"] == "completed"
        assert statuses(view)["two~undo"] == "failed"
        assert "two: the door is locked" in view.error["message"]

    steps = [step(name, does("once"), undo=undo("once")) for name in ("one", "two")]
    play(chain(*steps, step("verify", does("again"))), story)


def test_a_run_shows_that_it_takes_back(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["verify"] = raising(Failed("it is down"))
        await bench.start()
        view = await bench.until("compensating")
        assert sight(view, "one~undo").status == "running"
        await bench.until("failed")

    slow = Undo(does("again", takes=20.0))
    play(chain(step("one", does("once"), undo=slow), step("verify", does("again"))), story)


def test_a_stop_completes_the_run_and_runs_the_last_list(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("completed")
        assert view.note == "nothing to do"
        assert [path for _, path, _ in bench.effects.log] == ["finally.tidy"]
        assert statuses(view)["then"] == "not_taken"

    end = step("end", Stop(lambda names: "nothing to do"))
    tidy = (step("tidy", does("again")),)
    play(chain(end, step("then", does("once")), finally_=tidy), story)


def test_a_failed_last_list_fails_a_run_that_completed(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["finally.tidy"] = raising(Failed("no space"))
        await bench.start()
        view = await bench.until("failed")
        assert view.error["path"] == "finally.tidy"
        assert view.outputs == {}

    tidy = (step("tidy", does("again")),)
    play(chain(step("work", does("once")), finally_=tidy), story)


def test_a_run_that_takes_too_long_fails_and_is_taken_back(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        view = await bench.until("failed")
        assert view.error["type"] == "timeout"
        assert statuses(view) == {
            "one": "compensated",
            "pause": "cancelled",
            "one~undo": "completed",
        }
        assert view.status is RunStatus.FAILED

    one = step("one", does("once"), undo=undo("once"))
    pause = step("pause", Wait(duration=timedelta(hours=5)))
    play(chain(one, pause, timeout=timedelta(minutes=30)), story)


def test_a_failure_that_a_list_handles_lets_the_run_go_on(play: Play) -> None:
    async def story(bench: Bench) -> None:
        bench.effects.scripts["fetch"] = raising(Failed("gone"))
        await bench.start()
        view = await bench.until("completed")
        assert bench.effects.said == [None, "gone", None]
        assert statuses(view) == {
            "fetch": "failed",
            "fetch~error.cache": "completed",
            "then": "completed",
        }

    cache = step("cache", says(lambda names: names["error"]["message"]))
    play(chain(step("fetch", does("once"), on_error=(cache,)), step("then", does("once"))), story)
