"""What must be true once the network is well again: of the store, of Slack, and of what was called."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from coordination.database import Row
from tests.prove.network.history import POSTS, STATUSES, Histories
from tests.prove.network.town import SOURCE


def wrong(past: Histories, rows: dict[str, list[Row]]) -> list[str]:
    """Return what is wrong, in sentences that name the promise."""
    if not past.ended:
        open_ = [(run.number, run.status) for run in rows["runs"] if run.ended_at is None]
        waiting = [(row.slot, row.state, row.error) for row in _unsent(rows)]
        return [f"P16: it never came to an end: runs {open_}, notices {waiting}"]
    return [said for check in CHECKS for said in check(past, rows)]


def nothing_acknowledged_is_lost(past: Histories, rows: dict[str, list[Row]]) -> Iterator[str]:
    """P1, P3: what was answered 202 is stored, once, and a repeat was told the same."""
    stored = {event.id for event in rows["events"]}
    for key, ids in past.acknowledged.items():
        if len(ids) != 1 or not ids <= stored:
            yield f"P1: {key} was acknowledged as {ids}, of which {ids & stored} are stored"
    wanted = Counter((build, status) for build in past.builds for status in STATUSES)
    told = Counter(
        (event.process_id, event.status) for event in rows["events"] if event.source == SOURCE
    )
    if told != wanted:
        yield f"P3: stored are {told - wanted} too many, and {wanted - told} are missing"


def each_build_has_one_run(past: Histories, rows: dict[str, list[Row]]) -> Iterator[str]:
    runs = Counter(run.trigger["process_id"] for run in rows["runs"])
    if runs != Counter(past.builds):
        yield f"P3: the runs came from {dict(runs)}"
    ended = Counter(run.status for run in rows["runs"])
    if set(ended) - {"completed"}:
        said = [(run.number, run.error) for run in rows["runs"] if run.status != "completed"]
        yield f"P16: runs ended otherwise than they should: {said}"


def nothing_is_deployed_twice(past: Histories, rows: dict[str, list[Row]]) -> Iterator[str]:
    """P5: a request that must not be repeated is sent once, and once more for each person's Retry."""
    again = Counter(row.run_key for row in rows["journal"] if _fact(row).get("outcome") == "retry")
    unknown = Counter(row.run_key for row in rows["journal"] if row.kind == "StepUnknown")
    for run in rows["runs"]:
        build = run.trigger["process_id"]
        sent = past.town.target.asked[f"/deploy/{build}"]
        if not 1 <= sent <= 1 + again[run.key]:
            yield f"P5: {build} was deployed {sent} times; people asked for {again[run.key]} more"
        past.reached["deploys whose answer was lost"] += unknown[run.key]
    lost = sum(n for what, n in past.town.proxies["target"].lost.items() if "deploy" in what)
    if lost > sum(unknown.values()):
        yield f"P5: {lost} answers to deploys were lost, and {sum(unknown.values())} were asked about"


def slack_has_all_and_in_order(past: Histories, rows: dict[str, list[Row]]) -> Iterator[str]:
    """P7: every message that the store knows stands in Slack, in the order in which it was due."""
    if left := [(row.slot, row.state, row.error) for row in _unsent(rows)]:
        yield f"P7: Slack was not told of {left}"
    threads = {thread.key: thread.id for thread in rows["threads"]}
    said = {(mark.get("t"), mark.get("s")) for _, mark in _said(past)}
    known = {(threads[slot.thread_key], slot.slot) for slot in rows["slots"]}
    if known - said:
        yield f"P7: the store knows of {known - said}, which Slack does not have"
    first: dict[tuple[str, str], int] = {}
    for row in rows["outbox"]:
        first.setdefault((threads[row.thread_key], row.slot), row.key)
    for thread, messages in _threads(past).items():
        keys = [first.get((thread, slot), 0) for slot in messages]
        if keys != sorted(keys):
            yield f"P7: in {thread} the order is {list(zip(keys, messages, strict=True))}"


def each_thread_has_one_root(past: Histories, rows: dict[str, list[Row]]) -> Iterator[str]:
    roots = Counter(mark.get("t") for message, mark in _said(past) if not _is_reply(message))
    if doubled := {thread: n for thread, n in roots.items() if n != 1}:
        yield f"P7: threads have roots {doubled}"


def copies_are_accounted_for(past: Histories, rows: dict[str, list[Row]]) -> Iterator[str]:
    """P8: a message whose answer was lost is looked for, and not said again.

    The promise allows one extra copy of each; where Slack can be read, there is none.
    """
    copies = Counter((mark.get("t"), mark.get("s")) for _, mark in _said(past))
    extra = {what: n - 1 for what, n in copies.items() if n > 1}
    lost = past.town.proxies["slack"].lost[POSTS]
    past.reached["answers to posts that were lost"] += lost
    past.reached["extra copies in Slack"] += sum(extra.values())
    if extra:
        yield f"P8: {lost} answers to posts were lost, and there are extra copies {extra}"


CHECKS = (
    nothing_acknowledged_is_lost,
    each_build_has_one_run,
    nothing_is_deployed_twice,
    slack_has_all_and_in_order,
    each_thread_has_one_root,
    copies_are_accounted_for,
)


def _fact(entry: Row) -> dict[str, Any]:
    fact: dict[str, Any] = json.loads(entry.data or "{}").get("fact", {})
    return fact


def _unsent(rows: dict[str, list[Row]]) -> list[Row]:
    return [row for row in rows["outbox"] if row.state in ("queued", "leased", "failed", "parked")]


def _said(past: Histories) -> list[tuple[Any, dict[str, str]]]:
    """Return all that stands in the channel, oldest first, each with the ids that it carries."""
    slack = past.town.slack
    found = [each for root in slack.roots() for each in (root, *slack.thread(root))]
    return [(each, dict(each.mark)) for each in found if each.mark]


def _is_reply(message: Any) -> bool:
    return message.raw.get("thread_ts") not in (None, message.ts)


def _threads(past: Histories) -> dict[str, list[str]]:
    """Return the slots of each thread in the order of Slack, each once."""
    found: dict[str, list[str]] = defaultdict(list)
    for message, mark in sorted(_said(past), key=lambda each: float(each[0].ts)):
        slot = mark.get("s", "")
        if slot not in found[mark["t"]]:
            found[mark["t"]].append(slot)
        del message
    return found
