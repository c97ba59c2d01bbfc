"""A run brought back from its journal: it takes facts in, and says what is to be stored of them.

An action that is pure is worked out on the spot, as an expression is: its answer is the next fact, and
all of it is stored in one unit. Nothing was touched before that, so nothing is lost with it.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from baton.status import Status
from coordination.children import is_hidden
from coordination.handles import holds_any
from workflows.core.commands import AskApproval, RunAction, StartChild
from workflows.journal import Place, Replayed, intent_entry, replay
from workflows.runs import Entry, Faulted, RunRecord
from workflows.runtimes.host.advance import Advance, Move
from workflows.runtimes.host.children import children_of
from workflows.runtimes.host.folding import Arrival, Life, advance, fold
from workflows.runtimes.host.intents import Intent, needs_intent
from workflows.runtimes.host.parts import Parts
from workflows.runtimes.host.performing import Answer, veiled
from workflows.runtimes.host.plain_records import Records
from workflows.runtimes.host.records import cover_of, shown_status
from workflows.runtimes.host.showing import covered, with_files
from workflows.runtimes.host.veiling import veils
from workflows.runtimes.host.weighing import Weight

__all__ = ["Opened", "open_run"]

TOGETHER = 64  # moves in one unit: others want the loop and the writer too
_LOOKED_AT = frozenset({AskApproval, StartChild})
"""What these hold is read, or looked up, before it is stored."""


@dataclass(slots=True)
class Opened:
    """The state of a run in memory.

    Args:
        parts: of this life.
        run: its row, as it was when it was opened.
        replayed: its core, and what is in flight; changed by every fact.
        life: what of the host a fold needs.
        weight: how much it holds.
        shown: the status under which it shows as a process.
        records: writes those of its steps.
        row: the columns of its row, as this life wrote them last; its status before that.
    """

    parts: Parts
    run: RunRecord
    replayed: Replayed
    life: Life
    weight: Weight
    shown: Status
    records: Records
    row: Mapping[str, Any]

    async def take(self, arrival: Arrival) -> Advance | None:
        """Fold *arrival*, and the answers of the pure actions that follow; None if it changes nothing.

        What is returned has to be stored, or the run to be let go.
        """
        first = await self._fold(arrival, self._now)
        if first is None:
            return None
        moves, ready = [first], deque(first.actions)
        while ready and len(moves) < TOGETHER:
            answered = self._worked_out(ready.popleft())
            move = None if answered is None else await self._fold(answered, answered.fact.at)
            if move is not None:
                moves.append(move)
                ready += move.actions
        intents, core = self._intents(moves), self.replayed.core
        done = advance(self.run, core, moves, intents, self.life, self.records)
        done.stays = done.values["status"] == self.row["status"]
        done.same, self.row = done.values == self.row, done.values
        return done

    def take_back(self, intents: Sequence[Intent]) -> None:
        """Forget that these actions were to start, since it was not stored."""
        self.replayed.seq -= len(intents)
        for _ in intents:
            self.parts.slots.give_back()

    def stands(self, action: RunAction) -> bool:
        """Say whether the answer of *action* is still wanted, and not there."""
        return self.replayed.flight.actions.get(action.path) is action

    def answered(self, action: RunAction, answer: Answer) -> Arrival:
        """Return what the answer of *action* tells the run."""
        if self.life.secretive and self.replayed.core.node(action.path).step.secret_output:
            answer = veiled(answer)
        self.records.heard(action.path, answer.output, answer.text)
        return Arrival(answer.fact(action, self._now), action.path, answer=answer)

    async def _fold(self, arrival: Arrival, now: datetime) -> Move | None:
        replayed = self.replayed
        admitted = self.weight.admit(replayed.core, arrival.fact, arrival.answer.text)
        if admitted is not arrival.fact:
            arrival = replace(arrival, fact=admitted)
        move = fold(self.run, replayed, arrival, life=self.life, was=self.shown, now=now)
        if move is None:
            return None
        replayed.seq += 1
        replayed.flight.follow(arrival.fact, move.commands)
        self.weight.take_in(arrival.fact)
        if move.shown is not None:
            self.shown = move.shown
        if self.life.secretive or not _LOOKED_AT.isdisjoint(map(type, move.commands)):
            return await self._as_stored(move)
        return move

    def _worked_out(self, action: RunAction) -> Arrival | None:
        """Return the answer of a pure action; None where it has to be performed like any other."""
        parts, run = self.parts, self.run
        if not parts.performer.is_pure(action) or needs_intent(action) or self.life.given:
            return None
        if parts.stopping or not self.stands(action):
            return None
        if parts.is_aloft((run.key, action.path)):
            return None  # an earlier attempt has to be gone first
        answer = parts.performer.work_out(run, action)
        return None if answer is None else self.answered(action, answer)

    def _intents(self, moves: Iterable[Move]) -> list[Intent]:
        """Take a place for each action that can start with the commit of *moves*, and say that it does.

        An intent of its own would be another commit.
        """
        found: list[Intent] = []
        for action in [each for move in moves for each in move.actions]:
            if self._may_begin(action) and self.parts.slots.take_now():
                self.replayed.seq += 1
                place = Place(self.run.id, self.replayed.seq, self.life.fence)
                found.append(Intent(action, intent_entry(place, action, at=self._now)))
        return found

    def _may_begin(self, action: RunAction) -> bool:
        """Say whether *action* needs an intent, and nothing that only a later look can tell."""
        parts, run = self.parts, self.run
        if not needs_intent(action) or action.covered is not None or not self.stands(action):
            return False
        asks = run.restored and not action.redo
        return not (asks or parts.stopping or parts.is_aloft((run.key, action.path)))

    async def _as_stored(self, move: Move) -> Move:
        """Return *move* as others may see it, with the files of its questions and the children it begins."""
        run, core = self.run, self.replayed.core
        parts, life = self.parts, self.life
        given, sealing = cover_of(core, secretive=life.secretive), parts.sealing
        filled = await with_files(parts.world, move.commands)
        if filled is not move.commands:
            filled = covered(filled, await parts.performer.cover_of_inputs(run))
        return replace(
            move,
            commands=covered(filled, life.cover(core), outputs=not life.hides),
            children=await children_of(parts, run, move.commands, core, given),
            veils={} if sealing is None else veils(core, move.commands, given, sealing),
        )

    @property
    def _now(self) -> datetime:
        return self.parts.world.clock.now()


async def open_run(parts: Parts, run: RunRecord, entries: Iterable[Entry]) -> Opened:
    """Bring *run* back from its journal, which holds *entries*.

    Raises:
        Faulted: the journal does not add up.
    """
    hides = is_hidden(run.trigger)
    plan = await (parts.hidden_plan if hides else parts.plan)(run.hash)
    sealing, secretive = parts.sealing, hides or run.hash in parts.secretive
    replayed = replay(
        plan,
        run.id,
        entries,
        core_version=run.core_version,
        unseal=None if sealing is None else sealing.unseal,
    )
    if replayed.seq != run.seq:
        raise Faulted(f"the journal has {replayed.seq} rows, and the run counts {run.seq}")
    seal = sealing.seal if sealing is not None and secretive else None
    life = Life(
        parts.fence,
        parts.journaled,
        secretive=secretive,
        seal=seal,
        hides=hides,
        given=holds_any(run.inputs),
    )
    records, row = Records(run.id, parts.places[run.hash]), {"status": run.status.value}
    shown = shown_status(replayed.core)
    return Opened(parts, run, replayed, life, Weight(parts.settings), shown, records, row)
