"""Loops: `for_each` with its items, keys, places at work and results; `repeat` with its turns."""

from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.core.story import Story, action, const, line, look, step
from workflows.core.commands import CancelAction, ClearTimer, SetTimer
from workflows.core.plan import EvaluationFailed, ForEach, Repeat, SetVars, Wait


def fan(*steps: Any, items: Any = (1, 2, 3), **keys: Any) -> ForEach:
    return ForEach(items if callable(items) else const([*items]), steps, **keys)


def poll(*steps: Any, most: int = 3, until: Any = None, **keys: Any) -> Repeat:
    return Repeat(until or look("steps.check.output"), steps, most, **keys)


def test_the_steps_run_once_for_each_item_and_see_it_by_name_and_number() -> None:
    body = line(step("get", action(look("file"))), step("put", action(look("index"))))
    story = Story(step("fan", fan(*body, items=["a", "b"], name="file")))
    story.start()

    assert [(run.path, run.params) for run in story.of(type(story.commands[0]))] == [
        ("fan[0].get", "a"),
        ("fan[1].get", "b"),
    ]
    (run,) = story.done("fan[1].get")
    assert (run.path, run.params) == ("fan[1].put", 1)
    assert story.stands("fan") == "running"
    assert story.open == [("fan[0].get", "action"), ("fan[1].put", "action")]


def test_the_output_is_a_list_in_the_order_of_the_items_whoever_was_first() -> None:
    story = Story(
        *line(step("fan", fan(step("get"))), step("end", action(look("steps.fan.output"))))
    )
    story.start()
    for number in (2, 0, 1):
        story.done(f"fan[{number}].get", f"out {number}")

    assert [run.params for run in story.of(type(story.commands[0]))] == [
        ["out 0", "out 1", "out 2"]
    ]
    assert story.core.steps["fan"].progress.done == 3


def test_collect_says_what_a_turn_gives() -> None:
    body = line(step("get"), step("put"))
    story = Story(step("fan", fan(*body, items=[7], collect=look("steps.get.output"))))
    story.start()
    story.done("fan[0].get", "mine")
    story.done("fan[0].put", "other")

    assert story.core.steps["fan"].output == ["mine"]


def test_a_list_without_items_completes_at_once() -> None:
    story = Story(step("fan", fan(step("get"), items=[]), timeout=timedelta(minutes=1)))
    story.start()

    assert story.core.steps["fan"].output == []
    assert story.core.status == "completed"
    assert story.of(SetTimer) == []


def test_no_more_turns_are_at_work_than_may_be() -> None:
    story = Story(step("fan", fan(step("get"), items=range(5), concurrency=2)))
    story.start()
    assert story.running == ["fan[0].get", "fan[1].get"]
    story.done("fan[1].get")
    assert story.running == ["fan[2].get"]
    progress = story.core.steps["fan"].progress
    assert (progress.done, progress.begun, progress.total) == (1, 3, 5)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("a-b_C9", "fan[a-b_C9].get"),
        (5, "fan[5].get"),
        ("a b", 'fan["a b"].get'),
        ('say "x"]', 'fan["say \\"x\\"]"].get'),
        ("", 'fan[""].get'),
        ("ü", 'fan["ü"].get'),
        ("\n", 'fan["\\n"].get'),
        ("half \ud800", 'fan["half \\ud800"].get'),
    ],
)
def test_a_key_stands_in_the_path_in_json_if_it_must(key: object, path: str) -> None:
    story = Story(step("fan", fan(step("get"), items=[key], key=look("item"))))
    story.start()

    assert story.running == [path]


def test_two_equal_keys_fail_the_loop_before_it_starts() -> None:
    story = Story(step("fan", fan(step("get"), items=["x", "y", "x"], key=look("item"))))
    story.start()

    assert story.running == []
    assert story.core.state.error.message == "items 0 and 2 have the same key 'x'"
    assert list(story.core.steps) == ["fan"]


def test_a_number_and_the_text_of_it_are_equal_keys() -> None:
    story = Story(step("fan", fan(step("get"), items=["5", 5], key=look("item"))))
    story.start()

    assert story.core.status == "failed"


@pytest.mark.parametrize("value", [None, "text", {"a": 1}, 5])
def test_only_a_list_can_be_gone_through(value: object) -> None:
    story = Story(step("fan", fan(step("get"), items=const(value))))
    story.start()

    assert story.core.state.error.type == "expression"
    assert "`for_each` needs a list" in story.core.state.error.message


def test_ten_thousand_items_are_the_most() -> None:
    body = step("note", SetVars(()))
    story = Story(step("fan", fan(body, items=range(10_000))))
    story.start()
    assert story.core.status == "completed"

    story = Story(step("fan", fan(body, items=range(10_001))))
    story.start()
    assert (story.core.state.error.type, story.core.state.error.class_) == ("limit", "not_started")
    assert list(story.core.steps) == ["fan"]


