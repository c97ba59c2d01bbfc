"""Signed texts for the browser: the login link, the cookie, the token of a form."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

Purpose = Literal["login", "session", "form", "note"]

LINK_LIFE = timedelta(minutes=10)
OWN_LINK_LIFE = timedelta(minutes=5)  # of one that somebody asked for in Slack, for themselves
SESSION_LIFE = timedelta(hours=12)
NOTE_LIFE = timedelta(minutes=1)
COOKIE = "baton_session"


@dataclass(frozen=True, slots=True)
class Sessions:
    """Signs and reads under a key derived from the instance key; times are handed in."""

    key: bytes

    def link(self, person: str, *, now: datetime, nonce: str, life: timedelta = LINK_LIFE) -> str:
        """Return the token of a login link for *person*; whoever reads it claims *nonce* once."""
        return self._sign("login", {"p": person, "n": nonce}, now + life)

    def cookie(self, person: str, *, now: datetime, nonce: str) -> str:
        return self._sign("session", {"p": person, "n": nonce}, now + SESSION_LIFE)

    def form(self, cookie: str, about: str, *, now: datetime) -> str:
        """Return the token of a form: of this session, about this one thing."""
        return self._sign("form", {"c": digest(cookie), "a": about}, now + SESSION_LIFE)

    def note(self, cookie: str, says: str, *, now: datetime) -> str:
        """Return *says*, signed for this session: a page shows no sentence that a link brought along."""
        return self._sign("note", {"c": digest(cookie), "s": says}, now + NOTE_LIFE)

    def noted(self, token: str, cookie: str, *, now: datetime) -> str | None:
        members = self.read("note", token, now=now)
        return str(members["s"]) if members and same(members["c"], digest(cookie)) else None

    def read(self, purpose: Purpose, token: str, *, now: datetime) -> Mapping[str, Any] | None:
        """Return what was signed, or None: forged, of another purpose, or too old."""
        body, _, signature = token.partition(".")
        expected = self._signature(purpose, body)
        if not same(expected, signature):
            return None
        try:
            members = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except (ValueError, binascii.Error):
            return None
        return members if members["e"] > now.timestamp() else None

    def form_fits(self, token: str, cookie: str, about: str, *, now: datetime) -> bool:
        members = self.read("form", token, now=now)
        return members is not None and members["a"] == about and same(members["c"], digest(cookie))

    def _sign(self, purpose: Purpose, members: Mapping[str, Any], until: datetime) -> str:
        body = base64.urlsafe_b64encode(
            json.dumps({**members, "e": until.timestamp()}, sort_keys=True).encode()
        )
        text = body.decode().rstrip("=")
        return f"{text}.{self._signature(purpose, text)}"

    def _signature(self, purpose: Purpose, body: str) -> str:
        return hmac.new(
            self.key, f"{purpose}:{body}".encode("utf-8", "replace"), hashlib.sha256
        ).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare in a time that tells nothing of where two texts differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()[:32]
