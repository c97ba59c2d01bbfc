"""Draws what sums up several threads: digests, and many failures as one card."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.slack.blocks import Shown
from bot.slack.views.notices import Line, digest_card, rollup_card
from bot.slack.views.threads import thread_word
from coordination import threads_view
from coordination.database import Door, Reader
from coordination.errors import NotFound
from coordination.outbox import Leased
from coordination.store import outbox as store
from coordination.threads_view import ThreadView

MOST = 40  # threads that are read for one card; it shows fewer, and counts the rest


class Summaries:
    """Reads the newest facts of the threads that a summary is about."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def digest(self, leased: Leased, rung: int) -> Shown | None:
        """Draw what was left to the cards of a channel; nothing, where nothing was."""
        body = leased.notice.body
        since, until = moment(body["since"]), moment(body["until"])

        async def query(reader: Reader) -> list[Line]:
            rows = await store.rolled_in(reader, str(body["channel"]), since=since, until=until)
            counts: dict[int, int] = {}
            for row in rows:
                counts[row.thread_key] = counts.get(row.thread_key, 0) + int(row.count)
            return await lines_of(reader, counts, handled=False)

        found = await self._door.read(query)
        return digest_card(found, since=since, until=until, rung=rung) if found else None

    async def rollup(self, leased: Leased, rung: int) -> Shown:
        """Draw failures of one cause as one card."""
        body: Mapping[str, Any] = leased.notice.body
        counts = dict.fromkeys((int(key) for key in body["threads"]), 1)
        found = await self._door.read(lambda reader: lines_of(reader, counts))
        newest = moment(body["newest"])
        return rollup_card(str(body["cause"]), int(body["count"]), newest, found, rung=rung)


async def lines_of(
    reader: Reader, counts: Mapping[int, int], *, handled: bool = True
) -> list[Line]:
    """Return a line for each thread, those with trouble first; without *handled*, none dealt with."""
    found: list[Line] = []
    keys: Sequence[int] = list(counts)[:MOST]
    for key in keys:
        try:
            view = await threads_view.thread_by_key(reader, key)
        except NotFound:
            continue
        if not handled and is_dealt_with(view):
            continue
        found.append(Line(view.title, thread_word(view), view.url, counts[key]))
    return sorted(found, key=lambda line: line.word not in ("Failed", "Broken", "Needs you"))


def is_dealt_with(thread: ThreadView) -> bool:
    """Say whether all that failed in a thread is marked as handled. Pure."""
    if thread_word(thread) != "Failed":
        return False
    latest = {run.workflow: run for run in thread.runs}
    left = tuple(run for run in thread.runs if latest[run.workflow].handled is None)
    if not left and all(each.run_id is not None for each in thread.processes):
        return True
    return thread_word(replace(thread, runs=left)) != "Failed"


def moment(text: object) -> datetime:
    """Read a time as the body of a notice holds it."""
    return datetime.fromisoformat(str(text))
