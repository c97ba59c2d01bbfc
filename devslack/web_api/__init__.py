"""The Web API: finds the method, checks token, scopes and arguments, runs it and keeps the record."""

import asyncio
import logging
import time
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from devslack.emulator import Emulator
from devslack.errors import ApiError
from devslack.faults import Fault
from devslack.record import masked
from devslack.shapes import Json, dump
from devslack.web_api import (
    apps,
    arguments,
    channels,
    chat,
    conversations,
    files,
    marks,
    people,
    schedules,
    screens,
    sessions,
    streams,
)
from devslack.web_api.calls import Call, Method, missing_scope

log = logging.getLogger("devslack")

METHODS: dict[str, Method] = {
    **apps.METHODS,
    **chat.METHODS,
    **streams.METHODS,
    **schedules.METHODS,
    **conversations.METHODS,
    **channels.METHODS,
    **people.METHODS,
    **marks.METHODS,
    **files.METHODS,
    **screens.METHODS,
    **sessions.METHODS,
}
HUNG_SECONDS = 30.0
# Faults that answer instead of the method: status and body.
BROKEN = {
    "api_500": (500, '{"ok":false,"error":"internal_error"}'),
    "api_503": (503, "upstream connect error"),
    "api_non_json": (200, "<html><body>Something went wrong</body></html>"),
    "api_empty": (200, ""),
}


@dataclass(slots=True)
class Happening:
    """What the record will say of a call."""

    method: str
    args: Json
    started: float
    faults: list[str]
    token: str = ""


class WebApi:
    """The endpoint."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def __call__(self, request: Request) -> Response:
        """Answer one call."""
        deliveries = self._emulator.deliveries
        deliveries.in_flight += 1
        try:
            return await self._answer(request)
        finally:
            deliveries.in_flight -= 1
            deliveries.touch()

    async def _answer(self, request: Request) -> Response:
        happening = Happening(request.path_params["method"], {}, time.monotonic(), [])
        broken = await self._trouble_before(happening, request)
        if broken is not None:
            return broken
        try:
            body, status = await self._run(happening, request), 200
        except ApiError as error:
            body, status = error.body(), 429 if error.error == "ratelimited" else 200
        self._keep(happening, body, status)
        if self._strikes("api_reset_after", happening):
            return self._cut(request)
        return self._respond(body, status)

    async def _run(self, happening: Happening, request: Request) -> Json:
        happening.args = await arguments.read(request)
        happening.token = _token(request, happening.args)
        emulator, method = self._emulator, METHODS.get(happening.method)
        if method is None:
            log.error("devslack has no method %r: answered unknown_method", happening.method)
            raise ApiError("unknown_method", req_method=happening.method)
        self._injected(happening)
        self._authorise(method, happening.token)
        arguments.required(happening.args, method.required)
        wait = emulator.limits.wait(happening.method, self._channel(happening))
        if wait:
            raise ApiError("ratelimited", retry_after=wait)
        call = Call(emulator, happening.method, happening.args, str(request.base_url).rstrip("/"))
        return {"ok": True, **method.run(call)}

    def _channel(self, happening: Happening) -> str:
        # A channel may be named in two ways and has one bucket.
        name = str(happening.args.get("channel", ""))
        found = self._emulator.workspace.channel_named(name)
        return found.id if found else name

    # -- who may -------------------------------------------------------------------------------

    def _authorise(self, method: Method, token: str) -> None:
        if not method.token:
            return
        if not token:
            raise ApiError("not_authed")
        kind = self._kind(token)
        if self._emulator.revoked and kind == "bot":
            raise ApiError("token_revoked")
        if method.token not in ("any", kind):
            raise ApiError("not_allowed_token_type")
        granted = self._emulator.scopes
        if kind == "bot" and method.scopes and not granted & set(method.scopes):
            raise missing_scope(self._emulator, method.scopes)

    def _kind(self, token: str) -> str:
        keys, lenient = self._emulator.keys, self._emulator.options.lenient
        if token == keys.bot_token or (lenient and token.startswith("xoxb-")):
            return "bot"
        if token == keys.app_token or (lenient and token.startswith("xapp-")):
            return "app"
        raise ApiError("invalid_auth")

    # -- trouble -------------------------------------------------------------------------------

    def _take(self, switch: str, happening: Happening) -> Fault | None:
        fault = self._emulator.faults.take(switch, method=happening.method)
        if fault is not None:
            happening.faults.append(switch)
        return fault

    def _strikes(self, switch: str, happening: Happening) -> bool:
        return self._take(switch, happening) is not None

    async def _trouble_before(self, happening: Happening, request: Request) -> Response | None:
        if (slow := self._take("slow", happening)) is not None:
            await asyncio.sleep(slow.args["ms"] / 1000)
        for switch, (status, body) in BROKEN.items():
            if self._strikes(switch, happening):
                self._keep(happening, {"ok": False, "error": switch}, status)
                return Response(body, status, media_type="text/html" if "<" in body else None)
        if self._strikes("api_reset_before", happening):
            self._keep(happening, {"ok": False, "error": "api_reset_before"}, 0)
            return self._cut(request)
        if (hung := self._take("api_timeout", happening)) is not None:
            self._keep(happening, {"ok": False, "error": "api_timeout"}, 0)
            await asyncio.sleep(hung.args.get("ms", HUNG_SECONDS * 1000) / 1000)
            return self._cut(request)
        return None

    def _injected(self, happening: Happening) -> None:
        if (limited := self._take("ratelimit_next", happening)) is not None:
            raise ApiError("ratelimited", retry_after=limited.args.get("retry_after", 1))
        if (wrong := self._take("error_next", happening)) is not None:
            raise ApiError(wrong.args["error"])

    def _cut(self, request: Request) -> Response:
        client = request.client
        if client is None or not self._emulator.abort((client.host, client.port)):
            log.warning("this server cannot cut connections: answered 502 instead")
        return Response(status_code=502)

    # -- the answer ----------------------------------------------------------------------------

    def _keep(self, happening: Happening, body: Json, status: int) -> None:
        emulator = self._emulator
        args = {**happening.args, "token": masked(happening.token)}
        entry = {
            "seq": emulator.record.next(),
            "at": emulator.clock.now(),
            "method": happening.method,
            "args": args,
            "ok": body.get("ok", False),
            "error": body.get("error"),
            "status": status,
            "ms": round((time.monotonic() - happening.started) * 1000, 1),
            "response": body,
            "faults": happening.faults,
        }
        emulator.record.call(entry)

    def _respond(self, body: Json, status: int) -> Response:
        headers = {
            "x-oauth-scopes": ",".join(sorted(self._emulator.scopes)),
            "x-slack-req-id": self._emulator.ids.secret(32),
            "cache-control": "no-store",
        }
        if status == 429:
            headers["retry-after"] = str(body.pop("retry_after"))
        return Response(dump(body), status, headers, media_type="application/json; charset=utf-8")


def _token(request: Request, args: Json) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip()
    return arguments.text(args, "token")
