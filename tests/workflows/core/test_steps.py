"""In which order steps run, and which do not."""

from datetime import timedelta

import pytest

from tests.workflows.core.story import T0, Story, action, approval, const, edge, line, look, step
from workflows.core.commands import CompleteRun, FailRun, RunAction, SetTimer
from workflows.core.facts import CancelRequested, StepCompleted
from workflows.core.plan import Edge, EvaluationFailed, Fail, On, SetVars, Stop, Wait


def fails(_: object) -> object:
    raise EvaluationFailed("steps.x.output is missing")


def test_steps_follow_each_other_in_the_order_of_the_file() -> None:
    story = Story(*line(step("one"), step("two")), outputs=(("sum", look("steps.two.output")),))

    assert story.start() == [RunAction("one", "ops.do", {}, 1, 0, repeatable=True, timeout=None)]
    assert story.done("one") == [
        RunAction("two", "ops.do", {}, 1, 0, repeatable=True, timeout=None)
    ]
    assert story.done("two", 7) == [CompleteRun({"sum": 7})]
    assert story.core.status == "completed"


def test_a_run_without_steps_completes_at_once() -> None:
    assert Story().start() == [CompleteRun({})]


def test_a_fact_before_the_start_changes_nothing() -> None:
    story = Story(step("one"))

    assert story.core.apply(StepCompleted(T0, "one", 1, None)) == []
    assert story.core.status == "queued"
    assert story.core.warning == "the run has not begun"


def test_params_see_inputs_trigger_vars_run_and_what_ran_before() -> None:
    names = ("inputs.who", "trigger.name", "vars.twice", "run.id", "workflow.revision")
    steps = line(
        step("first"),
        step("second", action(lambda c: [look(n)(c) for n in (*names, "steps.first.output.n")])),
    )
    story = Story(*steps, vars=(("once", look("inputs.who")), ("twice", look("vars.once"))))
    story.start({"who": "ada"}, name="build")
    story.later(seconds=2)

    (command,) = story.done("first", {"n": 5})

    assert command.params == ["ada", "build", "ada", "run_1", 1, 5]


def test_a_step_that_ran_shows_output_error_attempts_and_duration() -> None:
    story = Story(*line(step("first"), step("second", action(look("steps.first")))))
    story.start()

    (command,) = story.later(seconds=1.5).done("first", "x")

    assert command.params == {
        "status": "completed",
        "output": "x",
        "error": None,
        "attempts": 1,
        "duration": 1.5,
    }


def test_of_a_step_that_did_not_run_only_the_status_exists() -> None:
    steps = line(step("first", condition=const(0)), step("second", action(look("steps.first"))))

    (command,) = Story(*steps).start()

    assert command.params == {"status": "skipped"}


def test_a_missing_value_fails_the_step_with_type_expression() -> None:
    story = Story(step("one", action(look("steps.nobody.output"))))

    (_, failed) = story.start()

    assert isinstance(failed, FailRun)
    assert (failed.error.type, failed.path) == ("expression", "one")
    assert "steps.nobody.output is missing" in failed.error.message
    assert story.running == []


@pytest.mark.parametrize("value", [False, None, 0, "", [], {}])
def test_a_falsy_condition_skips_the_step_and_satisfies_the_next(value: object) -> None:
    story = Story(*line(step("one", condition=const(value)), step("two")))
    story.start()

    assert story.running == ["two"]
    assert story.statuses == {"one": "skipped", "two": "running"}


def test_a_condition_that_cannot_be_evaluated_fails_the_step() -> None:
    story = Story(*line(step("one", condition=fails), step("two")))
    story.start()

    assert story.core.status == "failed"
    assert story.statuses == {"one": "failed", "two": "not_taken"}


