"""The first row of a journal keeps each thing once, and is read as it was sealed."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from coordination.ports import RunStatus
from workflows import first_row
from workflows.core.codec import canonical
from workflows.core.facts import RunStarted, StepCompleted
from workflows.journal import Place, fact_entry
from workflows.runs import Entry, RunRecord
from workflows.runtimes.host.hearing import run_started
from workflows.runtimes.host.limits import HostSettings

NOON = datetime(2030, 1, 1, 12, 0, 0, 5, tzinfo=UTC)
TEXTS = st.text(max_size=5)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    PLAIN | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["sha", "id", "url", "kind", "short", "run", "inputs"]) | TEXTS
MAPS = st.dictionaries(NAMES, VALUES, max_size=3)


def run(
    inputs: Mapping[str, Any], trigger: Mapping[str, Any], *, thread_url: str | None = None
) -> RunRecord:
    return RunRecord(
        key=1,
        id="run_01J0ABCDEFGHJKMNPQRSTVWXYZ",
        number=7,
        workflow="demo",
        hash="a" * 64,
        core_version=1,
        status=RunStatus.QUEUED,
        trigger=trigger,
        inputs=inputs,
        started_by="U1",
        requested_by=None,
        thread_key=None,
        thread_id=None,
        thread_url=thread_url,
        seq=0,
        created_at=NOON,
        started_at=None,
    )


def begun(of: RunRecord, url: str | None, **changed: Any) -> Entry:
    """Return the first row of that run, whose fact was *changed*."""
    settings = HostSettings(instance_key=b"key", public_url=url)
    return row(replace(run_started(of, settings, {}, now=NOON), **changed))


def row(fact: RunStarted | StepCompleted) -> Entry:
    return fact_entry(Place("run_1", 1, 1), fact, derived={"params": [1]}, commands=[])


def read(of: RunRecord, entry: Entry) -> str:
    """Return the text of a row that was stored and read again."""
    return first_row.filled(of, replace(entry, data=first_row.shortened(of, entry)))


def test_what_the_rows_of_a_run_say_is_not_kept_a_second_time() -> None:
    of = run({"sha": "0" * 40}, {"kind": "manual", "by": "U1"})
    entry = begun(of, "https://baton.example")
    short = first_row.shortened(of, entry)
    for known in ("0" * 40, of.id, of.hash, "manual", NOON.isoformat()):
        assert known in entry.data
        assert known not in short
    assert short.count("baton.example") == 1
    assert json.loads(short)["derived"] == {"params": [1]}
    assert len(short) < len(entry.data) / 2
    assert read(of, entry) == entry.data


@given(
    MAPS, MAPS, st.sampled_from([None, "https://b"]), st.sampled_from([None, "https://slack/p1"])
)
def test_every_first_row_is_read_as_it_was_sealed(
    inputs: dict[str, Any], trigger: dict[str, Any], url: str | None, thread_url: str | None
) -> None:
    of = run(inputs, trigger, thread_url=thread_url)
    entry = begun(of, url)
    assert read(of, entry) == entry.data
    assert len(first_row.shortened(of, entry)) < len(entry.data)


@given(MAPS, MAPS, MAPS)
def test_a_fact_that_says_otherwise_than_its_run_is_kept_as_it_is(
    inputs: dict[str, Any], said: dict[str, Any], about: dict[str, Any]
) -> None:
    of = run(inputs, {"kind": "manual"})
    for changed in ({"inputs": said}, {"trigger": said}, {"run": about}, {"workflow": said}):
        entry = begun(of, "https://b", **changed)
        assert read(of, entry) == entry.data


def test_an_equal_number_of_another_kind_is_not_taken_for_the_same() -> None:
    of = run({"n": 1}, {"kind": "manual"})
    entry = begun(of, None, inputs={"n": 1.0})
    assert '"n":1.0' in read(of, entry)
    assert read(of, entry) == entry.data


def test_other_rows_and_sealed_ones_stay_as_they_are() -> None:
    of = run({}, {})
    sealed = replace(begun(of, None), data=canonical({"sealed": "x"}).decode())
    for entry in (row(StepCompleted(NOON, "a", 1, {"n": 1})), sealed):
        assert first_row.shortened(of, entry) == entry.data
        assert first_row.filled(of, entry) == entry.data


def test_a_row_of_an_earlier_version_holds_all_of_it_and_reads_the_same() -> None:
    of = run({"sha": "1"}, {"kind": "manual"})
    entry = begun(of, "https://b")
    assert first_row.filled(of, entry) == entry.data
