"""HTTP delivery: a signed POST to the app's request URL, as the Events API does."""

import asyncio
import hashlib
import hmac
import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from devslack.deliveries import Answer
from devslack.ids import Ids
from devslack.record import Envelope
from devslack.shapes import Json, Unreadable, dump, parse

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the app answered."""

    status: int
    headers: dict[str, str]
    body: bytes


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return the ``X-Slack-Signature`` of a request."""
    base = b"v0:%d:" % timestamp + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def encode(envelope: Envelope) -> tuple[bytes, str]:
    """Return body and content type of a delivery."""
    if envelope.type == "events_api":
        return dump(envelope.payload).encode(), "application/json"
    if envelope.type == "interactive":
        return urlencode({"payload": dump(envelope.payload)}).encode(), FORM
    return urlencode(envelope.payload).encode(), FORM


def post(url: str, body: bytes, headers: dict[str, str], seconds: float) -> Reply:
    """Send one POST. Blocks; call it in a thread.

    Raises:
        OSError: no connection, or no answer in time.
        http.client.HTTPException: the answer is not HTTP.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body, headers)
        reply = connection.getresponse()
        return Reply(
            reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read(4_000_000)
        )
    finally:
        connection.close()


class HttpMode:
    """Delivers to request URLs. *find_url* names the one for an envelope, or an empty text."""

    def __init__(
        self, secret: str, token: str, ids: Ids, find_url: Callable[[Envelope], str]
    ) -> None:
        self._secret = secret
        self._token = token
        self._ids = ids
        self._find_url = find_url
        self._verified: set[str] = set()

    async def carry(self, envelope: Envelope, seconds: float) -> Answer:
        """Deliver once; any 2xx is the ack and its JSON body the payload."""
        url = self._find_url(envelope)
        if not url:
            return Answer("none_connected", why="the manifest has no request URL for this")
        if envelope.type == "events_api" and not await self._verify(url, seconds):
            return Answer(
                "none_connected", why=f"{url} did not echo the challenge", reason="http_error"
            )
        body, content_type = encode(envelope)
        headers = {}
        if envelope.retry:
            headers = {
                "X-Slack-Retry-Num": str(envelope.retry),
                "X-Slack-Retry-Reason": envelope.reason,
            }
        return self._judge(envelope, await self._post(url, body, content_type, headers, seconds))

    async def _post(
        self, url: str, body: bytes, content_type: str, more: dict[str, str], seconds: float
    ) -> Reply | Answer:
        now = int(time.time())
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+devslack)",
            "X-Slack-Request-Timestamp": str(now),
            "X-Slack-Signature": sign(self._secret, now, body),
            **more,
        }
        try:
            work = asyncio.to_thread(post, url, body, headers, seconds)
            return await asyncio.wait_for(work, seconds)
        except TimeoutError:
            return Answer("timeout", why=f"no answer within {seconds:g} s", reason="http_timeout")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer("none_connected", why=f"{url}: {error!r}", reason="connection_failed")

    async def _verify(self, url: str, seconds: float) -> bool:
        if url in self._verified:
            return True
        challenge = self._ids.secret(24)
        asked = {"token": self._token, "challenge": challenge, "type": "url_verification"}
        reply = await self._post(url, dump(asked).encode(), "application/json", {}, seconds)
        if isinstance(reply, Reply) and reply.status == 200 and challenge.encode() in reply.body:
            self._verified.add(url)
            return True
        return False

    @staticmethod
    def _judge(envelope: Envelope, reply: Reply | Answer) -> Answer:
        if isinstance(reply, Answer):
            return reply
        if not 200 <= reply.status < 300:
            final = reply.headers.get("x-slack-no-retry") == "1"
            why = f"the app answered HTTP {reply.status}"
            return Answer("timeout", why=why, reason="http_error", final=final)
        if not envelope.accepts_payload:
            return Answer("acked")
        return Answer("acked", read_payload(reply))


def read_payload(reply: Reply) -> Any:
    """Return the ack payload of an HTTP answer: JSON, or plain text as a command's text."""
    if not reply.body.strip():
        return None
    if "json" not in reply.headers.get("content-type", ""):
        text: Json = {"text": reply.body.decode("utf-8", "replace")}
        return text
    try:
        return parse(reply.body) or None
    except Unreadable:
        return reply.body.decode("utf-8", "replace")
