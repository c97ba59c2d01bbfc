"""The commit before an action that must not happen twice: who dies after it leaves a question."""

from dataclasses import dataclass

from baton.errors import BatonError
from coordination import audit, votes, wakeups
from coordination.database import Transaction
from coordination.policy import Roles
from workflows import store
from workflows.core.codec import covered_digest
from workflows.core.commands import RunAction
from workflows.runs import Entry, Faulted, RunRecord, Stale

__all__ = ["Intent", "NotCovered", "check_digest", "intend", "needs_intent", "note"]


@dataclass(frozen=True, slots=True)
class Intent:
    """An action that is about to start, and the row that says so."""

    action: RunAction
    entry: Entry


class NotCovered(BatonError):
    """An approved action may not start after all; the sentence says why."""


def needs_intent(action: RunAction) -> bool:
    """Say whether the start of *action* has to be stored before it happens."""
    return not action.repeatable or action.covered is not None


def check_digest(action: RunAction) -> None:
    """Make sure that what runs is what was shown.

    Raises:
        Faulted: the bytes are others than those that people said yes to.
    """
    if action.covered is None:
        return
    if covered_digest(action.path, action.action, action.params) != action.covered:
        raise Faulted(f"{action.path} would run something else than what was approved")


def intend(
    tx: Transaction, run: RunRecord, intent: Intent, *, journaled: bool, roles: Roles
) -> bool:
    """Store *intent* by itself; False, with nothing stored, where the run was told to end meanwhile.

    Of what needs none nothing is stored either way: it waited for its place, and is only looked at again.

    Raises:
        Stale: another life has moved the run.
        NotCovered: no approval stands behind it any more.
    """
    action, entry = intent.action, intent.entry
    if wakeups.is_cancelled(tx, run.key):
        return False
    if not needs_intent(action):
        return True
    if not store.count_on(tx, run.key, was=entry.seq - 1, fence=entry.fence, seq=entry.seq):
        raise Stale(f"another life of Baton went on with R-{run.number}")
    if action.covered is not None:
        why = votes.still_covers(tx, run.key, action.path, action.covered, roles)
        if why is not None:
            raise NotCovered(why)
    note(tx, run, intent, journaled=journaled)
    return True


def note(tx: Transaction, run: RunRecord, intent: Intent, *, journaled: bool) -> None:
    """Add *intent* to the journal, and to the audit."""
    action, entry = intent.action, intent.entry
    if journaled:
        store.add_entry(tx, run, entry)
    detail = {
        "path": action.path,
        "action": action.action,
        "attempt": action.attempt,
        "digest": action.covered,
    }
    audit.record(tx, at=entry.at, actor="baton", action="step.start", object=run.id, detail=detail)
