"""How loud Baton is: one pure decision over what is to be said, the policy, and what was said before."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from coordination.noise import (
    ChannelPolicy,
    Counts,
    News,
    Plan,
    QuietHours,
    in_force,
    next_digest,
    plan,
    quiet_until,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NIGHT = QuietHours(time(22), time(7), "UTC")
AT_NIGHT = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
MORNING = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
USUAL = ChannelPolicy()
QUIET = ChannelPolicy(quiet_hours=NIGHT, broadcast=("failed", "needs_you"))
NEW = Counts()

CARD = News("card", 2)
QUESTION = News("question", 1, mentions=True, loud="needs_you")
TRAIL = News("trail", 1)
FAILURE = News("failure", 3, mentions=True, loud="failed")
REPLY = News("reply", 2, mentions=True)
DIRECT = News("direct", 2)
OWN = News("own", 3)

SAY = Plan()
MENTION = Plan(mention=True)
LEFT = Plan("card")


@pytest.mark.parametrize(
    ("news", "policy", "counts", "expected"),
    [
        # As it comes: the people asked are mentioned, the author of a failure too, nobody else.
        (CARD, USUAL, NEW, SAY),
        (QUESTION, USUAL, NEW, MENTION),
        (TRAIL, USUAL, NEW, SAY),
        (FAILURE, USUAL, NEW, MENTION),
        (REPLY, USUAL, NEW, MENTION),
        (DIRECT, USUAL, NEW, MENTION),
        # An edit notifies nobody, whatever the channel wants.
        (replace(QUESTION, posted=True), QUIET, Counts(99, 99), SAY),
        (replace(FAILURE, posted=True), ChannelPolicy(thread=False), NEW, SAY),
        # After three notifications nobody is notified any more.
        (QUESTION, USUAL, Counts(2, 2), MENTION),
        (QUESTION, USUAL, Counts(3, 3), SAY),
        (FAILURE, USUAL, Counts(3, 3), SAY),
        (QUESTION, ChannelPolicy(notifications=0), NEW, SAY),
        (DIRECT, USUAL, Counts(0, 3), LEFT),
        # After twelve replies the card has it; questions are asked all the same.
        (REPLY, USUAL, Counts(11), MENTION),
        (REPLY, USUAL, Counts(12), LEFT),
        (FAILURE, USUAL, Counts(12), LEFT),
        (TRAIL, USUAL, Counts(12), LEFT),
        (QUESTION, USUAL, Counts(12), MENTION),
        # Without a thread everything is on the card but what has to be answered.
        (REPLY, ChannelPolicy(thread=False), NEW, LEFT),
        (TRAIL, ChannelPolicy(thread=False), NEW, LEFT),
        (QUESTION, ChannelPolicy(thread=False), NEW, MENTION),
        (
            QUESTION,
            ChannelPolicy(thread=False, top_level_per_thread=2),
            NEW,
            Plan(mention=True, alone=True),
        ),
        (QUESTION, ChannelPolicy(thread=False, top_level_per_thread=2), Counts(1), MENTION),
        # Shown in the channel too, where it wants that, and where the budget has room.
        (FAILURE, ChannelPolicy(broadcast=("failed",)), NEW, Plan(mention=True, broadcast=True)),
        (QUESTION, ChannelPolicy(broadcast=("failed",)), NEW, MENTION),
        (
            QUESTION,
            ChannelPolicy(broadcast=("needs_you",)),
            NEW,
            Plan(mention=True, broadcast=True),
        ),
        (FAILURE, ChannelPolicy(broadcast=("failed",)), Counts(0, 3), SAY),
        (CARD, ChannelPolicy(broadcast=("failed",)), NEW, SAY),
        # What Baton says about its own telling is said.
        (OWN, QUIET, Counts(99, 99), SAY),
    ],
)
def test_by_day_the_policy_and_what_was_said_before_decide(
    news: News, policy: ChannelPolicy, counts: Counts, expected: Plan
) -> None:
    assert plan(news, policy, counts, NOON) == expected


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        (QUESTION, Plan(remind=MORNING)),
        (replace(QUESTION, mentions=False), SAY),
        (TRAIL, SAY),
        (CARD, SAY),
        (replace(CARD, lane=3), SAY),
        (replace(CARD, lane=4), Plan("wait", until=MORNING)),
        (FAILURE, Plan("card", until=MORNING)),
        (REPLY, SAY),
        (DIRECT, Plan("wait", until=MORNING)),
        (replace(DIRECT, lane=3), Plan("wait", until=MORNING)),
        (OWN, SAY),
    ],
)
def test_at_night_questions_come_without_a_mention_and_failures_in_the_morning(
    news: News, expected: Plan
) -> None:
    assert plan(news, QUIET, NEW, AT_NIGHT) == expected


def test_what_is_left_to_the_card_is_in_the_next_digest() -> None:
    policy = ChannelPolicy(replies=1, digest=4)
    assert plan(REPLY, policy, Counts(1), NOON) == Plan(
        "card", until=datetime(2026, 3, 2, 16, tzinfo=UTC)
    )


def test_digests_come_at_the_same_hours_every_week() -> None:
    monday = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    daily = ChannelPolicy(digest=24)
    assert next_digest(daily, monday) == monday + timedelta(days=1)
    assert next_digest(daily, monday + timedelta(hours=23)) == monday + timedelta(days=1)
    weekly = ChannelPolicy(digest=168)
    assert next_digest(weekly, monday + timedelta(days=3)) == monday + timedelta(days=7)
    assert next_digest(ChannelPolicy(), monday) is None


def berlin(start: str, end: str) -> QuietHours:
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end), "Europe/Berlin")


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        # Over midnight; in winter Berlin is an hour ahead of UTC.
        (berlin("22:00", "07:00"), "2026-01-10T20:59", None),
        (berlin("22:00", "07:00"), "2026-01-10T21:00", "2026-01-11T06:00"),
        (berlin("22:00", "07:00"), "2026-01-11T05:59", "2026-01-11T06:00"),
        (berlin("22:00", "07:00"), "2026-01-11T06:00", None),
        # Within a day.
        (berlin("12:00", "13:00"), "2026-01-10T11:30", "2026-01-10T12:00"),
        (berlin("12:00", "13:00"), "2026-01-10T10:59", None),
        # The night in which clocks go forward is an hour shorter, the other one longer.
        (berlin("22:00", "07:00"), "2026-03-28T22:00", "2026-03-29T05:00"),
        (berlin("22:00", "07:00"), "2026-10-24T21:00", "2026-10-25T06:00"),
        # 02:30 does not exist on the 29th of March: it ends after the gap, at 03:30.
        (berlin("01:00", "02:30"), "2026-03-29T00:30", "2026-03-29T01:30"),
        (berlin("01:00", "02:30"), "2026-03-29T01:30", None),
        # 02:30 comes twice on the 25th of October: the first time ends it...
        (berlin("01:00", "02:30"), "2026-10-24T23:30", "2026-10-25T00:30"),
        # ... and in the hour that comes again the clock says that it is quiet, until 02:30 again.
        (berlin("01:00", "02:30"), "2026-10-25T01:10", "2026-10-25T01:30"),
        # All day, or never: nobody can tell, so never.
        (berlin("08:00", "08:00"), "2026-01-10T08:00", None),
        (None, "2026-01-10T08:00", None),
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall(
    hours: QuietHours | None, now: str, until: str | None
) -> None:
    ends = quiet_until(hours, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert ends == (datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None)


def test_a_channel_is_known_by_its_id_or_its_name_and_else_by_the_default() -> None:
    by_id, by_name, rest = (ChannelPolicy(replies=count) for count in (1, 2, 3))
    rules = {"C1": by_id, "#ops": by_name, "default": rest}
    assert in_force(rules, "C1", "#ops") is by_id
    assert in_force(rules, "C2", "#ops") is in_force(rules, "C2", "ops") is by_name
    assert in_force(rules, "C2", None) is rest
    assert in_force({}, "C2", None) == ChannelPolicy()
