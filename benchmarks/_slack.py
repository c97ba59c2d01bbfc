"""A Slack that takes everything at once and notes when, for what would measure the local Slack instead.

Run as a program with a port. It answers the Web API over real HTTP and holds one socket open; what
was posted and edited is listed at ``/seen``, each with the moment at which the request had arrived.
"""

import json
import sys
import time
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

APPROVER = {"id": "U0GRACE", "name": "grace", "real_name": "Grace", "is_admin": True}
SEEN = web.AppKey("seen", list[dict[str, Any]])
STAMPS = web.AppKey("stamps", count)  # type: ignore[type-arg]  # of integers


async def call(request: web.Request) -> web.Response:
    """Answer one method as Slack does when all is well."""
    at, method = time.monotonic(), request.match_info["method"]
    raw = await request.read()
    given = json.loads(raw) if raw[:1] == b"{" else dict(request.query)
    return web.json_response({"ok": True, **answer(request.app, method, given, at)})


def answer(app: web.Application, method: str, given: dict[str, Any], at: float) -> dict[str, Any]:
    if method in ("chat.postMessage", "chat.update"):
        ts = given.get("ts") or f"{1_700_000_000 + next(app[STAMPS])}.000001"
        mark = (given.get("metadata") or {}).get("event_payload") or {}
        slot = mark.get("s", "")
        app[SEEN].append(
            {"at": at, "method": method, "slot": slot, "text": given["text"], "ts": ts}
        )
        channel = "C" + str(given["channel"]).lstrip("#C").upper()
        return {"channel": channel, "ts": ts}
    if method == "chat.getPermalink":
        ts = str(given["message_ts"]).replace(".", "")
        return {"permalink": f"https://bench.slack.com/archives/{given['channel']}/p{ts}"}
    if method == "apps.connections.open":
        return {"url": f"ws://127.0.0.1:{sys.argv[1]}/socket"}
    return {
        "user_id": "U0BOT",
        "bot_id": "B0BOT",
        "team_id": "T0",
        "url": "https://bench.slack.com/",
        "members": [APPROVER],
        "usergroups": [],
        "channels": [],
        "messages": [],
        "channel": {"id": "D0"},
    }


async def socket(request: web.Request) -> web.WebSocketResponse:
    line = web.WebSocketResponse(autoping=True)
    await line.prepare(request)
    hello = {"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0"}}
    await line.send_json(hello)
    async for message in line:
        if message.type == WSMsgType.PING:
            await line.pong(message.data)
    return line


async def seen(request: web.Request) -> web.Response:
    """Return what came since the last time."""
    found, request.app[SEEN][:] = list(request.app[SEEN]), []
    return web.json_response(found)


def main() -> None:
    app = web.Application(client_max_size=2**22)
    app[SEEN], app[STAMPS] = [], count()
    app.router.add_get("/seen", seen)
    app.router.add_get("/socket", socket)
    app.router.add_route("*", "/api/{method}", call)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
