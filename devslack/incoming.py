"""The endpoint of incoming webhooks: messages of other apps, without a token.

Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import time
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from devslack.broken import broken, too_many
from devslack.emulator import Emulator
from devslack.errors import ApiError
from devslack.payloads import read_body
from devslack.shapes import Json, Unreadable, parse
from devslack.web_api.arguments import body_of
from devslack.webhooks import Webhook

METHOD = "webhook"
STATUS = {"no_service": 404, "channel_not_found": 404, "channel_is_archived": 410}


class Incoming:
    """Takes what is posted to a webhook. Refusals are plain text with a status of their own."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def __call__(self, request: Request) -> Response:
        """Take one message."""
        emulator, started = self._emulator, time.monotonic()
        if (fault := broken(emulator.faults, METHOD)) is not None:
            return fault
        payload: Any = None
        try:
            hook = self._hook(request.url.path)
            if wait := emulator.limits.wait(METHOD, hook.channel):
                return too_many(wait)
            payload = _payload(await body_of(request))
            self._post(hook, payload)
        except ApiError as error:
            refusal = error.error
        else:
            refusal = ""
        self._keep(payload, refusal, started)
        emulator.deliveries.touch()
        return PlainTextResponse(refusal or "ok", STATUS.get(refusal, 400) if refusal else 200)

    def _hook(self, path: str) -> Webhook:
        hook = self._emulator.webhooks.held.get(path)
        if hook is None:
            raise ApiError("no_service")
        channel = self._emulator.workspace.channels.get(hook.channel)
        if channel is None:
            raise ApiError("channel_not_found")
        if channel.archived:
            raise ApiError("channel_is_archived")
        return hook

    def _post(self, hook: Webhook, payload: Json) -> None:
        workspace = self._emulator.workspace
        body = read_body(payload, self._emulator.ids.short)
        thread = payload.get("thread_ts", "")
        root = workspace.message(hook.channel, thread) if isinstance(thread, str) else None
        if thread and (root is None or root.is_reply):
            raise ApiError("invalid_thread_ts")
        workspace.post(hook.channel, hook.author, body, root.ts if root else "")

    def _keep(self, payload: Any, refusal: str, started: float) -> None:
        record = self._emulator.record
        entry = {
            "seq": record.next(),
            "at": self._emulator.clock.now(),
            "method": METHOD,
            "args": payload if isinstance(payload, dict) else {},
            "ok": not refusal,
            "error": refusal or None,
            "status": STATUS.get(refusal, 400) if refusal else 200,
            "ms": round((time.monotonic() - started) * 1000, 1),
            "response": refusal or "ok",
            "faults": [],
        }
        record.call(entry)


def _payload(body: bytes) -> Json:
    text = body.decode("utf-8", "replace")
    if text.startswith("payload="):
        text = parse_qs(text).get("payload", [""])[0]
    try:
        payload = parse(text)
    except Unreadable as error:
        raise ApiError("invalid_payload") from error
    if not isinstance(payload, dict):
        raise ApiError("invalid_payload")
    return payload