@pytest.mark.parametrize(
    ("on", "first", "second"),
    [
        ("default", "completed", "running"),
        ("default", "skipped", "running"),
        ("default", "handled", "running"),
        ("success", "completed", "running"),
        ("success", "skipped", "not_taken"),
        ("success", "handled", "not_taken"),
        ("failure", "completed", "not_taken"),
        ("failure", "skipped", "not_taken"),
        ("failure", "handled", "running"),
        ("failure", "failed", "running"),
        ("always", "completed", "running"),
        ("always", "skipped", "running"),
        ("always", "failed", "running"),
        ("always", "not_taken", "running"),
        ("default", "failed", "not_taken"),
        ("default", "not_taken", "not_taken"),
    ],
)
def test_an_edge_holds_for_what_it_asks(on: str, first: str, second: str) -> None:
    keys = {
        "handled": {"on_error": "continue"},
        "skipped": {"condition": const(0)},
        "not_taken": {"needs": "root:failure"},
    }.get(first, {})
    story = Story(step("root"), step("one", **keys), step("two", needs=f"one:{on}"))
    story.start()
    if first == "not_taken":
        story.done("root")
    elif first in {"handled", "failed"}:
        story.fail("one")
    elif first == "completed":
        story.done("one")

    assert story.stands("two") == second


def test_every_edge_of_a_list_must_hold() -> None:
    story = Story(step("a"), step("b"), step("both", needs=("a", "b")))
    story.start()

    assert story.done("b") == []
    story.done("a")

    assert story.running == ["both"]


def test_any_starts_with_the_first_edge_that_holds_and_only_once() -> None:
    story = Story(step("a"), step("b"), step("either", needs=("a", "b"), any_of=True))
    story.start()

    story.done("b")
    assert story.running == ["either"]
    assert story.done("a") == []


def test_any_is_not_taken_when_no_edge_can_hold_any_more() -> None:
    needs = ("a:failure", "b:failure")
    story = Story(step("a"), step("b"), step("either", needs=needs, any_of=True))
    story.start()
    story.done("a")
    assert story.stands("either") == "pending"
    story.done("b")

    assert story.stands("either") == "not_taken"
    assert story.core.status == "completed"


def test_what_hangs_on_a_step_not_taken_is_not_taken_either() -> None:
    story = Story(step("a"), step("b", needs="a:failure"), step("c", needs="b"))
    story.start()
    story.done("a")

    assert story.statuses == {"a": "completed", "b": "not_taken", "c": "not_taken"}


@pytest.mark.parametrize(("value", "status"), [(True, "running"), ("", "not_taken")])
def test_an_if_edge_is_asked_when_its_step_has_run(value: object, status: str) -> None:
    story = Story(step("a"), step("b", needs=Edge("a", condition=look("steps.a.output"))))
    story.start()
    story.done("a", value)

    assert story.stands("b") == status


def test_an_if_edge_is_not_asked_about_a_step_that_did_not_run() -> None:
    asked = Edge("b", condition=fails)
    story = Story(step("a"), step("b", needs="a:failure"), step("c", needs=asked))
    story.start()
    story.done("a")

    assert story.stands("c") == "not_taken"
    assert story.core.status == "completed"


def test_an_if_edge_that_cannot_be_evaluated_fails_the_dependant() -> None:
    story = Story(step("a"), step("b", needs=Edge("a", condition=fails)))
    story.start()
    story.done("a")

    assert story.statuses == {"a": "completed", "b": "failed"}
    assert story.core.status == "failed"


def test_set_changes_vars_all_from_the_values_before() -> None:
    swap = SetVars((("x", look("vars.y")), ("y", look("vars.x"))))
    steps = line(step("swap", swap), step("show", action(look("vars"))))
    story = Story(*steps, vars=(("x", const(1)), ("y", const(2))))

    (command,) = story.start()

    assert command.params == {"x": 2, "y": 1}
    assert story.stands("swap") == "completed"


def test_a_wait_sets_a_timer_and_goes_on_when_it_fires() -> None:
    story = Story(*line(step("cool", Wait(timedelta(minutes=10))), step("next")))

    assert story.start() == [SetTimer("wait:cool", T0 + timedelta(minutes=10))]
    assert (story.core.status, story.open) == ("waiting", [("cool", "timer")])
    assert story.later(minutes=9).fire("wait:cool") == []
    story.later(minutes=1).fire("wait:cool")
    assert story.running == ["next"]
    assert story.fire("wait:cool") == []


