"""The local Slack of the demo: a child process, and the people of the story acting in it."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from baton.connector import Http, HttpResponse
from baton.errors import BatonError

PATIENCE = timedelta(seconds=20)


class LocalSlackFailed(BatonError):
    """The local Slack did not start, or did not do what it was asked."""


class NotThere(LocalSlackFailed):
    """What somebody went to press does not stand there, or not any more."""


@dataclass(frozen=True, slots=True)
class LocalSlack:
    """Where the local Slack listens, the tokens for it, and the process that is it."""

    api_url: str
    page_url: str
    bot_token: str
    app_token: str
    child: asyncio.subprocess.Process

    def dismiss(self) -> None:
        """Tell it to end, without waiting for it."""
        with contextlib.suppress(ProcessLookupError):
            self.child.terminate()

    async def stop(self) -> None:
        """End it; it ends by itself too when this process goes."""
        if self.child.returncode is not None:
            return
        self.dismiss()
        try:
            await asyncio.wait_for(self.child.wait(), 2)
        except TimeoutError:
            self.child.kill()
            await self.child.wait()


async def start_local_slack(
    *, data: Path, port: int, page: Path, frame_ancestor: str, manifest: Path
) -> LocalSlack:
    """Start it on the workspace of *data*, with the app that *manifest* describes.

    Raises:
        LocalSlackFailed: it said nothing, or ended; its last words are in ``slack.log`` of *data*.
    """
    log = data / "slack.log"
    arguments = ["--port", str(port), "--state", str(data / "slack.state"), "--exit-with-stdin"]
    if await asyncio.to_thread(page.is_dir):
        arguments += ["--page", str(page)]
    arguments += ["--frame-ancestors", frame_ancestor, "--manifest", str(manifest)]
    with log.open("ab") as errors:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "devslack",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    facts = await first_line(child, log)
    return LocalSlack(
        api_url=facts["api_url"],
        page_url=facts["page_url"],
        bot_token=facts["bot_token"],
        app_token=facts["app_token"],
        child=child,
    )


async def first_line(child: asyncio.subprocess.Process, log: Path) -> Mapping[str, str]:
    if child.stdout is None:
        raise LocalSlackFailed("The local Slack has no output to read.")
    try:
        line = await asyncio.wait_for(child.stdout.readline(), PATIENCE.total_seconds())
        facts: Mapping[str, str] = json.loads(line)
    except (TimeoutError, ValueError):
        child.kill()
        await child.wait()
        raise LocalSlackFailed(f"The local Slack did not start. {log} says why.") from None
    return facts


@dataclass(frozen=True, slots=True)
class Personas:
    """The people of the story: they click and type as anybody would on the page."""

    http: Http
    page_url: str

    async def messages(self, channel: str, thread_ts: str | None = None) -> list[dict[str, Any]]:
        """Return what stands in the channel, or in one of its threads, oldest first."""
        query = f"?channel={channel.replace('#', '%23')}&limit=200"
        query += f"&thread_ts={thread_ts}" if thread_ts else ""
        found: list[dict[str, Any]] = (await self.call("GET", f"messages{query}"))["messages"]
        return found

    async def channel(self, name: str) -> str:
        """Return the id of the channel *name*.

        Raises:
            LocalSlackFailed: there is none.
        """
        for one in (await self.call("GET", "channels"))["channels"]:
            if name in (one["id"], f"#{one['name']}", one["name"]):
                return str(one["id"])
        raise LocalSlackFailed(f"The local Slack has no channel {name}.")

    async def click(self, person: str, channel: str, ts: str, action_id: str) -> dict[str, Any]:
        """Press a button.

        Raises:
            NotThere: the message has none with this *action_id*.
        """
        body = {"as": person, "channel": channel, "ts": ts, "action_id": action_id}
        return await self.call("POST", "click", body)

    async def views(self, person: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.call("GET", f"views?as={person}"))["stack"]
        return found

    async def wait_view(self, person: str, callback_id: str) -> dict[str, Any]:
        """Return the modal that opened for *person*."""
        until = {"view": {"as": person, "callback_id": callback_id}}
        found = await self.call("POST", "wait", {"until": until, "timeout_ms": 10_000})
        view: dict[str, Any] = found["view"]
        return view

    async def submit(
        self, person: str, view_id: str, values: Mapping[str, Mapping[str, str]]
    ) -> dict[str, Any]:
        return await self.call("POST", f"views/{view_id}/submit", {"as": person, "values": values})

    async def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Ask the control API; its 4xx carry a sentence, which is raised."""
        answer = await self.http.request(
            method,
            f"{self.page_url.rstrip('/')}/devslack/{path}",
            headers={"content-type": "application/json"} if body is not None else {},
            content=json.dumps(body).encode() if body is not None else None,
            timeout=PATIENCE,
            allow=(authority(self.page_url),),
        )
        return checked(answer, path)


def authority(url: str) -> str:
    return url.split("://", 1)[1].split("/", 1)[0]


def checked(answer: HttpResponse, path: str) -> dict[str, Any]:
    try:
        body: dict[str, Any] = json.loads(answer.body)
    except ValueError:
        body = {}
    if answer.status >= 400:
        why = body.get("detail") or body.get("error") or answer.status
        refusal = NotThere if body.get("error") == "no_such_element" else LocalSlackFailed
        raise refusal(f"The local Slack refused {path.split('?', maxsplit=1)[0]}: {why}")
    return body
