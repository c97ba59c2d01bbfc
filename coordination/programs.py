"""When a program of a run was at work, so that what it wrote is known to be that run's.

Nobody sees what a program writes. But the file system notes when each file and folder last changed,
and nobody can set that. What changed while a program ran is put down to its run; what changed before
or after is somebody else's, however late it is found. Times are those of the file system, in ns.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from coordination.database import Reader, Transaction
from coordination.identities import KEPT
from coordination.store import identities
from coordination.store import programs as store
from coordination.store import triggers as trigger_store

__all__ = ["Span", "Trace", "begin", "behind", "close", "end", "settle", "spans"]

MOST = 500  # spans that nobody has looked behind yet; then the oldest are forgotten
FARTHEST = 64  # runs that are looked at behind one program
ROOT = 0  # who may write in anybody's name


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a program of *run* was at work; *ended* is None while it is.

    *owner* is who its files belong to.
    """

    id: str
    run: int
    owner: int
    begun: int
    ended: int | None = None

    def covers(self, moment: int) -> bool:
        """Say whether it was at work then."""
        return self.begun <= moment and (self.ended is None or moment <= self.ended)


@dataclass(frozen=True, slots=True)
class Trace:
    """What the file system knows of a change.

    Args:
        changed: when the file was changed last; None: it is gone.
        above: when the folders over it were changed, as far as they are there, the nearest first.
        added: whether it was not there before.
        owner: who it belongs to.
        since: when it was seen last as it had been; 0 where nobody knows.
    """

    changed: int | None
    above: Sequence[int]
    added: bool = False
    owner: int | None = None
    since: int = 0


async def spans(reader: Reader) -> tuple[Span, ...]:
    """Return the times that count, oldest first."""
    return _read(await store.read(reader))


def begin(tx: Transaction, span: Span, *, now: datetime) -> None:
    """Note that a program is about to start."""
    _keep(tx, (*_read(store.find(tx)), span)[-MOST:], now)


def end(tx: Transaction, span_id: str, *, at: int, now: datetime) -> None:
    """Note that a program is over; of a clock that was set back meanwhile, all counts that may be."""
    known = _read(store.find(tx))
    _keep(tx, tuple(_ended(each, at) if each.id == span_id else each for each in known), now)


def close(tx: Transaction, *, before: int, now: datetime) -> None:
    """Take what was begun *before* for over: the life that would have seen the end is."""
    known = _read(store.find(tx))
    lost = [each for each in known if each.ended is None and each.begun < before]
    if lost:
        _keep(tx, tuple(_ended(each, before) if each in lost else each for each in known), now)


def settle(tx: Transaction, *, before: int, now: datetime) -> None:
    """Forget what was over *before*: everybody has looked since."""
    known = _read(store.find(tx))
    left = tuple(each for each in known if each.ended is None or each.ended >= before)
    if left != known:
        _keep(tx, left, now)


async def behind(reader: Reader, known: Sequence[Span], trace: Trace, workflow: str) -> int | None:
    """Return the run whose program is behind a change that a trigger of *workflow* sees; None: nobody's.

    Of several that were at work, one counts that a run of the workflow led to, else the latest.
    """
    found = [span.run for span in reversed(known) if _fits(span, trace)]
    for run in found if len(found) > 1 else ():
        if workflow in await trigger_store.causes(reader, [run], most=FARTHEST):
            return run
    return found[0] if found else None


def _fits(span: Span, trace: Trace) -> bool:
    if trace.changed is None:
        return _took_away(span, trace)
    if trace.added and span.owner not in (trace.owner, ROOT):
        return False  # somebody else made it
    if trace.changed > trace.since:
        return span.covers(trace.changed)
    return any(span.covers(each) for each in trace.above)  # it came with a folder, as it was


def _took_away(span: Span, trace: Trace) -> bool:
    """Say whether a file may have gone by *span*: its folder has changed then, or later, unseen."""
    if not trace.above or span.covers(trace.above[0]):
        return bool(trace.above)
    seen_after = span.ended is not None and span.ended < trace.since
    return trace.since > 0 and not seen_after and span.begun <= trace.above[0]


def _ended(span: Span, at: int) -> Span:
    return replace(span, begun=min(span.begun, at), ended=max(span.begun, at))


def _read(row: store.Kept) -> tuple[Span, ...]:
    return () if row is None else tuple(Span(**each) for each in row.result["spans"])


def _keep(tx: Transaction, spans: Sequence[Span], now: datetime) -> None:
    result = {"spans": [asdict(each) for each in spans]}
    identities.keep(tx, store.NAME, "", result, now + KEPT)
