"""One run at work: its mailbox, its core, and the attempts that it has in flight.

Facts are taken in one after the other. Each is folded by the core, then all that follows from it is
stored in one unit, and only then are its commands performed. A run at rest is rows and no object.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

import structlog

from coordination import holding, wakeups
from coordination.children import is_hidden
from coordination.database import Reader, Unavailable
from coordination.ports import RunStatus
from workflows import store
from workflows.core.commands import AskApproval, CancelAction, Command, RunAction, StartChild
from workflows.core.facts import StepError, StepFailed, StepStarted, StepUnknown
from workflows.core.state import RunStatus as CoreStatus
from workflows.journal import Place, Replayed, intent_entry, replay
from workflows.runs import Entry, Faulted, RunRecord, Stale, Wakeup
from workflows.runtimes.host.advance import Advance, write
from workflows.runtimes.host.awaiting import queue_posts, until_sent
from workflows.runtimes.host.children import children_of
from workflows.runtimes.host.flight import Flying, fly, needs_intent
from workflows.runtimes.host.folding import Arrival, Life, fold
from workflows.runtimes.host.halting import halt
from workflows.runtimes.host.hearing import fact_of, opened, run_started
from workflows.runtimes.host.intents import NotCovered, check_digest, intend
from workflows.runtimes.host.parts import Parts
from workflows.runtimes.host.performing import Answer, cover_notice, veiled
from workflows.runtimes.host.records import cover_of, has_secrets
from workflows.runtimes.host.showing import covered, with_files
from workflows.runtimes.host.veiling import veils
from workflows.runtimes.host.weighing import Weight

__all__ = ["Live"]

_LOOKED_AT = (AskApproval, StartChild)  # what they hold is read, or looked up, before it is stored
LOST = "Baton stopped while it ran, and nobody saw how it ended."
RESTORED = "The run came back from a backup, and may have done this after that was made."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Starting:
    """An attempt waits for its intent to be stored."""

    flying: Flying


@dataclass(frozen=True, slots=True)
class _Answered:
    flying: Flying
    answer: Answer


_Mail: TypeAlias = _Starting | _Answered


class Live:
    """A run in memory. Everything about it happens in one task at a time.

    Args:
        parts: of this life.
        key: the run's, in the store.
        at_rest: called when there is nothing to do until somebody tells the run something.
    """

    def __init__(self, parts: Parts, key: int, at_rest: Callable[["Live"], None]) -> None:
        self.key = key
        self.gone = False  # let go: another life has it, or it is halted
        self._parts = parts
        self._at_rest = at_rest
        self._mail: deque[_Mail] = deque()
        self._hinted = False
        self._working = False
        self._grounded = False  # what was in flight stays where it is until somebody resumes it
        self._run: RunRecord | None = None
        self._replayed: Replayed | None = None
        self._weight = Weight(parts.settings)
        self._life = Life(parts.fence, parts.journaled)
        self._flying: dict[str, Flying] = {}

    @property
    def busy(self) -> bool:
        """Whether it still has something to do."""
        return bool(self._working or self._mail or self._hinted or self._flying)

    @property
    def working(self) -> bool:
        """Whether it is taking in what came, or is about to."""
        return self._working or bool(self._mail)

    def hint(self) -> None:
        """Have the run look for what it was told."""
        self._hinted = True
        self._wake()

    def _post(self, mail: _Mail) -> None:
        self._mail.append(mail)
        self._wake()

    def _wake(self) -> None:
        if not self._working and not self.gone:
            self._working = True
            self._parts.world.tasks.start(f"run {self.key}", self._work())

    async def _work(self) -> None:
        try:
            if self._replayed is None:
                await self._open()
            while not self.gone and (self._mail or self._hinted):
                await self._next()
        except (Stale, Unavailable) as error:
            log.warning("run_let_go", run_id=self._id, run_key=self.key, error=str(error))
            self._let_go()
        except Exception as error:  # the edge of this run's loop: it halts, the others go on
            log.exception("run_faulted", run_id=self._id, run_key=self.key)
            await self._halt(error)
        finally:
            self._working = False
            if self.gone or not self.busy:
                self._at_rest(self)

    async def _next(self) -> None:
        if not self._mail:
            self._hinted = False
            await self._hear()
            return
        mail = self._mail.popleft()
        if self._flying.get(mail.flying.action.path) is not mail.flying:
            return  # nobody wants it any more
        if isinstance(mail, _Starting):
            await self._begin(mail.flying)
        else:
            await self._land(mail.flying, mail.answer)

    async def _open(self) -> None:
        """Bring the run back from its journal, and go on with what was in flight."""
        run, entries = await self._parts.door.read(self._read)
        self._run = run
        if run.status is RunStatus.FAULTED:
            self._let_go()
            return
        hides = is_hidden(run.trigger)
        plan = await (self._parts.hidden_plan if hides else self._parts.plan)(run.hash)
        sealing, secretive = self._parts.sealing, hides or has_secrets(plan)
        replayed = replay(
            plan,
            run.id,
            entries,
            core_version=run.core_version,
            unseal=None if sealing is None else sealing.unseal,
        )
        if replayed.seq != run.seq:
            raise Faulted(f"the journal has {replayed.seq} rows, and the run counts {run.seq}")
        self._replayed = replayed
        seal = sealing.seal if sealing is not None and secretive else None
        self._life = replace(self._life, secretive=secretive, seal=seal, hides=hides)
        paused = run.status is RunStatus.PAUSED or replayed.core.state.paused_at is not None
        self._grounded = run.restored and paused
        if not self._grounded:
            await self._take_off()

    async def _take_off(self) -> None:
        """Go on with what was in flight, but for what this life has begun."""
        _, replayed = self._opened
        for action in tuple(replayed.flight.actions.values()):
            if (
                action.path not in self._flying
                and replayed.flight.actions.get(action.path) is action
            ):
                await self._resume(action, begun=replayed.intents.get(action.path))

    async def _read(self, reader: Reader) -> tuple[RunRecord, list[Entry]]:
        run = await self._read_run(reader)
        return run, await store.entries(reader, self.key) if self._parts.journaled else []

    async def _read_run(self, reader: Reader) -> RunRecord:
        run = await store.run(reader, self.key)
        if run is None:
            raise Stale(f"there is no run with the key {self.key}")
        return run

    async def _resume(self, action: RunAction, *, begun: int | None) -> None:
        """Go on with an attempt of an earlier life: start it, run it again, or ask people."""
        if needs_intent(action) and begun != action.attempt:
            self._start(action)
        elif action.repeatable:
            await self._take(Arrival(StepStarted(self._now, action.path, action.attempt + 1)))
        else:
            lost = StepUnknown(self._now, action.path, action.attempt, LOST)
            await self._take(Arrival(lost))

    async def _hear(self) -> None:
        """Take in what the run was told; begin it first if nobody has, unless it is cancelled."""
        told = await self._pending()
        if self._queued:
            cancels = [each for each in told if each.kind == "cancel"]
            await self._hear_of(cancels)
            if self._queued and not await self._start_run(told):
                return
            if self._opened[0].restored:
                told = await self._pending()  # what let it begin is over
            told = [each for each in told if each.kind != "cancel"]
        await self._hear_of(told)
        if self._grounded and self._opened[1].core.state.paused_at is None:
            self._grounded = False
            await self._take_off()

    async def _pending(self) -> list[Wakeup]:
        return await self._parts.door.read(lambda reader: store.pending(reader, self.key))

    async def _hear_of(self, told: Sequence[Wakeup]) -> None:
        for wakeup in told:
            fact = fact_of(opened(wakeup, self._parts.sealing), now=self._now)
            await self._take(Arrival(fact, wakeup=wakeup))

    async def _start_run(self, told: Sequence[Wakeup]) -> bool:
        """Begin the run, with the revisions that its children have now; False while it is held."""
        run, replayed = self._opened
        read, now = self._parts.door.read, self._now
        if run.status is RunStatus.PAUSED:  # a restore did that, and it has not begun
            if holding.is_held(told):
                return False
            await self._parts.write(lambda tx: holding.begin_after_all(tx, run.key, told, now=now))
        if run.held:
            self._run = run = await read(self._read_run)
            if run.held:
                return False
        pinned = run.children
        if pinned is None:
            names = replayed.core.plan.children
            pinned = await read(lambda reader: store.active_revisions(reader, names))
        fact = run_started(run, self._parts.settings, pinned, now=self._now)
        await self._take(Arrival(fact, values={"children": pinned or None}))
        return True

    async def _begin(self, flying: Flying) -> None:
        """Store that an attempt is about to start, then let it."""
        run, replayed = self._opened
        parts, action, now = self._parts, flying.action, self._now
        if parts.stopping:
            flying.clear(start=False)  # the next life starts it
            return
        if run.restored and not action.repeatable and not action.redo:
            self._drop(flying)
            asked = StepUnknown(now, action.path, action.attempt, RESTORED)
            await self._take(Arrival(asked))
            return
        check_digest(action)
        entry = intent_entry(Place(run.id, replayed.seq + 1, parts.fence), action, at=now)
        try:
            await parts.write(
                lambda tx: intend(
                    tx, run, action, entry=entry, journaled=parts.journaled, roles=parts.roles
                )
            )
        except NotCovered as why:
            self._drop(flying)
            error = StepError("not_approved", f"Not started: {why}.")
            await self._take(Arrival(StepFailed(now, action.path, action.attempt, error)))
            return
        replayed.seq += 1
        flying.clear(start=True)

    async def _land(self, flying: Flying, answer: Answer) -> None:
        action = flying.action
        if answer.when_sent is not None:
            await self._await_sent(flying, answer)
            return
        del self._flying[action.path]
        if self._opened[1].core.node(action.path).step.secret_output:
            answer = veiled(answer)
        await self._take(Arrival(answer.fact(action, self._now), action.path, answer=answer))

    async def _await_sent(self, flying: Flying, answer: Answer) -> None:
        """Tell Slack at once, and let the step end when what it says stands there."""
        run, replayed = self._opened
        cover = self._life.cover(replayed.core)
        posts = tuple(cover_notice(each, cover) for each in answer.notices)
        await queue_posts(self._parts, run, posts)
        work = until_sent(self._parts, run, flying, replace(answer, notices=posts), self._answered)
        self._parts.world.tasks.start(f"sent {run.id} {flying.action.path}", work)

    async def _take(self, arrival: Arrival) -> None:
        """Fold a fact, store all that follows from it, then perform it."""
        run, replayed = self._opened
        parts, now = self._parts, self._now
        admitted = self._weight.admit(replayed.core, arrival.fact)
        if admitted is not arrival.fact:
            arrival = replace(arrival, fact=admitted)
        move = fold(run, replayed, arrival, life=self._life, now=now)
        if move is None:
            await self._pass_over(arrival.wakeup, now)
            return
        shown = move
        if self._life.secretive or any(isinstance(each, _LOOKED_AT) for each in move.commands):
            shown = await self._shown(move)
        if not await parts.write(lambda tx: write(tx, shown, parts.world.ids)):
            raise Stale(f"another life of Baton went on with R-{run.number}")
        replayed.seq += 1
        replayed.flight.follow(arrival.fact, move.commands)
        self._weight.take_in(arrival.fact)
        for command in move.commands:
            self._perform(command)

    async def _shown(self, move: Advance) -> Advance:
        """Return *move* as others may see it, with the files of its questions and the children it begins."""
        run, replayed = self._opened
        parts, life, core = self._parts, self._life, replayed.core
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

    async def _pass_over(self, wakeup: Wakeup | None, now: datetime) -> None:
        """Note that the run was told something that changes nothing."""
        run, replayed = self._opened
        log.info("fact_changed_nothing", run_id=run.id, why=replayed.core.warning)
        if wakeup is not None:
            key = wakeup.key
            await self._parts.write(lambda tx: wakeups.done(tx, key, now=now))

    def _perform(self, command: Command) -> None:
        if isinstance(command, RunAction):
            self._start(command)
        elif isinstance(command, CancelAction):
            flying = self._flying.get(command.path)
            if flying is not None and flying.action.attempt == command.attempt:
                self._drop(flying)

    def _start(self, action: RunAction) -> None:
        run, _ = self._opened
        flying = Flying(action)
        flying.after = self._parts.lift(flying, (self.key, action.path))
        self._flying[action.path] = flying
        work = fly(self._parts, run, flying, self._ask, self._answered)
        self._parts.world.tasks.start(f"action {run.id} {action.path}", work)

    def _ask(self, flying: Flying) -> None:
        self._post(_Starting(flying))

    def _answered(self, flying: Flying, answer: Answer) -> None:
        self._post(_Answered(flying, answer))

    def _drop(self, flying: Flying) -> None:
        self._flying.pop(flying.action.path, None)
        flying.cancel()

    def _let_go(self) -> None:
        self.gone = True
        for flying in tuple(self._flying.values()):
            self._drop(flying)

    async def _halt(self, error: Exception) -> None:
        """Mark the run as faulted, with one record; whatever happens, nobody drives it any more."""
        run, parts, now = self._run, self._parts, self._now
        self._let_go()
        if run is None:
            return
        why = str(error) or type(error).__name__
        try:
            await parts.write(
                lambda tx: halt(tx, run, why, fence=parts.fence, now=now, ids=parts.world.ids)
            )
        except Exception:  # nothing is left to be done; the sweep comes back to it
            log.exception("halt_failed", run_id=run.id, run_key=self.key)

    @property
    def _queued(self) -> bool:
        return self._opened[1].core.status is CoreStatus.QUEUED

    @property
    def _id(self) -> str | None:
        """The run's id, once it is read."""
        return None if self._run is None else self._run.id

    @property
    def _now(self) -> datetime:
        return self._parts.world.clock.now()

    @property
    def _opened(self) -> tuple[RunRecord, Replayed]:
        if self._run is None or self._replayed is None:
            raise Faulted("the run is used before it is opened")
        return self._run, self._replayed
