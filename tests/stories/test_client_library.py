"""Programs that report with the library, over real HTTP: one piece of work, one thread."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import baton as library
from baton.client import Client, default_client
from baton.spool import flush_spool
from tests.stories.box import BatonInABox
from tests.stories.terminals import Office, Terminal, open_office

SHA = "3f1c" * 10


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*os.environ]:
        if name.startswith(("BATON_", "GITHUB_", "CI_", "CLAUDE_CODE_")):
            monkeypatch.delenv(name)
    monkeypatch.delenv("TRACEPARENT", raising=False)
    monkeypatch.setenv("BATON_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.chdir(tmp_path)


@pytest_asyncio.fixture(loop_scope="session")
async def office(baton: BatonInABox, tmp_path: Path) -> AsyncIterator[Office]:
    async with open_office(baton, tmp_path / "office") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def ada(office: Office) -> Terminal:
    return await office.terminal("ada")


@pytest.fixture
def client(ada: Terminal, office: Office) -> Client:
    return Client(office.url, ada.variables["BATON_TOKEN"], timeout=5)


def asked(baton: BatonInABox) -> list[str]:
    """Return the questions that stand in the threads now."""
    roots = baton.slack.roots()
    replies = [each for root in roots for each in baton.slack.thread(root)]
    return [each.plain for each in (*roots, *replies) if "Deploy v2.0" in each.plain]


async def in_thread(work: Any, *args: Any) -> Any:
    return await asyncio.to_thread(work, *args)


async def test_a_program_is_one_card_and_its_parts_are_lines_in_it(
    baton: BatonInABox, client: Client
) -> None:
    @library.tracked("Lint", client=client, category="job")
    def lint() -> None:
        raise ValueError("E501 in password=hunter2hunter2")

    def work() -> None:
        with library.process("Nightly", client=client, category="build") as running:
            running.progress(3, 10, "compiling")
            try:
                lint()
            except ValueError:
                running.result(tests=412)
        assert client.flush(5)

    await in_thread(work)
    await baton.quiet()

    (card,) = baton.slack.roots()
    assert (card.lines[0], card.state) == ("Nightly", "Succeeded")
    line = next(line for line in card.lines if "Lint" in line)
    assert "Failed" in line
    assert "hunter2" not in card.plain


async def test_a_program_asks_and_goes_on_with_the_answer(
    baton: BatonInABox, client: Client
) -> None:
    def work() -> tuple[bool, str | None]:
        with library.process("Release", client=client):
            said = client.ask("Deploy v2.0 to production?", approvers="@grace", wait=20)
        client.flush(5)
        return bool(said), said.choice

    working = asyncio.ensure_future(in_thread(work))
    await baton.until(lambda: bool(asked(baton)))
    await baton.quiet()
    await baton.click("Approve", by="grace")
    said = await asyncio.wait_for(working, 20)
    await baton.quiet()

    assert said == (True, "approve")
    assert len(baton.slack.roots()) == 1
    assert baton.slack.roots()[0].state == "Succeeded"


async def test_a_rejection_is_an_answer_and_not_the_end_of_the_program(
    baton: BatonInABox, client: Client
) -> None:
    def work() -> bool:
        with library.process("Release", client=client):
            said = client.ask("Deploy v2.0 to production?", approvers="@grace", wait=20)
        client.flush(5)
        return bool(said)

    working = asyncio.ensure_future(in_thread(work))
    await baton.until(lambda: bool(asked(baton)))
    await baton.quiet()
    await baton.click("Reject…", by="grace")
    await baton.submit(reason="the freeze ends on Monday", by="grace")
    said = await asyncio.wait_for(working, 20)
    await baton.quiet()

    assert said is False
    assert baton.slack.roots()[0].state == "Succeeded"


async def test_what_was_reported_while_the_server_was_away_arrives_once(
    baton: BatonInABox, office: Office, client: Client, ada: Terminal, tmp_path: Path
) -> None:
    await office.shut()

    def away() -> None:
        with library.process("Nightly", id="nightly-7", client=client):
            pass
        client._sender.finish()  # as when the program ends

    await in_thread(away)
    assert baton.slack.roots() == []
    kept = (tmp_path / "spool" / "spool.ndjson").read_text().splitlines()
    assert [json.loads(line)["event"]["status"] for line in kept] == ["started", "completed"]

    await office.open()
    later = Client(office.url, ada.variables["BATON_TOKEN"], timeout=5)
    assert await in_thread(flush_spool, later) == (2, 0, 0)
    await in_thread(client.flush, 5)  # the first program lives on and tries as well
    await baton.quiet()

    (card,) = baton.slack.roots()
    assert (card.lines[0], card.state) == ("Nightly", "Succeeded")
    assert len(baton.slack.calls("chat.postMessage")) == 1


async def test_the_next_night_is_the_next_attempt(baton: BatonInABox, client: Client) -> None:
    def night() -> Any:
        with library.process("Nightly", id="nightly", client=client):
            pass
        client.flush(5)
        return client.notify("nightly", "started", name="Nightly")

    first = await in_thread(night)
    await baton.quiet()

    assert first.attempt == 2
    assert baton.slack.roots()[0].state == "Running"


async def test_what_runs_in_one_ci_run_joins_one_thread(
    baton: BatonInABox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/web", "GITHUB_RUN_ID": "42",
        "GITHUB_SHA": SHA, "GITHUB_REF_NAME": "feature/x", "GITHUB_ACTOR": "ada",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    def work() -> list[Any]:
        told = [client.notify(f"step-{n}", "completed", name=f"Step {n}") for n in range(3)]
        return [each.thread_id for each in told if each is not None]

    threads = await in_thread(work)
    await baton.quiet()

    assert len(threads) == 3
    assert len(set(threads)) == 1


async def test_an_earlier_programs_calls_are_one_thread(
    baton: BatonInABox,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    ada: Terminal,
    office: Office,
) -> None:
    monkeypatch.setenv("BATON_URL", office.url)
    monkeypatch.setenv("BATON_TOKEN", ada.variables["BATON_TOKEN"])
    monkeypatch.setenv("BATON_TIMEOUT", "5")
    default_client.cache_clear()

    def work() -> list[str | None]:
        return [
            library.notify_process_started("p1", "Analysis", "claude_code"),
            library.notify_process_progress("p1", "Analysis", "claude_code", "half", 0.5),
            library.notify_process_completed(
                "p1", "Analysis", "claude_code", {"rows": 3}, ["Review"]
            ),
            library.emit_process_complete("Analysis", "claude_code", {"rows": 3}),
        ]

    threads = await in_thread(work)
    default_client.cache_clear()
    await baton.quiet()

    assert None not in threads
    assert len(set(threads)) == 1
    (card,) = baton.slack.roots()
    assert (card.lines[0], card.state) == ("Analysis", "Succeeded")
