"""Branches: `parallel` with its ways to join, and `switch`."""

from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.core.story import Story, action, approval, const, line, look, step
from workflows.core.commands import CancelAction, ClearTimer, CloseApproval
from workflows.core.plan import Case, EvaluationFailed, Fail, Parallel, Step, Stop, Switch, Wait


def race(join: int | None = None, **branches: Any) -> Parallel:
    named = {
        name: (steps,) if isinstance(steps, Step) else steps for name, steps in branches.items()
    }
    return Parallel(tuple(named.items()), join)


def route(*cases: Any) -> Switch:
    return Switch(tuple(Case(name, condition, steps) for name, condition, *steps in cases))


def after(first: Step) -> Story:
    return Story(first, step("end", action(look(f"steps.{first.id}.output")), needs=first.id))


def test_all_branches_run_and_their_last_outputs_stand_by_name() -> None:
    both = race(left=line(step("a"), step("b")), right=step("a"))
    story = after(step("both", both))
    story.start()
    assert story.running == ["both.left.a", "both.right.a"]
    story.done("both.left.a", 1)
    assert story.running == ["both.left.b"]
    story.done("both.right.a", 2)
    (run,) = story.done("both.left.b", 3)

    assert run.params == {"left": 3, "right": 2, "winner": "right"}


def test_the_first_branch_wins_and_the_losers_are_closed_in_the_same_apply() -> None:
    slow = line(step("gate", approval()), step("deploy"))
    first = race(1, fast=step("a"), slow=slow, clock=step("w", Wait(timedelta(hours=1))))
    story = after(step("race", first))
    story.start()
    story.done("race.fast.a", "quick")

    assert [type(command).__name__ for command in story.commands] == [
        "CloseApproval",
        "ClearTimer",
        "RunAction",
    ]
    assert story.of(CloseApproval)[0].path == "race.slow.gate"
    assert story.of(ClearTimer) == [ClearTimer("wait:race.clock.w")]
    output = {"fast": "quick", "slow": None, "clock": None, "winner": "fast"}
    assert story.core.steps["race"].output == output
    assert story.stands("race.slow.gate") == "cancelled"
    assert story.stands("race.slow.deploy") == "not_taken"


def test_as_many_branches_as_are_asked_for_are_enough() -> None:
    story = after(step("race", race(2, a=step("x"), b=step("x"), c=step("x"))))
    story.start()
    story.done("race.c.x", "C")
    assert story.commands == []
    story.done("race.a.x", "A")

    assert story.of(CancelAction) == [CancelAction("race.b.x", 1)]
    output = {"a": "A", "b": None, "c": "C", "winner": "c"}
    assert story.core.steps["race"].output == output


def test_where_all_are_needed_one_failure_closes_the_others_at_once() -> None:
    story = after(step("both", race(a=step("x"), b=step("x"))))
    story.start()
    story.fail("both.a.x")

    assert story.of(CancelAction) == [CancelAction("both.b.x", 1)]
    assert story.core.status == "failed"
    assert story.core.state.error_path == "both.a.x"


def test_a_race_fails_only_when_too_few_can_still_win() -> None:
    story = after(step("race", race(2, a=step("x"), b=step("x"), c=step("x"))))
    story.start()
    story.fail("race.a.x")
    assert story.of(CancelAction) == []
    assert story.core.status == "running"
    story.fail("race.b.x", "bang")

    assert story.of(CancelAction) == [CancelAction("race.c.x", 1)]
    assert story.core.state.error.type == "bang"


def test_a_race_may_be_won_after_others_lost() -> None:
    story = after(step("race", race(1, a=step("x"), b=step("x"))))
    story.start()
    story.fail("race.a.x")
    story.done("race.b.x", 5)

    assert story.core.steps["race"].output == {"a": None, "b": 5, "winner": "b"}
    assert story.running == ["end"]


