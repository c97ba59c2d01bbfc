"""A run may write what its own workflow watches: it does not start itself, and people still start it."""

from pathlib import Path

import pytest

from coordination.database import identities, select
from coordination.written import SCOPE
from tests.stories.box import BatonInABox


def keeping(name: str, watched: str, *steps: str, more: str = "") -> str:
    """Return a workflow that is started by a file and does *steps*."""
    lines = "\n".join(f"  - {{id: s{number}, {step}}}" for number, step in enumerate(steps))
    return f"""
name: {name}
triggers:
  - {{file: "{watched}", debounce: 0s{more}}}
steps:
{lines}
"""


def appending(path: str) -> str:
    return f'action: files.append, params: {{path: {path}, content: "noted\\n"}}'


class Folder:
    """The files that actions work on, as a person has them."""

    def __init__(self, baton: BatonInABox) -> None:
        self.baton = baton
        self.root: Path = baton.life.world.files.root

    def write(self, name: str, text: str) -> None:
        place = self.root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    async def look(self) -> list[str]:
        """Have Baton look until nothing changes any more; return what ran, oldest first."""
        for _ in range(6):
            await self.baton.life.baton.files.look()
            await self.baton.quiet()
        return [run.workflow for run in reversed(await self.baton.runs())]


@pytest.fixture
def folder(baton: BatonInABox) -> Folder:
    return Folder(baton)


async def outcomes(baton: BatonInABox) -> list[str]:
    """Return what came of each change, oldest first."""
    every = (await baton.ask("GET", "/v1/events?limit=500")).json()["events"]
    ids = [each["event_id"] for each in every if each["type"] == "baton.file"]
    shown = [(await baton.ask("GET", f"/v1/events/{each}")).json() for each in ids]
    return [line["outcome"] for each in shown for line in each["explain"]["triggers"]]


async def test_a_run_that_appends_to_the_file_it_watches_runs_once(folder: Folder) -> None:
    folder.write("ledger.txt", "begun\n")
    await folder.baton.publish(keeping("ledger", "*.txt", appending("./ledger.txt")))
    assert await folder.look() == []
    folder.write("ledger.txt", "by a person\n")
    assert await folder.look() == ["ledger"]
    assert (folder.root / "ledger.txt").read_text() == "by a person\nnoted\n"
    own = "a run of ledger caused this event: no workflow triggers itself"
    assert await outcomes(folder.baton) == ["started", own]
    folder.write("ledger.txt", "by a person again\n")
    assert await folder.look() == ["ledger", "ledger"]


async def test_two_workflows_that_write_what_the_other_watches_run_once_each(
    folder: Folder,
) -> None:
    await folder.baton.publish(keeping("ping", "a.txt", appending("b.txt")))
    await folder.baton.publish(keeping("pong", "b.txt", appending("a.txt")))
    assert await folder.look() == []
    folder.write("a.txt", "go\n")
    assert await folder.look() == ["ping", "pong"]
    own = "a run of ping caused this event: no workflow triggers itself"
    assert await outcomes(folder.baton) == ["started", "started", own]
    folder.write("b.txt", "by a person\n")
    assert await folder.look() == ["ping", "pong", "pong", "ping"]


async def test_files_that_a_run_makes_moves_and_deletes_are_its_own(folder: Folder) -> None:
    steps = [
        "action: files.write, params: {path: in/made.txt, content: made}",
        "action: files.copy, params: {from: in/made.txt, to: in/copy.txt}",
        "action: files.move, params: {from: in/made.txt, to: in/moved.txt}",
        "action: files.move, params: {from: out, to: in/whole}",
        "action: files.delete, params: {path: in/go.txt}",
        "action: files.delete, params: {path: in/old, recursive: true}",
    ]
    folder.write("out/deep/one.txt", "one")
    folder.write("in/old/two.txt", "two")
    await folder.baton.publish(keeping("tidy", "in/**/*.txt", *steps))
    assert await folder.look() == []
    folder.write("in/go.txt", "go")
    assert await folder.look() == ["tidy"]
    assert sorted(path.name for path in folder.root.rglob("in/**/*.txt")) == [
        "copy.txt", "moved.txt", "one.txt",
    ]  # fmt: skip
    assert (await outcomes(folder.baton))[0] == "started"
    assert len(await outcomes(folder.baton)) > 4
    (folder.root / "in/copy.txt").unlink()
    assert len(await folder.look()) == 2


async def test_a_change_is_known_as_the_runs_own_in_the_next_life_too(folder: Folder) -> None:
    folder.write("ledger.txt", "begun\n")
    await folder.baton.publish(keeping("ledger", "*.txt", appending("ledger.txt")))
    await folder.look()
    folder.write("ledger.txt", "by a person\n")
    await folder.baton.life.baton.files.look()
    await folder.baton.until(lambda: "noted" in (folder.root / "ledger.txt").read_text())
    await folder.baton.kill()

    assert await folder.look() == ["ledger"]


async def test_nothing_is_noted_where_nobody_watches(folder: Folder) -> None:
    baton, noted = folder.baton, select(identities.c.identity).where(identities.c.scope == SCOPE)
    await baton.publish(f"name: quiet\nsteps:\n  - {{id: s, {appending('ledger.txt')}}}\n")
    await baton.slash("start quiet", by="ada")
    assert (folder.root / "ledger.txt").read_text() == "noted\n"
    assert await baton.life.door.read(lambda reader: reader.fetch_all(noted)) == []
    await baton.publish(keeping("other", "never/*.txt", "stop: x"))
    await baton.slash("start quiet", by="ada")

    (row,) = await baton.life.door.read(lambda reader: reader.fetch_all(noted))
    assert row.identity == "ledger.txt"