def test_a_key_of_any_length_is_not_taken_into_paths() -> None:
    story = Story(step("fan", fan(step("get"), items=["x" * 201], key=look("item"))))
    story.start()

    assert story.core.state.error.type == "limit"


def test_one_failure_that_nobody_handles_stops_new_turns_and_cancels_those_at_work() -> None:
    story = Story(step("fan", fan(step("get"), items=range(5), concurrency=2)))
    story.start()
    story.fail("fan[0].get")

    assert story.of(CancelAction) == [CancelAction("fan[1].get", 1)]
    assert story.told == [("failed", "fan[0].get")]
    assert story.core.status == "failed"
    assert story.core.state.error_path == "fan[0].get"
    assert story.core.steps["fan"].error.type == "boom"
    assert "fan[2].get" not in story.core.steps


def test_a_turn_whose_failure_is_let_go_gives_null_and_the_others_go_on() -> None:
    story = Story(step("fan", fan(step("get", on_error="continue"), items=[1, 2])))
    story.start()
    story.fail("fan[0].get")
    story.done("fan[1].get", "ok")

    assert story.core.steps["fan"].output == [None, "ok"]
    assert story.core.status == "completed"


def test_what_a_failed_turn_cannot_collect_is_null_and_what_a_good_one_cannot_fails_the_loop() -> (
    None
):
    collect = look("steps.get.output.name")
    story = Story(step("fan", fan(step("get", on_error="continue"), items=[1, 2], collect=collect)))
    story.start()
    story.fail("fan[0].get")
    story.done("fan[1].get", {})

    assert story.core.state.error.type == "expression"
    assert story.core.state.error.message.startswith("collect: ")


def test_an_always_step_of_the_failed_turn_still_runs_and_the_loop_fails_after_it() -> None:
    body = (step("get"), step("tidy", needs="get:always"), step("use", needs="get"))
    story = Story(step("fan", fan(*body, items=[1, 2])))
    story.start()
    story.fail("fan[0].get")

    assert story.of(CancelAction) == [CancelAction("fan[1].get", 1)]
    assert story.running == ["fan[0].tidy"]
    assert story.stands("fan") == "running"
    story.done("fan[0].tidy")
    assert story.core.status == "failed"
    assert story.stands("fan[0].use") == "not_taken"


def test_a_loop_that_fails_may_be_handled_like_any_step() -> None:
    handler = step("tell", action(look("error.type")))
    story = Story(*line(step("fan", fan(step("get")), on_error=(handler,)), step("end")))
    story.start()
    story.fail("fan[1].get")
    assert story.running == ["fan~error.tell"]
    story.done("fan~error.tell")

    assert story.running == ["end"]


def test_a_loop_that_takes_too_long_is_closed_with_all_that_is_in_it() -> None:
    story = Story(step("fan", fan(step("get"), items=[1, 2]), timeout=timedelta(minutes=1)))
    story.start()
    assert [timer.slot for timer in story.of(SetTimer)] == ["timeout:fan"]
    story.later(minutes=1).fire("timeout:fan")

    assert [command.path for command in story.of(CancelAction)] == ["fan[0].get", "fan[1].get"]
    assert story.core.state.error.type == "timeout"


def test_loops_inside_loops_have_names_of_their_own_over_those_around_them() -> None:
    def both(names: Any) -> Any:
        return [names["item"], names["outer"], names["steps"]["first"]["output"]]

    inner = step("inner", fan(step("do", action(both)), items=look("outer")))
    story = Story(*line(step("first"), step("fan", fan(inner, items=[["a"], ["b"]], name="outer"))))
    story.start()
    story.done("first", "F")

    assert [(run.path, run.params) for run in story.of(type(story.commands[0]))] == [
        ("fan[0].inner[0].do", ["a", ["a"], "F"]),
        ("fan[1].inner[0].do", ["b", ["b"], "F"]),
    ]


def test_nobody_outside_sees_what_is_inside_a_loop() -> None:
    peek = step("peek", action(look("steps.get.output")))
    story = Story(*line(step("fan", fan(step("get"), items=[1])), peek))
    story.start()
    story.done("fan[0].get", 1)

    assert "steps.get.output is missing" in story.core.state.error.message


def test_a_turn_is_repeated_until_it_is_enough() -> None:
    story = Story(
        *line(step("poll", poll(step("check"))), step("end", action(look("steps.poll.output"))))
    )
    story.start()
    assert story.running == ["poll#1.check"]
    story.done("poll#1.check", 0)
    assert story.running == ["poll#2.check"]
    story.done("poll#2.check", "enough")

    assert [run.params for run in story.of(type(story.commands[0]))] == ["enough"]


def test_between_turns_lies_a_while() -> None:
    story = Story(step("poll", poll(step("check"), delay=timedelta(seconds=5))))
    story.start()
    story.done("poll#1.check", 0)

    assert story.running == []
    assert story.open == [("poll", "timer")]
    assert story.stands("poll") == "waiting"
    story.later(seconds=5).fire("turn:poll")
    assert story.running == ["poll#2.check"]
    assert story.stands("poll") == "running"


