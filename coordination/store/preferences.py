"""The rows of what people follow, and of how loud channels are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coordination.database import (
    Reader,
    Row,
    Transaction,
    and_,
    approvals,
    bindparam,
    channel_settings,
    delete,
    exists,
    func,
    insert_if_absent,
    or_,
    outbox,
    processes,
    runs,
    select,
    slots,
    subscriptions,
    upsert,
    waits,
)

EVERYTHING = "*"

_ADD = insert_if_absent(subscriptions)
_SAME = select(subscriptions).where(
    subscriptions.c.person == bindparam("who"),
    subscriptions.c.subject == bindparam("what"),
    subscriptions.c.filters == bindparam("only", type_=subscriptions.c.filters.type),
)
_OF_PERSON = (
    select(subscriptions)
    .where(subscriptions.c.person == bindparam("who"))
    .order_by(subscriptions.c.key)
)
_DROP = delete(subscriptions).where(
    subscriptions.c.person == bindparam("who"), subscriptions.c.subject == bindparam("what")
)
_FITS = or_(
    subscriptions.c.subject == EVERYTHING,
    exists().where(
        processes.c.thread_key == bindparam("thread"),
        processes.c.source == subscriptions.c.subject,
    ),
    exists().where(
        runs.c.thread_key == bindparam("thread"), runs.c.workflow == subscriptions.c.subject
    ),
)
_FOLLOWERS = select(subscriptions.c.person).where(_FITS).order_by(subscriptions.c.key)
_FOLLOWED_BY = (
    select(subscriptions)
    .where(_FITS, subscriptions.c.person == bindparam("who"))
    .order_by(subscriptions.c.key)
)
_SETTINGS = select(channel_settings)
_ONE_SETTING = _SETTINGS.where(channel_settings.c.channel == bindparam("id"))
_PUT_SETTING = upsert(
    channel_settings, key=("channel",), update=("settings", "changed_by", "changed_at")
)
_MESSAGES = select(
    func.count().label("messages"),
    func.count(slots.c.thread_key.distinct()).label("threads"),
    func.count().filter(slots.c.notified.is_(True)).label("notifications"),
).where(slots.c.channel_id == bindparam("channel"), slots.c.updated_at > bindparam("since"))
_NOTIFIED = (
    select(outbox.c.body)
    .join(
        slots,
        and_(slots.c.thread_key == outbox.c.thread_key, slots.c.slot == outbox.c.slot),
    )
    .where(
        outbox.c.state == "sent",
        outbox.c.sent_at > bindparam("since"),
        slots.c.channel_id == bindparam("channel"),
        slots.c.notified.is_(True),
    )
    .order_by(outbox.c.key.desc())
    .limit(bindparam("limit"))
)
_ANSWERED = (
    select(waits.c.since, approvals.c.decided_at)
    .join(waits, waits.c.key == approvals.c.wait_key)
    .where(
        approvals.c.decided_at > bindparam("since"),
        exists().where(
            slots.c.thread_key == approvals.c.thread_key,
            slots.c.slot == "root",
            slots.c.channel_id == bindparam("channel"),
        ),
    )
    .order_by(approvals.c.decided_at.desc())
    .limit(bindparam("limit"))
)


def subscribe(
    tx: Transaction, person: str, subject: str, filters: Mapping[str, str], *, now: datetime
) -> Row:
    """Store what *person* follows, once, and return its row."""
    values = {"subject": subject, "filters": dict(filters), "created_at": now}
    tx.execute(_ADD, person=person, **values)
    (row,) = tx.fetch_all(_SAME, who=person, what=subject, only=dict(filters))
    return row


def unsubscribe(tx: Transaction, person: str, subject: str) -> int:
    """Forget what *person* follows under *subject*, with whatever filters, and count it."""
    return tx.execute(_DROP, who=person, what=subject)


async def of_person(reader: Reader, person: str) -> list[Row]:
    return await reader.fetch_all(_OF_PERSON, who=person)


def followers(tx: Transaction, thread_key: int) -> list[str]:
    """Return who follows something of a thread, once each."""
    return list({row.person: None for row in tx.fetch_all(_FOLLOWERS, thread=thread_key)})


async def followed_by(reader: Reader, thread_key: int, person: str) -> list[Row]:
    """Return for what *person* follows a thread."""
    return await reader.fetch_all(_FOLLOWED_BY, thread=thread_key, who=person)


async def all_settings(reader: Reader) -> list[Row]:
    return await reader.fetch_all(_SETTINGS)


def setting(tx: Transaction, channel: str) -> Row | None:
    return tx.fetch_one(_ONE_SETTING, id=channel)


def put_setting(
    tx: Transaction, channel: str, settings: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    tx.execute(
        _PUT_SETTING, channel=channel, settings=dict(settings), changed_by=by, changed_at=now
    )


async def messages(reader: Reader, channel: str, *, since: datetime) -> Row:
    """Count what stands in a channel since a time: messages, threads, and what notified."""
    (row,) = await reader.fetch_all(_MESSAGES, channel=channel, since=since)
    return row


async def notified(reader: Reader, channel: str, *, since: datetime, limit: int) -> list[Row]:
    """Return the bodies of what was posted in a channel and notified somebody, the newest first."""
    return await reader.fetch_all(_NOTIFIED, channel=channel, since=since, limit=limit)


async def answered(reader: Reader, channel: str, *, since: datetime, limit: int) -> list[Row]:
    """Return when the questions of a channel were asked and answered, the newest answers."""
    return await reader.fetch_all(_ANSWERED, channel=channel, since=since, limit=limit)
