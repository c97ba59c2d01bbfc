"""A program may write what the workflow of its run watches: it starts no run of its own, and people do."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from coordination import programs
from tests.stories.box import BatonInABox
from tests.stories.test_files_that_runs_write import Folder, keeping, outcomes

OWN = "a run of {0} caused this event, while a program of {1} was at work: no workflow triggers itself"


def runs(script: str) -> str:
    """Return a step that has a program do *script*."""
    return f"action: shell.run, params: {{argv: [sh, -c, '{script}']}}"


@pytest.fixture
def folder(baton: BatonInABox) -> Iterator[Folder]:
    allow(baton)
    return Folder(baton)


def allow(baton: BatonInABox) -> None:
    baton.life.world.processes._programs = frozenset({"sh"})


async def test_what_a_program_writes_starts_no_run_of_its_own_workflow(folder: Folder) -> None:
    folder.write("ledger.txt", "begun\n")
    await folder.baton.publish(
        keeping("ledger", "*.txt", runs("echo noted >> ledger.txt; echo 1 > more.txt"))
    )
    assert await folder.look() == []
    folder.write("ledger.txt", "by a person\n")
    assert await folder.look() == ["ledger"]

    assert (folder.root / "ledger.txt").read_text() == "by a person\nnoted\n"
    own = OWN.format("ledger", "R-1")
    assert await outcomes(folder.baton) == ["started", own, own]
    folder.write("ledger.txt", "by a person again\n")
    assert await folder.look() == ["ledger", "ledger"]


async def test_two_programs_that_write_what_the_other_watches_run_once_each(folder: Folder) -> None:
    await folder.baton.publish(keeping("ping", "a.txt", runs("echo >> b.txt")))
    await folder.baton.publish(keeping("pong", "b.txt", runs("echo >> a.txt")))
    assert await folder.look() == []
    folder.write("a.txt", "go\n")
    assert await folder.look() == ["ping", "pong"]
    assert await outcomes(folder.baton) == ["started", "started", OWN.format("ping", "R-2")]


async def test_what_a_program_moves_takes_away_or_makes_look_old_is_its_own(folder: Folder) -> None:
    script = "mv out in/whole; rm in/go.txt; touch -d 2001-01-01 in/old.txt; mkdir in/n; mv in/b.txt in/n"
    folder.write("out/deep/one.txt", "one")
    folder.write("in/b.txt", "two")
    steps = [runs(script), "action: files.write, params: {path: in/log.txt, content: done}"]
    await folder.baton.publish(keeping("tidy", "in/**/*.txt", *steps))
    assert await folder.look() == []
    folder.write("in/go.txt", "go")
    assert await folder.look() == ["tidy"]
    assert sorted(path.name for path in folder.root.rglob("in/**/*.txt")) == [
        "b.txt", "log.txt", "old.txt", "one.txt",
    ]  # fmt: skip


async def test_what_people_change_before_and_after_a_program_counts(folder: Folder) -> None:
    await folder.baton.publish(keeping("other", "never/*.txt", runs("echo made > in/made.txt")))
    await folder.baton.publish(keeping("reader", "in/*.txt", "stop: x"))
    folder.write("in/b.txt", "b")
    await folder.look()
    folder.write("in/b.txt", "before")
    await folder.baton.slash("start other", by="ada")
    folder.write("in/a.txt", "after")
    assert sorted(await folder.look()) == ["other", "reader", "reader", "reader"]
    whose = {
        run.trigger["path"]: (
            await folder.baton.ask("GET", f"/v1/events/{run.trigger['event_id']}")
        ).json()
        for run in await folder.baton.runs()
        if run.workflow == "reader"
    }
    told = {path: each["data"].get("program_of") for path, each in whose.items()}
    assert told == {"in/b.txt": None, "in/a.txt": None, "in/made.txt": "R-1"}


async def test_a_child_that_its_workflow_begins_writes_in_its_name(folder: Folder) -> None:
    await folder.baton.publish(f"name: hand\nsteps:\n  - {{id: s, {runs('echo >> a.txt')}}}\n")
    await folder.baton.publish(keeping("head", "a.txt", "workflow: hand"))
    await folder.look()
    folder.write("a.txt", "go\n")
    assert await folder.look() == ["head", "hand"]
    assert await outcomes(folder.baton) == ["started", OWN.format("head", "R-2")]


async def test_a_change_is_known_as_a_programs_in_the_next_life_too(folder: Folder) -> None:
    folder.write("ledger.txt", "begun\n")
    await folder.baton.publish(keeping("ledger", "*.txt", runs("echo noted >> ledger.txt")))
    await folder.look()
    folder.write("ledger.txt", "by a person\n")
    await folder.baton.life.baton.files.look()
    await folder.baton.until(lambda: "noted" in (folder.root / "ledger.txt").read_text())
    await folder.baton.quiet()
    await folder.baton.kill()
    allow(folder.baton)

    assert await folder.look() == ["ledger"]
    assert OWN.format("ledger", "R-1") in await outcomes(folder.baton)
    folder.write("new.txt", "by a person\n")
    assert await folder.look() == ["ledger", "ledger"]


async def test_a_program_whose_end_nobody_saw_is_over_in_the_next_life(folder: Folder) -> None:
    script = "echo noted >> ledger.txt; exec sleep 60"
    folder.write("ledger.txt", "begun\n")
    await folder.baton.publish(keeping("ledger", "*.txt", runs(script)))
    await folder.look()
    folder.write("ledger.txt", "by a person\n")
    await folder.baton.life.baton.files.look()
    await folder.baton.until(lambda: "noted" in (folder.root / "ledger.txt").read_text())
    await folder.baton.kill()
    folder.write("more.txt", "by a person\n")

    assert await folder.look() == ["ledger", "ledger"]
    told = await outcomes(folder.baton)
    assert sorted(told) == sorted(["started", "started", OWN.format("ledger", "R-1")])
    gc.collect()  # a pipe that the first life left open would be said here, and not in another test


async def test_what_is_forgotten_is_what_everybody_has_looked_at(folder: Folder) -> None:
    await folder.baton.publish(keeping("ledger", "*.txt", runs("echo > a.txt")))
    await folder.look()
    await folder.baton.slash("start ledger", by="ada")
    await folder.look()
    assert await folder.baton.life.door.read(programs.spans) == ()
    assert Path(folder.root / "a.txt").exists()
