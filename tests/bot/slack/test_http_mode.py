"""Slack's HTTP mode on the real program: Slack calls, signs, and is believed only then, and once."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from bot.configuration import Configuration
from bot.lifecycle import living
from bot.settings import InvalidSettings, read_settings
from bot.slack.manifest import manifest
from devslack.app import Server
from devslack.emulator import Options
from devslack.http_mode import sign
from devslack.manifest import understand

FORM = "application/x-www-form-urlencoded"
ODD = "9" * 5000
PATIENCE = 60.0  # s; the machine may have a lot to do


@dataclass
class Called:
    """A Baton that Slack calls."""

    slack: Server
    url: str
    now: int

    async def post(self, body: bytes, headers: dict[str, str], kind: str = FORM) -> httpx.Response:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            headers = {"Content-Type": kind, **headers}
            return await client.post(f"{self.url}/slack/events", content=body, headers=headers)

    def signed(self, body: bytes, *, at: int | None = None) -> dict[str, str]:
        stamp = self.now if at is None else at
        signature = sign(self.slack.keys.signing_secret, stamp, body)
        return {"X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": signature}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@asynccontextmanager
async def called(data: Path) -> AsyncIterator[Called]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = Options(
        manifest=understand(manifest()), deliver="http", request_url=f"{url}/slack/events"
    )
    async with Server(options) as slack:
        settings = read_settings(
            _env_file=None,
            slack_mode="http",
            slack_bot_token=slack.keys.bot_token,
            slack_signing_secret=slack.keys.signing_secret,
            slack_api_url=slack.api_url,
            port=port,
            data=data,
        )
        async with living(settings, Configuration()) as life:
            yield Called(slack, url, int(life.baton.world.clock.now().timestamp()))


def command(text: str) -> bytes:
    members = {"command": "/baton", "text": text, "user_id": "U0ADA", "channel_id": "C0GENERAL"}
    return urlencode({**members, "trigger_id": "1.2", "team_id": "T0DEVSLACK"}).encode()


async def test_a_command_that_slack_sends_is_answered(tmp_path: Path) -> None:
    async with (
        called(tmp_path) as baton,
        httpx.AsyncClient(base_url=baton.slack.url, timeout=PATIENCE) as slack,
    ):
        ready = await slack.get(f"{baton.url}/readyz")
        assert ready.status_code == 200, ready.text
        body = {"as": "U0ADA", "channel": "#general", "command": "/baton", "text": "help"}
        done = await slack.post("/devslack/slash", json=body)
    assert done.json().get("ack", {}).get("state") == "acked", done.text


async def test_slack_is_told_that_the_address_is_ours(tmp_path: Path) -> None:
    async with called(tmp_path) as baton:
        body = b'{"type": "url_verification", "challenge": "c1"}'
        said = await baton.post(body, baton.signed(body), "application/json")
        assert (said.status_code, "c1" in said.text) == (200, True)


async def test_what_slack_did_not_sign_is_refused_with_one_answer(tmp_path: Path) -> None:
    body = command("help")
    async with called(tmp_path) as baton:
        good = baton.signed(body)
        stamp, signature = "X-Slack-Request-Timestamp", "X-Slack-Signature"
        wrong = [
            {},
            {"Content-Encoding": "gzip"},
            {stamp: good[stamp]},
            {signature: good[signature]},
            {**good, signature: ""},
            {**good, signature: "v0=" + "0" * 64},
            {**good, signature: good[signature].replace("v0=", "v1=")},
            {**good, signature: good[signature].upper()},
            {**good, stamp: "soon"},
            {**good, stamp: ODD},
            {**good, stamp: f"-{good[stamp]}"},
            baton.signed(body, at=baton.now - 301),
            baton.signed(body, at=baton.now + 120),
            baton.signed(body + b"&more=1"),
        ]
        answers = [await baton.post(body, headers) for headers in wrong]
        assert {each.status_code for each in answers} == {401}
        bodies = {each.text.replace(each.headers["x-request-id"], "") for each in answers}
        assert len(bodies) == 1
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            nobody = await client.get(f"{baton.url}/v1/whoami")
        assert nobody.json()["code"] == answers[0].json()["code"]


async def test_a_request_counts_once_however_often_it_is_sent(tmp_path: Path) -> None:
    body = command("help")
    async with called(tmp_path) as baton:
        headers = baton.signed(body)
        assert (await baton.post(body, headers)).status_code == 200
        assert (await baton.post(body, headers)).status_code == 401


async def test_what_slack_tries_again_is_heard(tmp_path: Path) -> None:
    """It does so where nobody answered: this may be the only time that it comes through."""
    body = b'{"type": "url_verification", "challenge": "c1"}'
    again = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
    async with called(tmp_path) as baton:
        said = await baton.post(body, {**baton.signed(body), **again}, "application/json")
        assert (said.status_code, "c1" in said.text) == (200, True)


async def test_bytes_that_are_no_text_are_no_error_of_ours(tmp_path: Path) -> None:
    async with called(tmp_path) as baton:
        for body in (b"\xff\xfe", b"payload=%7Bnot+json", b"payload=%5B%5D", b"", b"x" * 1000):
            said = await baton.post(body, baton.signed(body))
            assert said.status_code < 500, (body, said.text)


async def test_without_the_signing_secret_it_does_not_start(tmp_path: Path) -> None:
    settings = read_settings(
        _env_file=None,
        slack_mode="http",
        slack_bot_token="xoxb-1",  # noqa: S106
        port=0,
        data=tmp_path,
    )
    with pytest.raises(InvalidSettings, match="SLACK_SIGNING_SECRET is not set"):
        async with living(settings, Configuration()):
            pass
    assert not (tmp_path / "baton.db").exists()


async def test_in_socket_mode_there_is_no_such_address(tmp_path: Path) -> None:
    async with Server(Options(manifest=understand(manifest()))) as slack:
        settings = read_settings(
            _env_file=None,
            slack_bot_token=slack.keys.bot_token,
            slack_app_token=slack.keys.app_token,
            slack_api_url=slack.api_url,
            port=0,
            data=tmp_path,
        )
        async with (
            living(settings, Configuration()) as life,
            httpx.AsyncClient(timeout=PATIENCE) as client,
        ):
            said = await client.post(f"{life.settings.address}/slack/events", content=b"{}")
            assert said.status_code == 404
