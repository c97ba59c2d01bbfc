"""Canonical JSON, the journal's facts, snapshots, and replay."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.workflows.core.story import T0, Story, action, approval, const, line, look, step
from workflows.core.codec import (
    canonical,
    digest,
    fact_from_json,
    fact_to_json,
    read_back,
    to_json,
)
from workflows.core.commands import CancelAction, SetTimer, Tell
from workflows.core.core import Core, replay
from workflows.core.errors import InvariantBroken, ReplayDiverged, UnknownFact, invariant
from workflows.core.facts import (
    ApprovalDecided,
    CancelRequested,
    ChildCompleted,
    ChildFailed,
    PauseRequested,
    ResumeRequested,
    RetryRequested,
    RollbackRequested,
    RunStarted,
    SignalReceived,
    SkipRequested,
    StepCompleted,
    StepError,
    StepFailed,
    StepResolved,
    StepStarted,
    StepUnknown,
    TimerFired,
)
from workflows.core.plan import Action, Plan, Retry, Step
from workflows.core.state import COMPLETED, RUNNING, State, StepState, advance
from workflows.core.turn import Turn

FACTS = [
    RunStarted(T0, {"who": "ada"}, {"kind": "manual"}, {"id": "run_1"}, {"name": "w"}, "seed"),
    StepStarted(T0, "one", 2),
    StepCompleted(T0, "one", 1, {"deep": [1, None, "ü"]}),
    StepCompleted(T0, "one", 1, None),
    StepFailed(T0, "one", 1, StepError("http", "no", "unknown", 503, 1.5)),
    StepFailed(T0, "one", 1, StepError("boom", "no")),
    StepUnknown(T0, "one", 1, "the server died"),
    TimerFired(T0 + timedelta(microseconds=1), "wait:cool"),
    ApprovalDecided(T0, "gate", "approved", "approve", "@ada", "go", "text", ({"by": "a"},), "d"),
    ApprovalDecided(T0, "gate", "expired", "reject", None),
    SignalReceived(T0, "go", {"n": 1}, "@ada"),
    ChildCompleted(T0, "lint", 1, "run_2", {"n": 3}),
    ChildFailed(T0, "lint", 1, None, StepError("child", "no", "not_started")),
    CancelRequested(T0, "@ada", "why not"),
    CancelRequested(T0, "@ada", "why not", "compensate"),
    PauseRequested(T0, "@ada"),
    ResumeRequested(T0, "@ada"),
    SkipRequested(T0, "one", "@ada"),
    RollbackRequested(T0, "@ada", "it was wrong"),
    RetryRequested(T0, "@ada"),
    RetryRequested(T0, "@ada", "one"),
    StepResolved(T0, "one", "done", "@ada", {"sha": 1}),
]


def test_a_journal_of_before_has_no_children_and_still_reads_the_same() -> None:
    begun = FACTS[0]
    assert "children" not in fact_to_json(begun)

    named = replace(begun, children={"lint": "r7"})
    assert fact_from_json(json.loads(canonical(fact_to_json(named)))) == named


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_survives_the_journal(fact: object) -> None:
    written = canonical(fact_to_json(fact))

    assert json.loads(written)["kind"] == type(fact).__name__
    assert fact_from_json(json.loads(written)) == fact
    assert canonical(fact_to_json(fact_from_json(json.loads(written)))) == written


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"kind": "StepExploded", "at": T0.isoformat()},
        {"kind": ["StepCompleted"]},
        {"kind": "StepCompleted", "at": T0.isoformat()},
        {"kind": "TimerFired", "at": "tomorrow", "slot": "run"},
        {"kind": "TimerFired", "at": 5, "slot": "run"},
        {"kind": "StepFailed", "at": T0.isoformat(), "path": "a", "attempt": 1, "error": {}},
    ],
)
def test_an_unknown_or_malformed_fact_stops_the_run(data: dict[str, object]) -> None:
    with pytest.raises(UnknownFact, match="journal"):
        fact_from_json(data)


def test_a_field_of_a_later_version_is_passed_over() -> None:
    data = fact_to_json(TimerFired(T0, "run")) | {"colour": "red"}

    assert fact_from_json(data) == TimerFired(T0, "run")


def test_canonical_json_can_be_written_in_one_way_only() -> None:
    assert canonical({"b": [1, "ü"], "a": {"d": None, "c": True}}) == (
        '{"a":{"c":true,"d":null},"b":[1,"ü"]}'.encode()
    )


def test_half_of_a_surrogate_pair_is_written_all_the_same() -> None:
    text = "half \ud800 and ü"

    assert json.loads(canonical([text])) == [text]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_a_number_that_is_not_finite_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(value)


def test_a_value_without_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="set has no JSON form"):
        canonical({"x": {1}})


def test_commands_of_equal_fields_and_other_kinds_have_other_digests() -> None:
    assert digest([SetTimer("a", T0)]) == digest([SetTimer("a", T0)])
    others = [[], [SetTimer("a", T0), SetTimer("a", T0)], [Tell("failed", "a", "")]]
    assert len({digest(commands) for commands in [*others, [CancelAction("a", 1)]]}) == 4
    assert digest([SetTimer("a", T0)]) not in {digest(commands) for commands in others}


def test_a_question_can_be_shown_as_plain_json() -> None:
    story = Story(*line(step("gate", approval(timeout=timedelta(hours=1))), step("deploy")))
    story.start()
    shown = to_json(story.asked.question)

    assert shown["expires_at"] == (T0 + timedelta(hours=1)).isoformat()
    assert shown["covers"][0]["path"] == "deploy"
    assert shown["approvers"] == ["@ada"]


def played() -> Story:
    never = step("never", needs="fetch:success", condition=look("steps.fetch.output"))
    story = Story(
        step("fetch", on_error=(step("cache", action(look("error.type"))),)),
        step("gate", approval(timeout=timedelta(hours=1)), needs="fetch"),
        step("deploy", action(look("vars.x"), repeatable=lambda _: True), needs="gate"),
        never,
        step("late", retry=Retry(attempts=3, jitter=0.5)),
        vars=(("x", look("inputs.x")),),
        timeout=timedelta(hours=5),
    )
    story.start({"x": 1})
    story.fail("fetch")
    story.fail("late")
    story.done("fetch~error.cache")
    return story


def test_a_replay_evaluates_nothing_and_comes_to_the_same_commands() -> None:
    story = played()
    story.decide("gate")
    rows = [(fact_from_json(fact_to_json(fact)), derived) for fact, derived in story.rows]
    seen: list[object] = []
    again = replay(unable(story.plan), rows, check=lambda _, commands: seen.extend(commands))

    assert seen == story.every
    assert again.snapshot() == story.core.snapshot()


def unable(plan: Plan) -> Plan:
    """Return the same plan with closures that must not be called."""

    def refuse(_: object) -> object:
        raise AssertionError("a replay evaluated an expression")

    def dumb(one: Step) -> Step:
        verb = one.verb
        if isinstance(verb, Action):
            asks = verb.repeatable if isinstance(verb.repeatable, bool) else refuse
            verb = replace(verb, params=refuse, repeatable=asks)
        return replace(one, verb=verb, condition=one.condition and refuse)

    steps = tuple(dumb(one) for one in plan.steps)
    return replace(plan, steps=steps, vars=(("x", refuse),))


def test_a_replay_without_a_value_it_needs_halts() -> None:
    story = played()
    rows = [(fact, {}) for fact, _ in story.rows]

    with pytest.raises(ReplayDiverged, match="vars:x"):
        replay(story.plan, rows)


def test_what_could_not_be_evaluated_is_remembered_as_such() -> None:
    story = Story(step("one", action(look("inputs.nobody"))))
    story.start()
    again = replay(
        Plan(
            "story",
            "Story",
            "r1",
            (
                step(
                    "one",
                    action(const("now")),
                ),
            ),
        ),
        story.rows,
    )

    assert again.steps["one"].error.message == "inputs.nobody is missing"


def test_a_restored_run_goes_on_as_if_nothing_had_happened() -> None:
    story = played()
    restored = Core.restore(story.plan, story.core.snapshot())
    fact = ApprovalDecided(T0, "gate", "approved", "approve", "@ada")

    assert restored.snapshot() == story.core.snapshot()
    assert restored.waiting == story.core.waiting
    assert restored.apply(fact) == story.core.apply(fact)
    assert restored.snapshot() == story.core.snapshot()


def test_a_snapshot_of_another_revision_is_refused() -> None:
    story = played()
    other = Plan("story", "Story", "r2", story.plan.steps)

    with pytest.raises(ReplayDiverged, match="'r1', the plan of 'r2'"):
        Core.restore(other, story.core.snapshot())


def test_a_run_of_another_core_version_is_refused() -> None:
    with pytest.raises(ValueError, match="core version 99"):
        Core(Story(step("one")).plan, core_version=99)


def test_a_status_changes_only_as_the_table_allows() -> None:
    state = StepState(status=COMPLETED)

    with pytest.raises(InvariantBroken, match="path='one'"):
        advance(state, RUNNING, T0, "one")
    assert state.status is COMPLETED


def test_an_invariant_names_what_was_found() -> None:
    invariant(1, "holds")
    with pytest.raises(InvariantBroken, match=r"'x is even' \(x=3\)"):
        invariant(False, "x is even", x=3)  # noqa: FBT003


def test_times_of_every_zone_survive() -> None:
    east = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=9)))

    assert fact_from_json(fact_to_json(TimerFired(east, "run"))).at == east.astimezone(UTC)


def test_a_restored_run_sees_the_same_names() -> None:
    names = action(lambda c: [look(n)(c) for n in ("inputs.x", "vars.x", "run.status")])
    steps = line(step("one"), step("two", names))
    story = Story(*steps, vars=(("x", look("inputs.x")),))
    story.start({"x": 1})
    story.commands = Core.restore(story.plan, story.core.snapshot()).apply(
        StepCompleted(T0, "one", 1, 0)
    )

    assert story.commands[0].params == [1, 1, "running"]


@pytest.mark.parametrize("output", [0, False, "", [], {}, None])
def test_an_empty_output_survives_a_snapshot(output: object) -> None:
    story = Story(*line(step("one"), step("two")))
    story.start()
    story.done("one", output)
    restored = Core.restore(story.plan, story.core.snapshot())

    assert restored.steps["one"].output == output
    assert type(restored.steps["one"].output) is type(output)


def test_a_value_that_is_asked_for_twice_in_one_turn_is_kept_twice() -> None:
    turn, at = Turn(Plan("p", "P", "r1", ()), State()), T0
    turn.open(at, None)
    values = [turn.evaluate("x", const(value), {}) for value in (1, 2)]
    derived = turn.derived
    turn.open(at, derived)

    assert [turn.evaluate("x", const("new"), {}) for _ in values] == values


def test_a_replay_with_a_value_that_nothing_needs_halts() -> None:
    story = Story(step("one"))
    story.start()
    rows = [(story.rows[0][0], {**story.rows[0][1], "params:two": 1})]

    with pytest.raises(ReplayDiverged, match="params:two"):
        replay(story.plan, rows)


@pytest.mark.parametrize(
    "value", [None, True, 0, -1.5e300, "", "\ud800", "ü\n", [], {}, [{"a": [None, "{"]}], 10**30]
)
def test_what_was_written_is_read_back_as_json_reads_it(value: object) -> None:
    assert read_back(canonical(value)) == json.loads(canonical(value)) == value
