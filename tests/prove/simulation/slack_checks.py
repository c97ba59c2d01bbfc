"""What must stand in Slack when all is over: everything, once, in order, and as it is now."""

from collections import Counter
from typing import Any

from bot.slack.blocks import Shown
from bot.slack.telling import fingerprint
from tests.prove.simulation.slack import place_of
from tests.prove.simulation.world import FIRST

SLOTS = (
    "SELECT threads.id, slot, channel_id, ts, hash FROM slots"  # noqa: S608 - our number
    " JOIN threads ON threads.key = thread_key"
    f" WHERE threads.created_at >= {FIRST}"
)
NOTICES = "SELECT id, key, state, slot, lane, attempts, error FROM outbox"
BEHIND = (
    "SELECT threads.id FROM threads JOIN slots ON slots.thread_key = threads.key"
    " AND slots.slot = 'root' WHERE threads.updated_at > slots.updated_at"
    # what came too late to change anything touches its thread, and not its card
    " AND threads.updated_at NOT IN"
    " (SELECT received_at FROM events WHERE thread_key = threads.key AND effect = 'late')"
)
ROOTLESS = (
    "SELECT id FROM threads WHERE NOT EXISTS (SELECT 1 FROM slots WHERE thread_key = threads.key"
    " AND slot = 'root')"
)


def told(history: Any) -> None:
    """Check P7 and P8 on what Slack was told."""
    raw, slack = history.disk.raw, history.slack
    _everything_is_there(raw, slack)
    if "C" not in history.faults.on:  # what was noted under two clocks cannot be compared
        behind = raw.execute(BEHIND).fetchall()
        assert not behind, f"P7: cards that do not show the last state: {behind}"
    _nothing_is_double(slack)
    _in_order(raw, slack)
    history.outside.reached["a post was taken unheard"] += sum(slack.lost.values())
    copies = Counter(place_of(each) for each in slack.marked())
    history.outside.reached["a message twice"] += sum(count > 1 for count in copies.values())


def _everything_is_there(raw: Any, slack: Any) -> None:
    failed = [row for row in raw.execute(NOTICES) if row[2] in ("failed", "parked")]
    assert not failed, f"P7: notices that were given up: {failed}"
    rootless = raw.execute(ROOTLESS).fetchall()
    assert not rootless, f"P7: threads without a card: {rootless}"
    for thread, slot, channel, ts, shown in raw.execute(SLOTS):
        message = slack.messages.get(channel, {}).get(ts)
        assert message is not None, f"P7: {slot} of {thread} does not stand in Slack"
        if slot != "root" or _may_be_dressed(message):
            continue
        seen = fingerprint(Shown(message["text"], message["blocks"]))
        assert shown in ("", seen), f"P7: {slot} of {thread} shows something else than was noted"


def _may_be_dressed(message: Any) -> bool:
    """Say whether it stands as it was posted: for that one post, mentions are left out."""
    return "edited" not in message and "@" in str(message["blocks"])


def _nothing_is_double(slack: Any) -> None:
    copies = Counter(place_of(each) for each in slack.marked())
    for place, count in copies.items():
        most = 1 + slack.lost[place]
        assert count <= most, f"P8: {place} stands {count} times after {most - 1} lost answers"


def _in_order(raw: Any, slack: Any) -> None:
    """Within a thread, messages stand in the order in which their notices came up."""
    keys = {row[0]: row[1] for row in raw.execute(NOTICES)}
    newest: dict[str, tuple[int, str]] = {}
    seen: set[tuple[str, str]] = set()
    for message in slack.marked():
        place = place_of(message)
        root = message.get("thread_ts")
        if place in seen or root is None:
            continue  # a copy, or a root
        seen.add(place)
        key = keys.get(message["metadata"]["event_payload"]["o"], 0)
        before = newest.get(root, (0, ""))
        assert key >= before[0], f"P7: {place[0]} stands after {before[1]}, which came up later"
        newest[root] = (key, place[0])


__all__ = ["told"]