def test_enough_turns_without_success_exhaust_the_step() -> None:
    story = Story(step("poll", poll(step("check"), most=2)))
    story.start()
    story.done("poll#1.check", 0)
    story.done("poll#2.check", 0)

    assert story.core.state.error.type == "exhausted"
    assert "poll#3.check" not in story.core.steps


def test_an_expression_that_fails_after_a_turn_fails_the_loop_and_is_never_false() -> None:
    story = Story(step("poll", poll(step("check"), until=look("steps.check.output.ok"))))
    story.start()
    story.done("poll#1.check", 0)

    assert story.core.state.error.type == "expression"
    assert story.core.state.error.message.startswith("repeat.until: ")


def test_ten_thousand_turns_that_take_no_time_are_no_recursion() -> None:
    never = poll(step("check", SetVars(())), most=20_000, until=const(0))
    story = Story(step("poll", never))
    story.start()

    assert story.core.state.error.type == "limit"
    assert story.core.steps["poll"].progress.begun == 10_000


def test_a_wait_between_turns_is_closed_with_the_run() -> None:
    story = Story(step("poll", poll(step("check"), delay=timedelta(hours=1))), step("bad"))
    story.start()
    story.done("poll#1.check", 0)
    story.fail("bad")

    assert ClearTimer("turn:poll") in story.commands
    assert story.core.status == "failed"


def test_bodies_stand_at_most_32_deep() -> None:
    deep = step("leaf", Wait(timedelta(hours=1)))
    for number in range(33):
        deep = step(f"n{number}", fan(deep, items=[1]))
    story = Story(deep)
    story.start()

    assert story.core.state.error.type == "limit"
    assert "32 bodies deep" in story.core.state.error.message


def test_a_failed_loop_is_taken_up_where_it_stopped() -> None:
    body = line(step("get"), step("put"))
    story = Story(*line(step("fan", fan(*body, items=range(4), concurrency=2)), step("end")))
    story.start()
    story.done("fan[0].get")
    story.done("fan[0].put", "p0")
    story.done("fan[1].get")
    story.fail("fan[1].put")
    assert story.core.status == "failed"
    story.retry()

    assert story.running == ["fan[1].put", "fan[2].get"]
    assert story.core.steps["fan[1].put"].redo == 1
    story.done("fan[1].put", "p1")
    assert story.running == ["fan[3].get"]
    for number in (2, 3):
        story.done(f"fan[{number}].get")
        story.done(f"fan[{number}].put", f"p{number}")
    assert story.core.steps["fan"].output == ["p0", "p1", "p2", "p3"]
    assert story.running == ["end"]


def test_a_loop_that_was_exhausted_begins_anew_with_new_keys_for_its_effects() -> None:
    story = Story(step("poll", poll(step("check"), most=1)))
    story.start()
    story.done("poll#1.check", 0)
    (run,) = story.retry()

    assert (run.path, run.attempt, run.redo) == ("poll#1.check", 2, 1)
    assert story.core.steps["poll"].progress.begun == 1


def test_one_turn_of_a_loop_that_completed_may_be_run_again_with_what_depends_on_it() -> None:
    loop, bad = step("fan", fan(*line(step("get"), step("put")), items=[1, 2])), step("bad")
    story = Story(*line(loop, step("use", action(look("steps.fan.output"))), bad))
    story.start()
    for number in (0, 1):
        story.done(f"fan[{number}].get")
        story.done(f"fan[{number}].put", f"old {number}")
    story.done("use")
    story.fail("bad")
    story.retry("fan[1].put")

    assert story.running == ["fan[1].put"]
    (run,) = story.done("fan[1].put", "new 1")
    assert (run.path, run.params) == ("use", ["old 0", "new 1"])


def test_a_named_turn_of_a_repeat_lets_go_of_the_later_ones() -> None:
    story = Story(*line(step("poll", poll(step("check"), most=5)), step("bad")))
    story.start()
    for number, output in enumerate((0, 0, 1), 1):
        story.done(f"poll#{number}.check", output)
    story.fail("bad")
    story.retry("poll#2.check")

    assert story.running == ["poll#2.check"]
    story.done("poll#2.check", 1)
    assert story.running == ["bad"]
    story.done("bad")
    assert story.stands("poll#3.check") == "not_taken"


def test_what_was_collected_badly_is_collected_again() -> None:
    answers = iter([EvaluationFailed("no"), "good"])

    def collect(_: Any) -> Any:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    story = Story(step("fan", fan(step("get"), items=[1], collect=collect)))
    story.start()
    story.done("fan[0].get")
    assert story.core.status == "failed"
    story.retry()

    assert story.running == []
    assert story.core.steps["fan"].output == ["good"]
    assert story.core.status == "completed"
