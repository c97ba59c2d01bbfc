"""The rows of a journal: sealed when written, checked when read, folded to the same run again."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.core.codec import canonical
from workflows.core.commands import Command, RunAction
from workflows.core.core import CORE_VERSION, Core
from workflows.core.facts import Fact, RunStarted, StepCompleted, StepError, StepFailed
from workflows.core.plan import Action, Edge, Plan, Retry, Step
from workflows.journal import Place, _sum, fact_entry, intent_entry, replay
from workflows.runs import Entry, Faulted

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def counted(calls: list[str]) -> Plan:
    """Two steps; the params of the second are what expressions gave, and each call is counted."""

    def params(names: Any) -> Any:
        calls.append("evaluated")
        return {"from": names["steps"]["a"]["output"]}

    first = Step("a", "A", Action("test.a", lambda names: {}, repeatable=True), retry=Retry(3))
    second = Step("b", "B", Action("test.b", params, repeatable=False), needs=(Edge("a"),))
    return Plan("demo", "Demo", "hash", (first, second))


def started() -> RunStarted:
    return RunStarted(NOON, {}, {"kind": "manual"}, {"id": "run_1"}, {"name": "demo"}, "seed")


def written(plan: Plan, facts: Sequence[Fact]) -> tuple[list[Entry], list[Command]]:
    """Drive a core and write its journal, as the host does."""
    core, entries, last = Core(plan), [], []
    for fact in facts:
        last = core.apply(fact)
        place = Place("run_1", len(entries) + 1, fence=1)
        entries.append(fact_entry(place, fact, derived=core.derived, commands=last))
    return entries, list(last)


def again(plan: Plan, entries: Sequence[Entry]) -> Any:
    return replay(plan, "run_1", entries, core_version=CORE_VERSION)


FACTS = (started(), StepCompleted(NOON + timedelta(seconds=1), "a", 1, {"n": 1}))


def test_a_journal_gives_the_run_back_and_evaluates_nothing() -> None:
    calls: list[str] = []
    plan = counted(calls)
    entries, last = written(plan, FACTS)
    assert calls == ["evaluated"]
    replayed = again(plan, entries)

    assert calls == ["evaluated"]
    assert replayed.seq == 2
    assert replayed.core.steps["a"].output == {"n": 1}
    assert list(replayed.flight.actions.values()) == last
    assert [each.path for each in last if isinstance(each, RunAction)] == ["b"]


def test_what_was_answered_is_not_in_flight() -> None:
    plan = counted([])
    entries, _ = written(plan, (*FACTS, StepCompleted(NOON, "b", 1, None)))
    assert again(plan, entries).flight.actions == {}


def test_a_failed_attempt_that_is_tried_again_is_in_flight_once() -> None:
    plan = counted([])
    failed = StepFailed(NOON, "a", 1, StepError("x", "no", retry_after=0.0))
    entries, _ = written(plan, (started(), failed))
    (flying,) = again(plan, entries).flight.actions.values()
    assert (flying.path, flying.attempt) == ("a", 2)


def test_an_intent_is_remembered_and_is_no_fact() -> None:
    plan = counted([])
    entries, last = written(plan, FACTS)
    (deploy,) = (each for each in last if isinstance(each, RunAction))
    entries.append(intent_entry(Place("run_1", 3, 1), deploy, at=NOON))
    replayed = again(plan, entries)

    assert replayed.intents == {"b": 1}
    assert replayed.core.steps["b"].status == "running"


@pytest.mark.parametrize(
    "damage",
    [
        {"data": '{"commands":"","derived":{},"fact":{"kind":"RunStarted"}}'},
        {"at": NOON + timedelta(microseconds=1)},
        {"kind": "StepFailed"},
        {"path": "b"},
        {"attempt": 7},
        {"fence": 2},
        {"delivery_id": "d"},
        {"sum": "0" * 64},
    ],
)
def test_a_row_that_was_changed_is_found(damage: dict[str, Any]) -> None:
    plan = counted([])
    entries, _ = written(plan, FACTS)
    entries[1] = replace(entries[1], **damage)
    with pytest.raises(Faulted, match="row 2 of the journal is damaged"):
        again(plan, entries)


def test_a_row_of_another_run_is_found() -> None:
    plan = counted([])
    entries, _ = written(plan, FACTS)
    with pytest.raises(Faulted, match="damaged"):
        replay(plan, "run_2", entries, core_version=CORE_VERSION)


def test_a_row_that_is_missing_is_found() -> None:
    plan = counted([])
    entries, _ = written(plan, FACTS)
    with pytest.raises(Faulted, match="row 1 of the journal is missing"):
        again(plan, entries[1:])


def test_other_commands_than_then_are_found() -> None:
    entries, _ = written(counted([]), FACTS)
    plan = counted([])
    later = replace(plan, steps=(plan.steps[0], replace(plan.steps[1], timeout=timedelta(hours=1))))
    with pytest.raises(Faulted, match="row 2 of the journal led to other commands"):
        again(later, entries)


def test_a_fact_of_a_later_version_is_not_guessed() -> None:
    plan = counted([])
    core = Core(plan)
    fact = started()
    entry = fact_entry(Place("run_1", 1, 1), fact, derived={}, commands=core.apply(fact))
    later = _resealed(entry, {**json.loads(entry.data), "fact": {"kind": "MoonRose"}})
    with pytest.raises(Faulted, match="MoonRose"):
        again(plan, [later])


def test_a_run_of_another_core_is_not_driven() -> None:
    with pytest.raises(Faulted, match=f"core version {CORE_VERSION + 1}"):
        replay(counted([]), "run_1", [], core_version=CORE_VERSION + 1)


@given(
    st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text())
)
def test_any_output_comes_back_as_it_was(output: dict[str, Any]) -> None:
    plan = counted([])
    done = StepCompleted(NOON, "a", 1, output)
    entries, _ = written(plan, (started(), done))
    assert again(plan, entries).core.steps["a"].output == output


def _resealed(entry: Entry, data: Any) -> Entry:
    parts = (entry.path, entry.kind, entry.attempt, entry.delivery_id)
    text = canonical(data)
    seal = _sum(Place("run_1", entry.seq, entry.fence), parts, entry.at.isoformat(), text)
    return replace(entry, data=text.decode(), sum=seal)
