"""What webhooks of workflows are signed with: made by Baton, closed at once, told once.

Two may count at a time, so that the sending side can be changed without losing a call.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from coordination import audit, tokens
from coordination.credentials import NOBODYS_SECRET
from coordination.database import Reader, Transaction
from coordination.ports import Definition
from coordination.secrets import ENVIRONMENT, Secrets
from coordination.store import trigger_secrets as store
from coordination.store.trigger_secrets import made
from coordination.world import Ids

__all__ = ["Closing", "HookSecret", "complete", "made", "opened", "problems", "rotate"]

KEPT = 2  # that count at a time
_STAND_IN = f'[["{NOBODYS_SECRET}{"=" * 40}", null]]'


@dataclass(frozen=True, slots=True)
class HookSecret:
    """A secret that was made just now, ``whsec_`` and base64: whoever signs has to know it."""

    workflow: str
    trigger: str
    secret: str


@dataclass(frozen=True, slots=True)
class Closing:
    """What makes secrets and closes them."""

    secrets: Secrets
    ids: Ids


def complete(
    tx: Transaction, definition: Definition, closing: Closing, *, now: datetime
) -> tuple[HookSecret, ...]:
    """Make the secrets that the webhooks of *definition* lack, and return those."""
    lacking = [
        each.id
        for each in definition.triggers
        if each.kind == "webhook"
        and each.keys.get("secret") is None
        and store.held(tx, definition.name, each.id) is None
    ]
    return tuple(_make(tx, (definition.name, name), closing, (), now) for name in lacking)


def rotate(  # noqa: PLR0913  # a decision names who, how and for how long
    tx: Transaction,
    hook: tuple[str, str],
    closing: Closing,
    *,
    by: str,
    via: str,
    overlap_hours: float,
    now: datetime,
) -> HookSecret:
    """Give a hook, named by workflow and trigger, another secret; the newest before ends later."""
    closed = store.held(tx, *hook)
    known = [] if closed is None else _read(closing.secrets, closed)
    until = now + timedelta(hours=overlap_hours)
    before = [(text, _sooner(end, until)) for text, end in known[-1:] if overlap_hours > 0]
    new = _make(tx, hook, closing, before, now)
    detail = {"trigger": hook[1], "overlap_hours": overlap_hours, "via": via}
    audit.record(
        tx, at=now, actor=by, action="workflow.rotate_secret", object=hook[0], detail=detail
    )
    return new


def opened(
    secrets: Secrets | None, closed: str | None, named: str | None, *, now: datetime
) -> tuple[str, ...]:
    """Return the secrets to try for a call, as many whatever is called, for the same work.

    Args:
        secrets: opens them.
        closed: what is held for the trigger; None where there is no such trigger, or no secret.
        named: the secret of the store that the trigger names instead.
        now: the wall time.
    """
    found: list[str] = []
    if secrets is not None and named is not None:
        found = [text for text in [secrets.open(ENVIRONMENT + named)] if text is not None]
    elif secrets is not None and closed is not None:
        held = _read(secrets, closed)
        found = [text for text, until in held if until is None or until > now]
    if secrets is not None and (closed is None or named is not None):
        secrets.close(_STAND_IN)  # about the work of opening one
    return (*found[-KEPT:], *[NOBODYS_SECRET] * KEPT)[:KEPT]


async def problems(reader: Reader) -> list[str]:
    """Return a sentence for each webhook that nobody can call, since it has no secret."""
    return [
        f"The webhook {trigger} of {workflow} has no secret, so every call is refused: "
        f"`python -m bot hook rotate {workflow} {trigger}` makes one."
        for workflow, trigger in await store.lacking(reader)
    ]


def _make(
    tx: Transaction,
    hook: tuple[str, str],
    closing: Closing,
    before: Sequence[tuple[str, datetime | None]],
    now: datetime,
) -> HookSecret:
    secret = tokens.new_secret(closing.ids)
    held = [[text, until and until.isoformat()] for text, until in (*before, (secret, None))]
    store.put(tx, *hook, closing.secrets.close(json.dumps(held)), now=now)
    return HookSecret(*hook, secret)


def _read(secrets: Secrets, closed: str) -> list[tuple[str, datetime | None]]:
    """Return what is held, with the time at which each ends; nothing where the key is another one."""
    text = secrets.open(closed)
    held = [] if text is None else json.loads(text)
    return [(secret, until and datetime.fromisoformat(until)) for secret, until in held]


def _sooner(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
