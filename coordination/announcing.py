"""What a unit has Slack told: the card redrawn, the last lines of a failure, why a process joined."""

from collections.abc import Mapping
from typing import Any

from baton.events import Event, Status
from coordination import outbox, related
from coordination.correlation import Step
from coordination.incoming import Unit
from coordination.moving import Moved
from coordination.outbox import ROOT, Lane, Notice
from coordination.trail import escape

_OWN = ("run_id", "process", "parent")  # evidence that surprises nobody
NAME = 80


def tell(unit: Unit, key: int, thread_key: int, moved: Moved, *, opened: bool) -> None:
    """Have the card redrawn, and a failure told to whose work it is, with what it said last.

    Where it said no more than the card shows, and nobody stands behind it, the card is enough; so it
    is for what is part of other work. *opened*: the unit opened the thread, which has no card yet.
    """
    if not moved.looks_different:
        return
    redraw(unit, thread_key, Lane.RESULT if moved.is_news else Lane.PROGRESS, opened=opened)
    if moved.ends and moved.after.status is Status.FAILED:
        _tell_failure(unit, key, thread_key, moved)


def _tell_failure(unit: Unit, key: int, thread_key: int, moved: Moved) -> None:
    incoming, printed = unit.incoming, _printed(unit, moved.after.content)
    whole = incoming.event.parent is None and incoming.run_key is None  # the steps of a run tell
    if not printed and (incoming.owner is None or not whole):
        return
    slot = f"output:{key}:{moved.standing.attempt}"
    body = {"process_key": key, "printed": printed}
    notice = Notice(thread_key, slot, Lane.FAILURE, "output", body)
    outbox.add(unit.tx, notice, id=unit.ids.new("nt"), now=unit.now)


def redraw(unit: Unit, thread_key: int, lane: Lane, *, opened: bool = False) -> None:
    """Have the card of a thread show how it stands."""
    notice = Notice(thread_key, ROOT, lane, "thread", {})
    outbox.add(unit.tx, notice, id=unit.ids.new("nt"), now=unit.now, opened=opened)


def surprises(by: Step | None) -> bool:
    """Say whether people want to know by what a process found its thread."""
    return by is not None and by.evidence not in _OWN


def joined(unit: Unit, thread_key: int, event: Event, by: Step | None) -> None:
    """Say in a thread why a process joined it."""
    name = escape((event.name or event.process_id or "")[:NAME])
    why = related.why(by.value) if by is not None and by.value is not None else "it belongs here"
    said = f"joined: {name} ({why})"
    related.say(unit.tx, thread_key, said, now=unit.now, ids=unit.ids)


def _printed(unit: Unit, content: Mapping[str, Any]) -> bool:
    """Say whether a process has said more than the line that its card shows: that of its error, if any."""
    said = {**content.get("metadata", {}), **content.get("result", {})}
    last, error = (unit.incoming.event.message or "").strip(), content.get("error") or {}
    unseen = bool(last and error.get("message")) and last != str(error["message"]).strip()
    return bool(said.get("tail")) or unseen or "\n" in str(content.get("message") or "").strip()
