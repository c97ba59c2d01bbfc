"""Who reports or asks: every token and every signing source, kept in memory and judged without a read.

What is kept is read anew after each commit that changed a token or a source, so a token that was
revoked counts no longer than that. Known and unknown ids take the same way, and the same time.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from baton.reading import Source
from coordination.database import Reader, Row
from coordination.secrets import Secrets
from coordination.store import tokens as store

_TOKEN = re.compile(r"bt_([a-z2-7]{12})_([0-9A-Za-z]{43})", re.ASCII)
_NOBODY = hashlib.sha256(b"no such token").hexdigest()  # compared with where the id is unknown
_ACTIVE = 2  # secrets of a source at a time
NOBODYS_SECRET = "whsec_bm9uZQ=="  # noqa: S105 - tried where there is none; too short to count


@dataclass(frozen=True, slots=True)
class Credential:
    """Who reports or asks, as the token that came along says, or the signature.

    Args:
        token_id: of the token; ``signature:<source>`` where there was none.
        source: which source it is.
        scopes: what it may do.
        owner: the person whom the token names.
        channel: where threads of this source are posted.
        scheme: of the signatures that this source has to send; a token does not report for it.
        retired: nothing is taken from this source any more.
    """

    token_id: str
    source: Source
    scopes: frozenset[str]
    owner: str | None = None
    channel: str | None = None
    scheme: str | None = None
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of one token: never its secret."""

    credential: Credential
    hash: str
    revoked: bool
    expires_at: datetime | None

    def valid(self, now: datetime) -> bool:
        return not self.revoked and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class Signing:
    """What signatures of one source are checked with: secrets, each until it ends."""

    credential: Credential
    secrets: tuple[tuple[str, datetime | None], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Every token and every source, as one read found them; of signing ones, with what."""

    tokens: Mapping[str, Held]
    sources: Mapping[str, Credential]
    signing: Mapping[str, Signing]

    def holder(self, bearer: str, *, now: datetime) -> Credential | None:
        """Return whose token *bearer* is: malformed, unknown, wrong and ended look the same."""
        found = _TOKEN.fullmatch(bearer)
        held = self.tokens.get(found[1]) if found else None
        expected = held.hash if held is not None else _NOBODY
        right = hmac.compare_digest(digest(found[2] if found else ""), expected)
        return held.credential if held is not None and right and held.valid(now) else None

    def signer(
        self, source: str | None, scheme: str, *, now: datetime
    ) -> tuple[Credential | None, tuple[str, ...]]:
        """Return who says to have signed, and the secrets to try, as many for everybody.

        What is missing of them is made up by one that is too short to sign anything: how long a
        refusal takes does not tell whether there is such a source, and how many secrets it has.
        Without a name it is the only source of that scheme.
        """
        fitting = {
            name: each for name, each in self.signing.items() if each.credential.scheme == scheme
        }
        if source is None and len(fitting) == 1:
            (source,) = fitting
        found = fitting.get(source or "")
        secrets = [
            secret
            for secret, until in (found.secrets if found is not None else ())
            if until is None or until > now
        ]
        credential = found.credential if found is not None else None
        return credential, (*secrets, *[NOBODYS_SECRET] * _ACTIVE)[:_ACTIVE]


async def known(reader: Reader, secrets: Secrets | None) -> Known:
    """Read every token and every signing source; *secrets* opens what they sign with."""
    sources = {row.name: row for row in await store.all_sources(reader)}
    held = {
        row.id: Held(
            _credential(row, sources[row.source]),
            row.hash,
            row.revoked_at is not None,
            row.expires_at,
        )
        for row in await store.all_tokens(reader)
    }
    opened: dict[str, list[tuple[str, datetime | None]]] = {}
    for row in await store.all_secrets(reader):
        text = secrets.open(row.secret) if secrets is not None else None
        if text is not None:
            opened.setdefault(row.source, []).append((text, row.expires_at))
    signing = {
        name: Signing(_signer(row), tuple(opened.get(name, ())[-_ACTIVE:]))
        for name, row in sources.items()
        if row.scheme is not None
    }
    return Known(held, {name: _signer(row) for name, row in sources.items()}, signing)


async def credentials(reader: Reader) -> tuple[Credential, ...]:
    """Return every token that was ever made, without its secret."""
    return tuple(held.credential for held in (await known(reader, None)).tokens.values())


def _credential(row: Row, source: Row) -> Credential:
    return replace(_signer(source), token_id=row.id, scopes=frozenset(row.scopes), owner=row.owner)


def _signer(source: Row) -> Credential:
    return Credential(
        token_id=f"signature:{source.name}",
        source=Source(source.name, source.namespace, source.kind, source.may_choose_channel),
        scopes=frozenset({"notify"}),
        channel=source.channel,
        scheme=source.scheme,
        retired=source.retired_at is not None,
    )


def digest(secret: str) -> str:
    """Return the form in which the secret of a token is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()
