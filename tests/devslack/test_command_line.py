"""``python -m devslack`` as a process: its first line, its options, a kill and what is left after."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from devslack.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def run() -> AsyncIterator[Callable[..., Any]]:
    children: list[asyncio.subprocess.Process] = []

    async def spawn(*args: str) -> asyncio.subprocess.Process:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "devslack", *args),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        children.append(child)
        return child

    yield spawn
    for child in children:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def greeting(child: asyncio.subprocess.Process) -> dict[str, str]:
    assert child.stdout is not None
    line: dict[str, str] = json.loads(await asyncio.wait_for(child.stdout.readline(), 20))
    return line


async def post(hello: dict[str, str], text: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as http:
        url, head = (
            hello["api_url"] + "chat.postMessage",
            {"authorization": f"Bearer {hello['bot_token']}"},
        )
        async with http.post(
            url, json={"channel": "#releases", "text": text}, headers=head
        ) as reply:
            answer: dict[str, Any] = await reply.json()
            return answer


async def test_a_kill_loses_no_message_that_was_answered(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    state = str(tmp_path / "slack.state")
    child = await run("--state", state)
    before = await greeting(child)
    first = await post(before, "one")
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()

    after = await greeting(await run("--state", state, "--exit-with-stdin"))
    second = await post(after, "two")
    async with (
        aiohttp.ClientSession() as http,
        http.get(after["page_url"] + "devslack/messages?channel=releases") as reply,
    ):
        held = (await reply.json())["messages"]

    assert [(m["text"], m["ts"]) for m in held] == [("one", first["ts"]), ("two", second["ts"])]
    assert second["ts"] > first["ts"]
    assert {k: after[k] for k in after if "token" in k or "secret" in k} == {
        k: before[k] for k in before if "token" in k or "secret" in k
    }
    assert before["api_url"].endswith("/api/")


async def test_it_ends_with_its_input_or_by_a_signal(run: Callable[..., Any]) -> None:
    piped, signalled = await run("--exit-with-stdin"), await run("--print-env", "--seed", "1")
    await greeting(piped)
    lines = [(await signalled.stdout.readline()).decode().split("=")[0] for _ in range(4)]
    piped.stdin.close()
    signalled.terminate()
    codes = await asyncio.wait_for(asyncio.gather(piped.wait(), signalled.wait()), 5)

    assert codes == [0, 0]
    assert lines == ["SLACK_API_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--manifest", "no-such-file"], "no-such-file"),
        (["--deliver", "http"], "--request-url"),
        (["--frame-ancestors", "everybody; script-src *"], "must be an origin"),
        (["--port", "99999"], "--port"),
    ],
)
def test_what_cannot_be_started_says_why(
    args: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(args)
    out, err = capsys.readouterr()

    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1  # one sentence, no traceback
