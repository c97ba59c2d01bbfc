"""What a channel wants to hear, and when: values and the pure rules over them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

Loud = Literal["failed", "needs_you"]
Sort = Literal["card", "question", "reply", "trail", "failure", "direct", "own"]
WEEK_BEGINS = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday: digests are counted from midnight


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From *start* to *end* of the clock in *zone*; the end may lie on the next day."""

    start: time
    end: time
    zone: str


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """How loud Baton may be in one channel.

    Args:
        top_level_per_thread: messages in the channel itself for one thread: its root alone, or more.
        thread: whether replies are posted at all; without them everything is on the card.
        replies: in a thread, for one run or process; more are rolled up into the card.
        notifications: mentions, broadcasts and direct messages for one thread.
        broadcast: what is shown in the channel as well as in the thread.
        digest: hours between digests of what was rolled up; None for no digest.
        quiet_hours: when failures and progress wait for a digest, and nobody is mentioned.
        fallback: the channel that hears what this one cannot; else the owners do.
        owners: the people responsible for the channel, in the forms people are named by.
    """

    top_level_per_thread: int = 1
    thread: bool = True
    replies: int = 12
    notifications: int = 3
    broadcast: tuple[Loud, ...] = ()
    digest: float | None = None
    quiet_hours: QuietHours | None = None
    fallback: str | None = None
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """What is about to be said.

    Args:
        sort: a *question* asks people; a *trail* line tells who answered; a *direct* message goes
            to a person who follows something; what is *own* Baton says about its own telling.
        lane: how urgent it is, 1 the most; of a card, what waits for it counts too.
        posted: whether it has a message already; then it is an edit, which notifies nobody.
        mentions: whether it names people.
        loud: what it is, for a channel that wants to see such things itself.
    """

    sort: Sort
    lane: int
    posted: bool = False
    mentions: bool = False
    loud: Loud | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What a thread has said so far: replies that stand in it, and posts that notified somebody."""

    replies: int = 0
    notifications: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """How something is said.

    Args:
        do: *say* it; leave it to the *card*; or *wait* until *until*.
        mention: people may be named so that they are notified.
        broadcast: shown in the channel too.
        alone: as a message of the channel itself.
        until: when it may be said, and when a digest tells of what was left to the card.
        remind: when those who were not mentioned are to be.
    """

    do: Literal["say", "card", "wait"] = "say"
    mention: bool = False
    broadcast: bool = False
    alone: bool = False
    until: datetime | None = None
    remind: datetime | None = None

    @property
    def notifies(self) -> bool:
        return self.do == "say" and (self.mention or self.broadcast)


def plan(news: News, policy: ChannelPolicy, counts: Counts, now: datetime) -> Plan:
    """Decide how *news* is said in a channel of *policy*. Pure; *now* is aware.

    A question is always asked. Everything else may be left to the card, which shows it anyway.
    """
    if news.posted or news.sort == "own":
        return Plan()
    quiet = quiet_until(policy.quiet_hours, now)
    may_notify = quiet is None and counts.notifications < policy.notifications
    if news.sort == "question":
        return _question(news, policy, counts, quiet)
    if quiet is not None and news.lane > 2:
        return _at_night(news, quiet)
    if news.sort == "direct":
        return Plan(mention=True) if may_notify else _quietly(policy, quiet, now)
    if news.sort != "card" and (not policy.thread or counts.replies >= policy.replies):
        return Plan("card", until=next_digest(policy, now))
    return Plan(
        mention=may_notify and news.mentions,
        broadcast=may_notify and news.sort != "card" and news.loud in policy.broadcast,
    )


def quiet_until(hours: QuietHours | None, now: datetime) -> datetime | None:
    """Return when the quiet that reigns at *now* ends, in UTC; None: it is not quiet.

    Where clocks are put forward over the end, it ends at the first moment after the gap; where they
    are put back, the hour that comes twice counts once.
    """
    if hours is None or hours.start == hours.end:
        return None
    zone = ZoneInfo(hours.zone)
    local = now.astimezone(zone)
    at = local.time()
    over_midnight = hours.start > hours.end
    late = over_midnight and at >= hours.start
    if not (late or at < hours.end if over_midnight else hours.start <= at < hours.end):
        return None
    day = local.date() + timedelta(days=1) if late else local.date()
    end = datetime.combine(day, hours.end, tzinfo=zone).astimezone(UTC)
    if end <= now:  # the clock shows this time twice, and it is the second time
        end = datetime.combine(day, hours.end.replace(fold=1), tzinfo=zone).astimezone(UTC)
    return end


def next_digest(policy: ChannelPolicy, now: datetime) -> datetime | None:
    """Return when the next digest is due, None where a channel wants none."""
    if policy.digest is None:
        return None
    every = timedelta(hours=policy.digest)
    return WEEK_BEGINS + ((now - WEEK_BEGINS) // every + 1) * every


def in_force(
    rules: Mapping[str, ChannelPolicy], channel_id: str, name: str | None
) -> ChannelPolicy:
    """Return what the configuration says of a channel: by id, by ``#name``, or for all others."""
    named = rules.get(f"#{name.removeprefix('#')}") if name else None
    return rules.get(channel_id) or named or rules.get("default") or ChannelPolicy()


def to_json(policy: ChannelPolicy) -> dict[str, Any]:
    """Return plain JSON values: what the store keeps and settings show."""
    body = asdict(policy)
    body["broadcast"], body["owners"] = list(policy.broadcast), list(policy.owners)
    if policy.quiet_hours is not None:
        hours = policy.quiet_hours
        body["quiet_hours"] = {
            "from": f"{hours.start:%H:%M}",
            "to": f"{hours.end:%H:%M}",
            "zone": hours.zone,
        }
    return body


def _question(news: News, policy: ChannelPolicy, counts: Counts, quiet: datetime | None) -> Plan:
    may_notify = quiet is None and counts.notifications < policy.notifications
    top_levels = 1 + counts.replies  # without a thread, what stands there are questions alone
    return Plan(
        mention=may_notify and news.mentions,
        broadcast=may_notify and policy.thread and news.loud in policy.broadcast,
        alone=not policy.thread and top_levels < policy.top_level_per_thread,
        remind=quiet if news.mentions else None,
    )


def _at_night(news: News, quiet: datetime) -> Plan:
    if news.sort == "card":  # a new one is silent; but mere progress is no news at night
        return Plan("wait", until=quiet) if news.lane > 3 else Plan()
    return Plan("wait" if news.sort == "direct" else "card", until=quiet)


def _quietly(policy: ChannelPolicy, quiet: datetime | None, now: datetime) -> Plan:
    if quiet is not None:
        return Plan("wait", until=quiet)
    return Plan("card", until=next_digest(policy, now))
