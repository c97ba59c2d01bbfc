"""Units in a group: what fails takes nothing and nobody with it, and costs the others nothing before."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from coordination.changes import Change, Changes
from coordination.database import Transaction
from coordination.database import writer as writing
from coordination.database.writer import Session, Writer
from tests.coordination.inbox import make_database
from tests.coordination.names import ADD, put
from tests.coordination.twice import TwiceDoor


def run_traced(folder: Path, *units: Any) -> tuple[list[Any], list[str]]:
    """Run *units* in one group; return what became of them, and the frame of what was said."""
    session = Session(make_database(folder))
    said: list[str] = []
    session._raw.set_trace_callback(said.append)
    outcomes = session.run(units, commit=session.commit)
    session.close()
    words = ("BEGIN", "SAVEPOINT", "ROLLBACK", "COMMIT")
    return outcomes, [line.split()[0] for line in said if line.startswith(words)]


def test_units_that_succeed_cost_no_savepoint(tmp_path: Path) -> None:
    outcomes, said = run_traced(tmp_path, put("a"), put("b"), put("c"))

    assert [outcome.value for outcome in outcomes] == [1, 1, 1]
    assert said == ["BEGIN", "COMMIT"]


def test_what_is_refused_before_it_wrote_anything_is_not_run_again(tmp_path: Path) -> None:
    runs = []

    def refused(tx: Transaction) -> None:
        runs.append(tx)
        tx.touch("run", "run_1")
        raise ValueError("no")

    def alone(tx: Transaction) -> int:
        with contextlib.suppress(KeyError), tx.savepoint():
            raise KeyError
        return tx.execute(ADD, name="alone", value="v")

    outcomes, said = run_traced(tmp_path, put("a"), refused, alone)

    assert [type(outcome.error) for outcome in outcomes] == [type(None), ValueError, type(None)]
    assert (len(runs), outcomes[1].touched) == (1, ())
    assert said == ["BEGIN", "COMMIT"]


def test_after_a_failure_what_had_begun_runs_again_under_savepoints(tmp_path: Path) -> None:
    runs: list[str] = []

    def unit(name: str, *, fails: bool = False) -> Callable[[Transaction], str]:
        def run(tx: Transaction) -> str:
            runs.append(name)
            tx.execute(ADD, name=name, value="v")
            tx.touch("run", name)
            if fails:
                raise ValueError(name)
            return name

        return run

    outcomes, said = run_traced(tmp_path, unit("a"), unit("b", fails=True), unit("c"))

    assert runs == ["a", "b", "a", "b"]  # whoever had not begun is of the next group
    assert [(outcome.value, str(outcome.error)) for outcome in outcomes] == [
        ("a", "None"),
        (None, "b"),
    ]
    assert [len(outcome.touched) for outcome in outcomes] == [1, 0]
    assert said == ["BEGIN", "ROLLBACK", "BEGIN", "SAVEPOINT", "SAVEPOINT", "ROLLBACK", "COMMIT"]


def test_a_unit_can_undo_a_part_of_itself(tmp_path: Path) -> None:
    def unit(tx: Transaction) -> str:
        tx.execute(ADD, name="kept", value="v")
        try:
            with tx.savepoint():
                tx.execute(ADD, name="undone", value="v")
                tx.touch("run", "undone")
                raise KeyError  # noqa: TRY301  # inside the savepoint, which is the point
        except KeyError:
            tx.execute(ADD, name="also kept", value="v")
        return "done"

    session = Session(make_database(tmp_path))
    (outcome,) = session.run([unit], commit=session.commit)
    found = session.read("SELECT name FROM meta ORDER BY name", {})
    session.close()
    assert (outcome.value, outcome.touched) == ("done", ())
    assert found == [("also kept",), ("generation",), ("kept",)]


async def test_the_door_of_the_tests_runs_each_unit_again_after_it_was_undone(
    tmp_path: Path,
) -> None:
    counted: list[int] = []

    def unit(tx: Transaction) -> int:
        counted.append(tx.execute(ADD, name="a", value="v"))  # a second time only if it was undone
        return len(counted)

    door = TwiceDoor(tmp_path / "x.db", changes=Changes("test"), durable=False)
    assert await door.write(unit) > 1
    await door.close()


async def test_who_is_patient_lets_others_share_the_commit_and_nobody_else_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PAUSE", 30)  # s: whoever waited for nothing would not come back
    groups: list[list[str]] = []

    def published(changes: Iterable[Change]) -> None:
        groups.append([change.id for change in changes])

    def touching(name: str) -> Any:
        return lambda tx: tx.touch("run", name)

    writer = Writer(make_database(tmp_path), published)
    await writer.start()
    async with asyncio.timeout(20):
        await writer.submit(touching("alone"))
        first = writer.submit(touching("patient"), patient=True)
        await writer.submit(touching("in a hurry"))
        assert first.done()
        last = writer.submit(touching("last"), patient=True)
        await writer.close()
        assert last.done()
    assert groups == [["alone"], ["patient", "in a hurry"], ["last"]]
