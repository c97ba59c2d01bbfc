"""A run is started with a secret: what it calls gets it, and nothing else ever holds it."""

import asyncio
import json
import secrets
import string
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from bot.housekeeping import Housekeeping
from coordination.database import run_secrets, select
from tests.stories.box import BatonInABox
from tests.stories.sinks import leaks, refused
from tests.stories.terminals import open_office

LETTERS = string.ascii_letters + string.digits
ROTATE = """
name: rotate
title: Rotate a key
inputs:
  token: {type: string, secret: true, min_length: 8}
  host: {type: string, required: true}
steps:
  - id: gate
    approval:
      title: Call {{ inputs.host }}?
      approvers: ["@grace"]
      covers: [call]
  - id: call
    action: http.request
    params:
      method: POST
      url: "http://{{ inputs.host }}/?t={{ inputs.token }}"
      headers: {Authorization: "Bearer {{ inputs.token }}"}
      json: {token: "{{ inputs.token }}"}
  - id: pass_on
    workflow: inner
    inputs: {key: "{{ inputs.token }}"}
  - id: say
    action: slack.post
    params: {text: "It answered {{ steps.call.output.status }} to {{ inputs.token }}: {{ steps.call.output.body }}"}
    condition: "false"
outputs:
  body: "{{ steps.call.output.body }}"
"""
INNER = """
name: inner
inputs: {key: {type: string, secret: true, required: true}}
steps:
  - {id: use, action: test.work, params: {what: "use {{ inputs.key }}"}}
  - {id: post, action: slack.post, params: {text: "Used {{ inputs.key }}"}}
outputs: {said: "{{ steps.use.output.did }}"}
"""
HELD = select(run_secrets.c.name, run_secrets.c.sealed)


def canary() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(32)) + "/+ &="


@dataclass
class Vault:
    """A server that writes down what it is asked, says all of it back, and fails as often as told."""

    port: int = 0
    fails: int = 0
    heard: list[str] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
        body = (await reader.readexactly(int(length[0].split(":")[1]))).decode()
        token = json.loads(body)["token"]
        self.heard.append(token)
        assert f"Bearer {token}" in head
        status = "500 No" if len(self.heard) <= self.fails else "200 OK"
        said = (
            f"{head}{body} {quote(token)} {b64encode(b'ada:' + token.encode()).decode()}".encode()
        )
        writer.write(
            f"HTTP/1.1 {status}\r\nx-said: {quote(token)}\r\ncontent-length: {len(said)}\r\n\r\n".encode()
            + said
        )
        await writer.drain()
        writer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def vault(baton: BatonInABox) -> AsyncIterator[Vault]:
    vault = Vault()
    server = await asyncio.start_server(vault.answer, "127.0.0.1", 0)
    vault.port = server.sockets[0].getsockname()[1]
    allow(baton, vault)
    yield vault
    server.close()
    await server.wait_closed()


def allow(baton: BatonInABox, vault: Vault) -> None:
    baton.life.world.http._allow = frozenset({f"127.0.0.1:{vault.port}"})


async def start(baton: BatonInABox, vault: Vault, token: str, **more: Any) -> Any:
    inputs = {"token": token, "host": f"127.0.0.1:{vault.port}"}
    answer = await baton.ask("POST", "/v1/workflows/rotate/runs", json={"inputs": inputs, **more})
    await baton.quiet()
    return answer


async def answers(baton: BatonInABox, *runs: str) -> dict[str, str]:
    """Return all that HTTP says about these runs."""
    paths = ["/v1/runs", "/v1/workflows/rotate", "/v1/events", "/v1/approvals", "/v1/threads"]
    paths += [f"/v1/runs/{run}" for run in runs]
    paths += [f"/v1/runs/{run}/steps/call/log" for run in runs]
    said = {path: (await baton.ask("GET", path)).text for path in paths}
    for event in json.loads(said["/v1/events"])["events"]:
        path = f"/v1/events/{event['event_id']}/explain"
        said[path] = (await baton.ask("GET", path)).text
    for run in runs:
        said[f"page {run}"] = (await baton.page(f"/r/{run}", by="grace")).text
    return said


async def kept(baton: BatonInABox) -> list[bool]:
    rows = await baton.life.door.read(lambda reader: reader.fetch_all(HELD))
    return [row.sealed is not None for row in rows]


async def test_a_secret_reaches_who_it_is_for_and_nothing_else(
    baton: BatonInABox, vault: Vault
) -> None:
    token = canary()
    vault.fails = 1
    assert await baton.publish(INNER)
    assert await baton.publish(ROTATE)
    first = await start(baton, vault, token, request_id="r-1")
    again = await start(baton, vault, token, request_id="r-1")
    await baton.click("Details", by="grace", on="R-1")
    asked = baton.form(by="grace")
    await baton.click("Approve", by="grace", on="R-1")
    failed = await baton.run("R-1")
    said = await answers(baton, "R-1")
    told = [await baton.slash(f"{verb} R-1", by="grace") for verb in ("status", "explain")]

    await baton.kill()
    allow(baton, vault)
    told.append(await baton.slash("retry R-1", by="grace"))
    await baton.click("Approve", by="grace", on="R-1")
    await baton.until(lambda: len(vault.heard) == 2)
    await baton.quiet()

    assert first.json()["id"] == again.json()["id"]
    assert (first.status_code, failed.status) == (202, "failed")
    assert (await baton.run("R-1")).status == "completed"
    assert vault.heard == [token, token]
    assert baton.performed == [f"use {token}"]
    assert "?t=[secret inputs.token]" in asked
    assert "answered 500" in said["/v1/runs/R-1"]
    assert await kept(baton) == [False, False]
    more = await answers(baton, "R-1", "R-2")
    assert leaks(baton, token, told=str(told), asked=asked, first=first.text, **said) == []
    assert leaks(baton, token, **more) == []
    assert refused(baton) == []


