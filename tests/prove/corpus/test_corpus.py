"""Every later version takes up what an earlier one left, and finishes it the same way.

`python3 run.py prove corpus` looks at all that was recorded; with `--record` it adds this version.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
import structlog

from tests.prove.corpus import entries
from tests.prove.corpus.entries import CORPUS, SUMS, Recorded, all_of, sums, versions
from tests.prove.corpus.lives import from_database, in_memory
from tests.prove.corpus.record import record
from tests.prove.corpus.replaying import problems
from tests.prove.corpus.shapes import shapes, special
from tests.prove.corpus.stage import read
from workflows import journal
from workflows.core.state import Blocker, RunStatus
from workflows.core.turn import Turn

LEAST = 60  # shapes of a version
MOST_BYTES = 1_000_000  # of a version
Corpus = Mapping[Path, list[Recorded]]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep the log of these lives out of the report."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    yield
    structlog.configure(**before)


def _drop(logger: object, name: str, event: object) -> dict[str, object]:
    raise structlog.DropEvent


@pytest.fixture(scope="module")
def corpus(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Return what was recorded, by the folder of its version."""
    if pytestconfig.getoption("--record", default=False):
        record(shapes(), scratch=tmp_path_factory.mktemp("record"))
    return {folder: list(all_of(folder)) for folder in versions()}


def test_what_was_recorded_is_never_changed(corpus: Corpus) -> None:
    assert corpus
    for folder in corpus:
        assert json.loads((folder / SUMS).read_text()) == sums(folder), folder.name


def test_each_version_is_recorded_in_every_shape_and_small(corpus: Corpus) -> None:
    for folder, recorded in corpus.items():
        journals = [kept for each in recorded for kept in each.journals]
        kinds = {kind for kept in journals for _, kind in kept.waiting}
        stands = {kept.status for kept in journals}

        assert len(recorded) >= LEAST
        assert kinds == {kind for union in get_args(Blocker) for kind in get_args(union) or [union]}
        assert stands == {status.value for status in RunStatus}
        assert sum(path.stat().st_size for path in folder.iterdir()) <= MOST_BYTES


def test_recorded_journals_are_replayed_and_go_on_as_they_did(
    corpus: Corpus, counts: Counter[str]
) -> None:
    kept = [
        journal for recorded in corpus.values() for each in recorded for journal in each.journals
    ]
    counts["journals replayed"] += len(kept)
    found = [
        problem for recorded in corpus.values() for each in recorded for problem in problems(each)
    ]

    assert found == []


def test_recorded_definitions_are_still_good(corpus: Corpus) -> None:
    for recorded in corpus.values():
        for each in recorded:
            assert [made.name for made in read(each.sources)][-1] == each.workflow


def test_recorded_runs_end_the_same_way_in_memory(corpus: Corpus, tmp_path: Path) -> None:
    for folder, recorded in corpus.items():
        found = in_memory(recorded, tmp_path / f"{folder.name}.db")
        assert found == {each.name: each.end for each in recorded}, folder.name


def test_a_recorded_database_is_opened_and_all_its_runs_are_finished(
    corpus: Corpus, tmp_path: Path
) -> None:
    for folder, recorded in corpus.items():
        found = from_database(folder, recorded, tmp_path / f"{folder.name}.db")
        assert found == {each.name: each.end for each in recorded}, folder.name


def test_a_renamed_field_of_a_fact_is_caught(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_fact = journal.fact_from_json

    def renamed(data: Mapping[str, Any]) -> Any:
        return read_fact({"result" if key == "output" else key: data[key] for key in data})

    monkeypatch.setattr(journal, "fact_from_json", renamed)

    assert "malformed StepCompleted" in _found(corpus)


def test_a_timer_that_is_set_a_moment_later_is_caught(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Turn, "after", lambda turn, delay: turn.at + 1.001 * delay)

    assert "led to other commands" in _found(corpus)


def test_an_expression_that_gives_something_else_is_caught(corpus: Corpus) -> None:
    def changed(each: Recorded) -> Recorded:
        text = json.dumps(each.bodies).replace("steps.last.output", "steps.last.status")
        return replace(each, bodies=json.loads(text))

    recorded = {folder: [changed(each) for each in kept] for folder, kept in corpus.items()}

    assert "expressions give" in _found(recorded)


def _found(corpus: Corpus) -> str:
    return "\n".join(
        problem for kept in corpus.values() for each in kept for problem in problems(each)
    )


def test_recording_adds_a_folder_and_never_touches_one(tmp_path: Path) -> None:
    shape = special("one", "steps:\n  - {id: only, action: corpus.once}\n", [["end"]], [])
    first = record([shape], tmp_path / "corpus", scratch=tmp_path)
    before = sums(first)
    with pytest.raises(FileExistsError, match="never changed"):
        record([shape], tmp_path / "corpus", scratch=tmp_path)
    (tmp_path / "record.db").unlink()
    again = record([shape], tmp_path / "again", scratch=tmp_path)

    assert sums(first) == before
    assert {name: before[name] for name in before if name != entries.DATABASE} == {
        name: each for name, each in sums(again).items() if name != entries.DATABASE
    }
    assert CORPUS not in first.parents
