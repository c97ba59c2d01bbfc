"""Three programs of three people, on real HTTP: an agent, an IDE and a tool work on one thing."""

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest_asyncio

from bot.definitions import LIBRARY
from bot.operations import create_token
from coordination.ports import RunView
from tests.stories.box import BatonInABox
from tests.stories.slack import CHANNEL, PEOPLE, Message
from tests.stories.terminals import ROOT, Office, open_office

FILE = LIBRARY / "cross_chat_coordination.yaml"
DEFINITION = FILE.read_text("utf-8").replace("default: []", 'default: ["#general", "#builds"]')
PATIENCE = 20.0  # s, real ones
AGENT = """
import baton
with baton.process("Write the parser", category="task", id="s-1/task/1") as work:
    work.progress(message="thinking")
    work.result(files=7)
"""


@dataclass
class Chats:
    """Where each of the three sits, with a token of its own."""

    baton: BatonInABox
    office: Office
    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)

    async def join(self, source: str, by: str) -> None:
        life = self.baton.life
        request = {"source": source, "scopes": ["notify"], "owner": PEOPLE[by], "channel": CHANNEL}
        self.tokens[source] = str((await create_token(life.door, life.world, request))["token"])

    async def run(self, source: str, *argv: str, **variables: str) -> str:
        """Run a program of *source* to its end, and let Baton come to rest."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            sys.executable, *argv,
            env={
                **kept, "HOME": str(self.folder), "PYTHONPATH": str(ROOT),
                "BATON_URL": self.office.url, "BATON_TOKEN": self.tokens[source], **variables,
            },
            cwd=self.folder, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate()
        await self.baton.quiet()
        assert process.returncode == 0, out.decode()
        return out.decode()

    async def agent(self, **variables: str) -> None:
        await self.run("claude-code", "-c", AGENT, **variables)

    async def ide(self, line: str) -> None:
        """Type what the thread says, as the person at the IDE does."""
        variable, program, *words = shlex.split(line)
        name, value = variable.split("=")
        assert program == "baton"
        await self.run("pycharm", "-m", program, *words, **{name: value})

    async def tool(self, run: str, *more: str) -> None:
        words = ["notify", "completed", "--id", "docs-1", "--category", "mcp_tool"]
        await self.run(
            "mcp", "-m", "baton", *words, "--name", "Docs", "--message", "3 pages read", *more,
            "--run", run, "--sync",
        )  # fmt: skip

    def line(self, root: Message) -> str:
        """Return the line that the thread shows for the IDE."""
        said = [line for each in self.baton.slack.thread(root) for line in each.lines]
        return next(line for line in said if "baton run" in line).strip("` ")


@pytest_asyncio.fixture(loop_scope="session")
async def chats(baton: BatonInABox, tmp_path: Path) -> AsyncIterator[Chats]:
    async with open_office(baton, tmp_path / "office") as office:
        made = Chats(baton, office, tmp_path / "office")
        for source, by in (("claude-code", "ada"), ("pycharm", "grace"), ("mcp", "linus")):
            await made.join(source, by)
        text = DEFINITION.replace("pytest -q", "python -c 'print(2 + 2)'")
        assert await baton.publish(text.replace("#builds", CHANNEL))
        yield made


def only(baton: BatonInABox) -> Message:
    """Return the one card there is: whatever reports, it is one piece of work."""
    (card,) = [each for each in baton.slack.roots() if each.slot == "root"]
    return card


async def the_run(baton: BatonInABox) -> RunView:
    (view,) = await baton.runs()
    return view


def outcomes(baton: BatonInABox, channel: str) -> list[str]:
    """Return what a channel was told beside its threads."""
    return [each.plain for each in baton.slack.roots(channel) if each.slot != "root"]


def tells(text: str, *parts: str) -> bool:
    return all(part in text for part in parts)


async def test_three_programs_report_and_everybody_reads_the_outcome(
    baton: BatonInABox, chats: Chats
) -> None:
    await chats.agent()
    run = await the_run(baton)
    line = chats.line(only(baton))
    assert line.startswith(f"BATON_RUN={run.id} baton run --name 'IDE check' -- python -c")
    assert "IDE check" in only(baton).says
    await chats.tool(run.id)
    await chats.ide(line)

    assert (await the_run(baton)).status == "completed"
    card = only(baton)
    assert tells(card.plain, "Write the parser", "IDE check", "Docs")
    expected = ("Coding agent: completed", "IDE: completed", "Third tool: completed, 3 pages read")
    for channel in (CHANNEL, "#general"):
        (told,) = outcomes(baton, channel)
        assert tells(told, *expected, "Nothing is missing.")
    assert tells(baton.thread("R-1")[-1].plain, *expected)


async def test_a_result_that_comes_before_anybody_waits_for_it_is_found(
    baton: BatonInABox, chats: Chats
) -> None:
    start, by = baton.life.baton.coordinator.start, baton.person("grace")
    given = {"task": "the parser", "command": "true", "channels": ["#general"]}
    await start(by, FILE.stem, given, request_id="s", via="slack")
    await baton.quiet()
    run = await the_run(baton)
    await chats.ide(f"BATON_RUN={run.id} baton run --name 'IDE check' -- true")
    await chats.tool(run.id)
    assert (await the_run(baton)).status == "waiting"
    await chats.agent(BATON_RUN=run.id)

    assert (await the_run(baton)).status == "completed"
    (outcome,) = outcomes(baton, "#general")
    assert tells(outcome, "Coding agent: completed", "IDE: completed", "Nothing is missing.")
    only(baton)


async def test_a_result_that_never_comes_is_named(baton: BatonInABox, chats: Chats) -> None:
    await chats.agent()
    run = await the_run(baton)
    await chats.tool(run.id)
    await baton.advance(hours=3)
    assert outcomes(baton, "#general") == []
    await baton.advance(hours=2)

    (outcome,) = outcomes(baton, "#general")
    assert tells(outcome, "IDE: no report", "Missing: the IDE.")
    await chats.ide(chats.line(only(baton)))  # too late for anything
    assert outcomes(baton, "#general") == [outcome]
    assert (await the_run(baton)).status == "completed"


async def test_reports_that_come_twice_tell_nothing_twice(baton: BatonInABox, chats: Chats) -> None:
    same = ["notify", "completed", "--id", "s-1/task/1", "--category", "task", "--json-body"]
    for _ in range(2):
        await chats.run("claude-code", "-m", "baton", *same, '{"id": "task 1 is done"}', "--sync")
    run = await the_run(baton)
    line = chats.line(only(baton))
    for _ in range(2):
        await chats.tool(run.id, "--json-body", '{"id": "docs are read"}')
        await chats.ide(f"{line.partition(' -- ')[0]} --id ide-1 -- true")

    assert (await the_run(baton)).status == "completed"
    assert len(outcomes(baton, "#general")) == len(outcomes(baton, CHANNEL)) == 1
    only(baton)