def test_a_loser_that_nobody_knows_of_is_left_to_a_person_and_changes_nothing_more() -> None:
    push = step("x", action(const(1), repeatable=False), on_error=(step("tell"),))
    story = after(step("race", race(1, a=push, b=step("x"))))
    story.start()
    story.lose("race.a.x")
    story.done("race.b.x", 5)
    story.done("end")
    assert story.core.status == "unknown"
    assert story.open == [("race.a.x", "unknown")]
    story.resolve("race.a.x", "fail")

    assert story.running == []
    assert story.core.status == "completed"


def test_a_rejection_inside_a_branch_is_shown_as_one() -> None:
    story = after(step("both", race(a=step("gate", approval()), b=step("x"))))
    story.start()
    story.decide("both.a.gate", "rejected")

    assert story.core.state.error.type == "rejected"
    assert story.told == []


def test_an_approval_covers_what_is_in_its_own_branch() -> None:
    gated = line(step("gate", approval()), step("deploy", action(const("bytes"))))
    story = after(step("both", race(a=gated, b=step("x"))))
    story.start()
    assert [covered.path for covered in story.asked.question.covers] == ["both.a.deploy"]
    (run,) = story.decide("both.a.gate")

    assert (run.path, run.covered is not None) == ("both.a.deploy", True)


def test_the_first_case_that_holds_is_taken_and_no_other_is_asked() -> None:
    def broken(_: Any) -> Any:
        raise EvaluationFailed("never asked")

    cases = route(("0", const(0), step("a")), ("1", const(1), step("b")), ("2", broken, step("c")))
    story = after(step("route", cases))
    story.start()
    assert story.running == ["route.1.b"]
    (run,) = story.done("route.1.b", 7)

    assert run.params == 7
    assert "route.0.a" not in story.core.steps


def test_where_no_case_holds_the_switch_completes_or_takes_the_last() -> None:
    story = after(step("route", route(("0", const(0), step("a")))))
    story.start()
    assert story.running == ["end"]
    assert story.core.steps["route"].output is None

    story = after(step("route", route(("0", const(0), step("a")), ("else", None, step("b")))))
    story.start()
    assert story.running == ["route.else.b"]


def test_the_output_of_a_switch_is_that_of_the_last_step_that_ran() -> None:
    steps = line(step("a"), step("b", condition=const(0)))
    story = after(step("route", route(("else", None, *steps))))
    story.start()
    (run,) = story.done("route.else.a", "from a")

    assert run.params == "from a"


def test_a_condition_that_fails_fails_the_switch() -> None:
    story = after(step("route", route(("0", look("inputs.x"), step("a")))))
    story.start()

    assert story.core.state.error.type == "expression"


@pytest.mark.parametrize("verb", ["fail", "stop"])
def test_fail_and_stop_end_the_whole_run_from_any_depth(verb: str) -> None:
    end = Fail(const("enough")) if verb == "fail" else Stop(const("enough"))
    inside = line(step("a"), step("over", end))
    story = Story(step("both", race(a=inside, b=step("x")), on_error="continue"), step("long"))
    story.start()
    story.done("both.a.a")

    assert story.core.status == ("failed" if verb == "fail" else "completed")
    assert [command.path for command in story.of(CancelAction)] == ["both.b.x", "long"]
    assert story.stands("both") == "cancelled"


def test_a_branch_that_was_cut_off_goes_on_after_a_retry() -> None:
    left, right = line(step("a"), step("b")), line(step("a"), step("b"))
    story = after(step("both", race(left=left, right=right)))
    story.start()
    story.done("both.left.a", 1)
    story.done("both.right.a", 1)
    story.fail("both.right.b")
    story.retry()

    assert story.running == ["both.left.b", "both.right.b"]
    story.done("both.left.b", "L")
    (run,) = story.done("both.right.b", "R")
    assert run.params == {"left": "L", "right": "R", "winner": "left"}