async def test_the_same_request_with_another_secret_is_another_one(
    baton: BatonInABox, vault: Vault
) -> None:
    one, two = canary(), canary()
    await baton.publish(INNER)
    await baton.publish(ROTATE)
    first = await start(baton, vault, one, request_id="r-1")
    other = await start(baton, vault, two, request_id="r-1")
    again = await start(baton, vault, one, request_id="r-1")

    assert (first.status_code, other.status_code) == (202, 422)
    assert again.json()["id"] == first.json()["id"]
    assert leaks(baton, one, other=other.text) == []
    assert leaks(baton, two, other=other.text) == []


async def test_a_secret_that_does_not_fit_is_not_repeated(baton: BatonInABox, vault: Vault) -> None:
    await baton.publish(INNER)
    await baton.publish(ROTATE)
    short = await start(baton, vault, "sh0rt")
    wrong = await baton.ask(
        "POST", "/v1/workflows/rotate/runs", json={"inputs": {"token": {"deep": "l0ng-enough"}}}
    )

    assert (short.status_code, wrong.status_code) == (422, 422)
    assert "at least 8 characters" in short.text
    assert "sh0rt" not in short.text
    assert "l0ng-enough" not in wrong.text
    assert await kept(baton) == []


async def test_a_rehearsal_shows_a_handle(baton: BatonInABox) -> None:
    token = canary()
    await baton.publish(INNER)
    await baton.publish(ROTATE)
    body = {"inputs": {"token": token, "host": "x.example"}, "decide": {"gate": "approve"}}
    answer = await baton.ask("POST", "/v1/workflows/rotate/dry-run", json=body)

    assert answer.status_code == 200, answer.text
    assert "Bearer [secret inputs.token]" in answer.text
    assert leaks(baton, token, answer=answer.text) == []


async def test_slack_takes_no_secret(baton: BatonInABox) -> None:
    await baton.publish(INNER)
    await baton.publish(ROTATE)
    said = await baton.slash("start rotate host:x.example token:abcdefgh", by="grace")
    rehearsed = await baton.slash("dry-run rotate host:x.example token:abcdefgh", by="grace")
    await baton.slash("start inner", by="grace")
    needs = baton.form(by="grace")
    await baton.slash("start rotate", by="mallory")
    form = json.dumps(baton.slack.modal("mallory"))

    assert "`token` is secret, and Slack keeps what is typed" in said
    assert "baton start rotate NAME=@FILE" in said
    assert "is secret" in rehearsed
    assert "`key` is secret" in needs.replace("“", "`")
    assert "baton start inner NAME=@FILE" in needs
    assert "baton start rotate NAME=@FILE" in form
    assert await baton.submit(by="mallory", host="x.example") == {}
    (run,) = await baton.runs()
    assert run.inputs == {"token": None, "host": "x.example"}
    assert "abcdefgh" not in json.dumps([each.plain for each in baton.slack.roots()])


@pytest.mark.parametrize("way", ["@{file}", "@env:CANARY"])
async def test_a_shell_gives_a_secret_without_its_history(
    baton: BatonInABox, vault: Vault, tmp_path: Path, way: str
) -> None:
    token = canary()
    await baton.publish(INNER)
    await baton.publish(ROTATE)
    file = tmp_path / "token.txt"
    file.write_text(f"{token}\n", encoding="utf-8")
    async with open_office(baton, tmp_path / "office") as office:
        ada = await office.terminal("ada")
        value = way.replace("{file}", str(file))
        line = f"baton start rotate token={value} host=127.0.0.1:{vault.port} --json"
        done = await ada.type(line, CANARY=token)
        wrong = await ada.type("baton start rotate token=@env:NOBODY host=x", CANARY=token)
        typed = await ada.type("baton start rotate token=typed-out host=x")
        await baton.quiet()
        await baton.click("Approve", by="grace", on="R-1")
        status = await ada.type("baton status R-1 --json")

    assert (done.code, done.err) == (0, "")
    assert vault.heard == [token]
    assert (wrong.code, "NOBODY is not set" in wrong.err) == (2, True)
    assert (typed.code, "history of your shell" in typed.err) == (0, True)
    assert leaks(baton, token, done=done.out, wrong=wrong.err, status=status.out) == []


async def test_what_may_be_retried_is_kept_for_a_week(baton: BatonInABox, vault: Vault) -> None:
    vault.fails = 1
    await baton.publish(INNER)
    await baton.publish(ROTATE)
    await start(baton, vault, canary())
    await baton.click("Approve", by="grace", on="R-1")
    assert (await baton.run("R-1")).status == "failed"

    await baton.advance(days=6)
    await Housekeeping(baton.life.door, baton.life.world).round()
    early = await kept(baton)
    await baton.advance(days=2)
    await Housekeeping(baton.life.door, baton.life.world).round()

    assert (early, await kept(baton)) == ([True], [False])
