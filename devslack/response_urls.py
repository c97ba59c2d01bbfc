"""The addresses given out with an interaction: a few answers, without a token."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from devslack.broken import broken
from devslack.emulator import Emulator
from devslack.errors import ApiError
from devslack.handles import ResponseUrl, error_json
from devslack.model import Message
from devslack.payloads import Body, read_body
from devslack.shapes import Json, Unreadable, parse
from devslack.web_api.arguments import body_of

KNOWN = frozenset(
    [
        "text",
        "blocks",
        "attachments",
        "metadata",
        "response_type",
        "replace_original",
        "delete_original",
        "thread_ts",
        "unfurl_links",
        "unfurl_media",
        "mrkdwn",
        "parse",
        "link_names",
    ]
)


class ResponseUrls:
    """The endpoint of every response_url."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def __call__(self, request: Request) -> Response:
        """Take one answer. Refusals are plain text, but for a URL that is used up."""
        if (fault := broken(self._emulator.faults, "response_url")) is not None:
            return fault
        try:
            payload = _read(await body_of(request))
        except ApiError as error:
            return PlainTextResponse(error.error, 400)
        try:
            url = self._emulator.handles.use(request.url.path)
        except ApiError as error:
            return Response(json.dumps(error_json(error)), 404, media_type="application/json")
        try:
            answer(self._emulator, url, payload)
        except ApiError as error:
            return PlainTextResponse(error.error, 400)
        return PlainTextResponse("ok")


def _read(body: bytes) -> Json:
    try:
        payload = parse(body)
    except Unreadable as error:
        raise ApiError("invalid_payload") from error
    if not isinstance(payload, dict):
        raise ApiError("invalid_payload")
    return payload


def answer(emulator: Emulator, url: ResponseUrl, payload: Json) -> None:
    """Do what one answer asks: post, replace or delete.

    Raises:
        ApiError: the payload is not a message that Slack takes.
    """
    if not set(payload) <= KNOWN:
        raise ApiError("invalid_payload")
    original = _original(emulator, url)
    if _yes(payload, "delete_original"):
        if original is None:
            raise ApiError("message_not_found")
        _change(emulator, original, None)
        return
    body = read_body(payload, emulator.ids.short)
    if _yes(payload, "replace_original") and original is not None:
        _change(emulator, original, body)
        return
    say(emulator, url, payload, body)


def _yes(payload: Json, name: str) -> bool:
    return payload.get(name) in (True, "true")


def _original(emulator: Emulator, url: ResponseUrl) -> Message | None:
    workspace = emulator.workspace
    if url.ephemeral:
        return workspace.ephemeral(url.user, url.channel, url.ts)
    return workspace.message(url.channel, url.ts) if url.ts else None


def _change(emulator: Emulator, original: Message, body: Body | None) -> None:
    workspace = emulator.workspace
    if original.visible_to:
        workspace.rewrite_whisper(original, body)
    elif body is None:
        workspace.delete(original)
    else:
        workspace.edit(original, workspace.app.user_id, body)


def say(emulator: Emulator, url: ResponseUrl, payload: Json, body: Body) -> None:
    """Post an answer: to everybody with ``in_channel``, otherwise to the one person."""
    workspace = emulator.workspace
    kind: Any = payload.get("response_type", "ephemeral")
    if kind not in ("ephemeral", "in_channel"):
        raise ApiError("invalid_response_type")
    thread = _thread(emulator, url, payload)
    if kind == "in_channel":
        workspace.post(url.channel, workspace.app_author, body, thread)
    else:
        message = workspace.whisper(url.user, url.channel, workspace.app_author, body, thread)
        if not url.ts:
            url.ts, url.ephemeral = message.ts, True


def _thread(emulator: Emulator, url: ResponseUrl, payload: Json) -> str:
    wanted = payload.get("thread_ts")
    if wanted is None:
        return url.thread_ts
    root = emulator.workspace.message(url.channel, wanted) if isinstance(wanted, str) else None
    if root is None or root.is_reply:
        raise ApiError("invalid_thread_ts")
    return root.ts