@pytest.mark.parametrize(
    "wait",
    [Wait(until=const("2020-01-01T00:00:00Z")), Wait(duration=const(0)), Wait()],
)
def test_a_past_time_is_no_wait(wait: Wait) -> None:
    story = Story(*line(step("cool", wait), step("next")))
    story.start()

    assert story.running == ["next"]
    assert story.of(SetTimer) == []


@pytest.mark.parametrize("text", ["tomorrow", "2026-03-01T12:00:00", 5, None])
def test_a_wait_until_something_that_is_no_time_fails(text: object) -> None:
    story = Story(step("cool", Wait(until=const(text))))
    story.start()

    assert story.core.steps["cool"].error.type == "expression"


@pytest.mark.parametrize("seconds", [float("nan"), True, "10m"])
def test_a_wait_for_something_that_is_no_duration_fails(seconds: object) -> None:
    story = Story(step("cool", Wait(duration=const(seconds))))
    story.start()

    assert story.core.steps["cool"].error.type == "expression"


def test_fail_ends_the_run_as_failed_and_cancels_what_is_open() -> None:
    story = Story(step("long"), step("give_up", Fail(const("no disk")), on_error="continue"))
    story.start()

    assert story.core.status == "failed"
    assert (story.core.state.error.type, story.core.state.error.message) == ("failed", "no disk")
    assert story.statuses == {"long": "cancelled", "give_up": "failed"}


def test_stop_ends_the_run_as_completed_and_leaves_out_missing_outputs() -> None:
    outputs = (("there", const(1)), ("missing", look("steps.after.output")))
    steps = (step("long"), *line(step("enough", Stop(const("nothing to do"))), step("after")))
    story = Story(*steps, outputs=outputs)
    story.start()

    assert story.of(CompleteRun) == [CompleteRun({"there": 1}, "nothing to do")]
    assert story.statuses == {"long": "cancelled", "enough": "completed", "after": "not_taken"}


def test_an_output_that_is_missing_fails_the_run() -> None:
    story = Story(step("one"), outputs=(("x", look("steps.one.output.x")),))
    story.start()

    (failed,) = story.done("one", {})

    assert (failed.error.type, failed.path) == ("expression", None)
    assert story.stands("one") == "completed"


def test_a_var_that_cannot_be_evaluated_fails_the_run_before_any_step() -> None:
    story = Story(step("one"), vars=(("x", fails),))
    (failed,) = story.start()

    assert failed.error.type == "expression"
    assert story.statuses == {"one": "not_taken"}


def test_a_chain_of_thousands_that_runs_in_one_turn_is_no_trouble() -> None:
    steps = line(*(step(f"s{n}", SetVars(())) for n in range(5_000)))

    (done,) = Story(*steps).start()

    assert done == CompleteRun({})


def test_a_step_that_needs_a_stranger_is_refused_when_the_plan_is_laid_out() -> None:
    with pytest.raises(ValueError, match="needs 'nobody'"):
        Story(step("one", needs="nobody"))


def test_an_edge_is_written_as_text_in_these_tests() -> None:
    assert edge("a:failure") == Edge("a", On.FAILURE)


def test_a_queued_run_can_be_cancelled() -> None:
    story = Story(step("one"))
    story.tell(CancelRequested(T0, "@ada", "too late"))

    assert (story.core.status, story.statuses) == ("cancelled", {"one": "not_taken"})
    assert story.start() == []


def test_a_question_before_a_step_is_put_once_however_many_edges_come_to_hold() -> None:
    gated = step("gated", needs=("a", "b"), any_of=True, gate=approval())
    story = Story(step("a"), step("b"), gated)
    story.start()
    story.done("a")
    assert story.asked.path == "gated~approval"

    assert story.done("b") == []
