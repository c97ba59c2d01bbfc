"""From a fact to the move that it makes, and from moves to what is stored of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from baton.status import Status
from workflows.actions.notices import Post, Report
from workflows.core.commands import RunAction
from workflows.core.core import Core
from workflows.core.facts import Fact
from workflows.core.state import RunStatus
from workflows.journal import Place, Replayed, fact_entry
from workflows.runs import RunRecord, Wakeup
from workflows.runtimes.host.advance import Advance, Move, StepLog
from workflows.runtimes.host.intents import Intent
from workflows.runtimes.host.masks import HIDDEN
from workflows.runtimes.host.performing import Answer, cover_notice
from workflows.runtimes.host.plain_records import Records
from workflows.runtimes.host.records import (
    Cover,
    cover_of,
    run_error,
    run_values,
    shown_status,
    uncovered,
)
from workflows.runtimes.host.telling import posted, tellings, unknown_attempts

__all__ = ["Arrival", "Life", "advance", "fold"]


@dataclass(slots=True)  # not frozen, as `RunAction`. Nothing changes one once it is made
class Arrival:
    """A fact, and how it came: by a stored wake-up, or as the answer to an attempt.

    *pinned* are the revisions of the run's children, which are stored with it.
    """

    fact: Fact
    path: str | None = None
    wakeup: Wakeup | None = None
    answer: Answer = field(default_factory=Answer)
    pinned: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """What of the host a fold needs: the number of its life, and whether it keeps journals.

    *secretive* says whether a step of the plan gives what must not be seen; *seal* then closes the
    rows of its journal. *hides* says that all which the run gives is secret, its outputs too, and
    *given* that secrets are among its inputs.
    """

    fence: int
    journaled: bool
    secretive: bool = False
    seal: Callable[[str], str] | None = None
    hides: bool = False
    given: bool = False

    def cover(self, core: Core) -> Cover:
        """Return what covers all that people may not see of the run."""
        if not self.secretive:
            return uncovered
        return cover_of(core, secretive=self.secretive, inputs=self.hides)


def fold(
    run: RunRecord, replayed: Replayed, arrival: Arrival, *, life: Life, was: Status, now: datetime
) -> Move | None:
    """Apply the fact of *arrival* and return what it does; None where it changes nothing.

    *was* is the status under which the run has shown so far.
    """
    core, fact = replayed.core, arrival.fact
    asked = unknown_attempts(core)
    commands = tuple(core.apply(fact))
    changed = core.changed
    if core.warning is not None and not commands and not changed:
        return None
    wakeup, cover, seq = arrival.wakeup, life.cover(core), replayed.seq + 1
    status = shown_status(core)
    told, reports = tellings(run, core, commands, asked), ()
    if arrival.answer.notices:
        notices = [cover_notice(each, cover) for each in arrival.answer.notices]
        told += map(posted, _of(Post, notices))
        reports = tuple([each.body for each in _of(Report, notices)])
    return Move(
        at=now,
        seq=seq,
        entry=fact_entry(
            Place(run.id, seq, life.fence),
            fact,
            derived=core.derived,
            commands=commands,
            delivery_id=wakeup.delivery_id if wakeup else None,
            seal=life.seal,
        )
        if life.journaled
        else None,
        changed=changed,
        pinned=arrival.pinned,
        shown=None if status is was else status,
        error=None if status is was else run_error(core, cover),
        commands=commands,
        actions=[each for each in commands if isinstance(each, RunAction)],
        tellings=tuple(told),
        reports=reports,
        log=_log(core, arrival, cover) if arrival.answer.log else None,
        wakeup=wakeup.key if wakeup else None,
        spent=life.given and _is_spent(core),
        seal=life.seal if life.hides else None,
    )


def advance(  # all that a run is, and all that came of it
    run: RunRecord,
    core: Core,
    moves: Sequence[Move],
    intents: Sequence[Intent],
    life: Life,
    records: Records,
) -> Advance:
    """Return *moves* with the run and its steps as people see them after the last one.

    *intents* are of the actions that start with their commit.
    """
    cover = life.cover(core)
    changed = moves[0].changed
    if len(moves) > 1:
        changed = changed.union(*[each.changed for each in moves])
    untouched = records.untouched(core, changed) if moves[0].seq == 1 else ()
    return Advance(
        run=run,
        fence=life.fence,
        moves=moves,
        values=run_values(core, cover, hides=life.hides),
        untouched=untouched,
        steps=records.of(core, changed.difference([each.path for each in untouched]), cover),
        intents=intents,
        journaled=life.journaled,
    )


def _is_spent(core: Core) -> bool:
    """Say whether a run is over for good: one that failed may be retried, others taken back."""
    over = core.status in (RunStatus.COMPLETED, RunStatus.CANCELLED)
    return over and not core.state.undo and not core.state.not_undone


def _of(kind: type[Any], notices: Iterable[Any]) -> Iterable[Any]:
    return [each for each in notices if isinstance(each, kind)]


def _log(core: Core, arrival: Arrival, cover: Cover) -> StepLog | None:
    path, text = arrival.path, arrival.answer.log
    if path is None:
        return None
    shown = HIDDEN if core.node(path).step.secret_output else cover(text)
    return StepLog(path, shown.encode("utf-8", "replace"))
