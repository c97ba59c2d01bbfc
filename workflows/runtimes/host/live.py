"""One run at work: its mailbox, its core, and the attempts that it has in flight.

Facts are taken in one after the other. Each is folded by the core, then all that follows from it is
stored in one unit, and only then is performed what touches the world. A run at rest is rows and no
object.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from coordination import holding, wakeups
from coordination.database import Unavailable
from coordination.ports import RunStatus
from workflows import store
from workflows.core.commands import CancelAction, Command, RunAction
from workflows.core.core import Core
from workflows.core.facts import StepError, StepFailed, StepStarted, StepUnknown
from workflows.core.state import RunStatus as CoreStatus
from workflows.journal import Place, intent_entry
from workflows.runs import Faulted, Found, RunRecord, Stale, Wakeup
from workflows.runtimes.host.advance import Outcome, write
from workflows.runtimes.host.awaiting import queue_posts, until_sent
from workflows.runtimes.host.flight import Answered, Flying, Mail, Once, Starting, fly
from workflows.runtimes.host.folding import Arrival
from workflows.runtimes.host.halting import halt
from workflows.runtimes.host.hearing import fact_of, opened, run_started
from workflows.runtimes.host.intents import Intent, NotCovered, check_digest, intend, needs_intent
from workflows.runtimes.host.opened import Opened, open_run
from workflows.runtimes.host.parts import Parts
from workflows.runtimes.host.performing import Answer, cover_notice

__all__ = ["Live"]

LOST = "Baton stopped while it ran, and nobody saw how it ended."
RESTORED = "The run came back from a backup, and may have done this after that was made."

log = structlog.get_logger(__name__)


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
        self.opened = Once()  # it goes on with what was in flight, or cannot
        self._parts = parts
        self._at_rest = at_rest
        self._mail: deque[Mail] = deque()
        self._hinted = False
        self._found: Found | None = None
        self._told: list[Wakeup] | None = None  # what the run was told when it was opened
        self._working = False
        self._grounded = False  # what was in flight stays where it is until somebody resumes it
        self._run: RunRecord | None = None
        self._open_run: Opened | None = None
        self._flying: dict[str, Flying] = {}
        self._ready: Flying | None = None  # whoever is at work performs it next
        self._others = False  # other actions were sent off before it, and begin before it

    @property
    def busy(self) -> bool:
        """Whether it still has something to do."""
        return bool(self._working or self._mail or self._listens or self._flying)

    @property
    def working(self) -> bool:
        """Whether it is taking in what came, or is about to."""
        return self._working or bool(self._mail)

    def hint(self) -> None:
        """Have the run look for what it was told."""
        self._hinted = True
        self._wake()

    def _post(self, mail: Mail) -> None:
        self._mail.append(mail)
        self._wake()

    def go_on(self, found: Found) -> None:
        """Do what there is to do in a run that nobody drives, of which all that is stored was *found*."""
        self._found = found
        self._wake()

    def _wake(self) -> None:
        if not self._working and not self.gone:
            self._working = True
            self._parts.world.tasks.start(f"run {self.key}", self._go())

    async def _go(self) -> None:
        await self._fly(await self._work())

    async def _work(self) -> Flying | None:
        """Take in all that came; return the action that whoever did so performs next."""
        self._others = False
        try:
            if self._open_run is None:
                await self._open()
                self.opened.come()
            while not self.gone and (self._mail or self._listens):
                await self._next()
        except (Stale, Unavailable) as error:
            log.warning("run_let_go", run_id=self._id, run_key=self.key, error=str(error))
            self._let_go()
        except Exception as error:  # the edge of this run's loop: it halts, the others go on
            log.exception("run_faulted", run_id=self._id, run_key=self.key)
            await self._halt(error)
        finally:
            self.opened.come()
            self._working = False
            if self.gone or not self.busy:
                self._at_rest(self)
        if self._others:
            self._send_off()
        ready, self._ready = self._ready, None
        return ready

    async def _next(self) -> None:
        self._send_off()
        if not self._mail:
            told, self._told = self._told, None
            if told is None:
                self._hinted = False
                told = await self._pending()
            await self._hear(told)
            return
        mail = self._mail.popleft()
        if self._flying.get(mail.flying.action.path) is not mail.flying:
            return  # nobody wants it any more
        if isinstance(mail, Starting):
            await self._begin(mail.flying)
        else:
            await self._land(mail.flying, mail.answer)

    async def _open(self) -> None:
        """Bring the run back from its journal, and go on with what was in flight."""
        found, self._found = self._found, None
        if found is None:
            self._hinted = False  # what is said from here on is read later
            found = await self._parts.door.read(lambda each: store.found(each, self.key))
        self._run, self._told, run = found.run, found.told, found.run
        if run.status is RunStatus.FAULTED:
            self._let_go()
            return
        self._open_run = await open_run(self._parts, run, found.entries)
        paused = run.status is RunStatus.PAUSED or self._core.state.paused_at is not None
        self._grounded = run.restored and paused
        if not self._grounded:
            await self._take_off()
        if not (found.told or self._queued or self._grounded):
            self._told = None  # so that what is ready stays in this task

    async def _take_off(self) -> None:
        """Go on with what was in flight, but for what this life has begun."""
        opened, replayed = self._opened, self._opened.replayed
        for action in tuple(replayed.flight.actions.values()):
            if action.path not in self._flying and opened.stands(action):
                await self._resume(action, begun=replayed.intents.get(action.path))

    async def _resume(self, action: RunAction, *, begun: int | None) -> None:
        """Go on with an attempt of an earlier life: start it, run it again, or ask people."""
        if needs_intent(action) and begun != action.attempt:
            self._start(action)
        elif action.repeatable:
            await self._take(Arrival(StepStarted(self._now, action.path, action.attempt + 1)))
        else:
            lost = StepUnknown(self._now, action.path, action.attempt, LOST)
            await self._take(Arrival(lost))

    async def _hear(self, told: list[Wakeup]) -> None:
        """Take in what the run was told; begin it first if nobody has, unless it is cancelled."""
        if self._queued:
            cancels = [each for each in told if each.kind == "cancel"]
            await self._hear_of(cancels)
            if self._queued and not await self._start_run(told):
                return
            if self._opened.run.restored:
                told = await self._pending()  # what let it begin is over
            told = [each for each in told if each.kind != "cancel"]
        await self._hear_of(told)
        if self._grounded and self._core.state.paused_at is None:
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
        opened = self._opened
        run, read, now = opened.run, self._parts.door.read, self._now
        if run.status is RunStatus.PAUSED:  # a restore did that, and it has not begun
            if holding.is_held(told):
                return False
            await self._parts.write(lambda tx: holding.begin_after_all(tx, run.key, told, now=now))
        if run.held:
            opened.run = run = await read(lambda each: store.run(each, run.key))
            if run.held:
                return False
        names, pinned = self._core.plan.children, run.children
        if pinned is None:
            pinned = await read(lambda each: store.active_revisions(each, names)) if names else {}
        fact = run_started(run, self._parts.settings, pinned, now=self._now)
        await self._take(Arrival(fact, pinned=pinned))
        return True

    async def _begin(self, flying: Flying) -> None:
        """Store that an attempt is about to start, if it has to be, then let it."""
        run, replayed = self._opened.run, self._opened.replayed
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
        intent, journaled = Intent(action, entry), parts.journaled
        try:
            stored = await parts.write(
                lambda tx: intend(tx, run, intent, journaled=journaled, roles=parts.roles)
            )
        except NotCovered as why:
            self._drop(flying)
            error = StepError("not_approved", f"Not started: {why}.")
            await self._take(Arrival(StepFailed(now, action.path, action.attempt, error)))
            return
        if stored:
            replayed.seq += needs_intent(action)
            flying.clear(start=True)
            return
        await self._hear(await self._pending())
        self._mail.append(Starting(flying))  # if it is still wanted after that

    async def _land(self, flying: Flying, answer: Answer) -> None:
        action = flying.action
        if answer.when_sent is not None:
            await self._await_sent(flying, answer)
            return
        del self._flying[action.path]
        await self._take(self._opened.answered(action, answer))

    async def _await_sent(self, flying: Flying, answer: Answer) -> None:
        """Tell Slack at once, and let the step end when what it says stands there."""
        run, cover = self._opened.run, self._opened.life.cover(self._core)
        posts = tuple(cover_notice(each, cover) for each in answer.notices)
        await queue_posts(self._parts, run, posts)
        work = until_sent(self._parts, run, flying, replace(answer, notices=posts), self._answered)
        self._parts.world.tasks.start(f"sent {run.id} {flying.action.path}", work)

    async def _take(self, arrival: Arrival) -> None:
        """Fold a fact, store all that follows from it, then perform it."""
        self._send_off()
        opened, parts = self._opened, self._parts
        done = await opened.take(arrival)
        if done is None:
            await self._pass_over(arrival.wakeup, self._now)
            return
        outcome: Outcome = "stale"
        try:
            outcome = await parts.write(lambda tx: write(tx, done, parts.world.ids))
        finally:
            if outcome != "stored":
                opened.take_back(done.intents)
        if outcome == "stale":
            raise Stale(f"another life of Baton went on with R-{opened.run.number}")
        if outcome == "cancelled":  # nothing starts any more that is not wanted after that
            await self._hear(await self._pending())
        begun = [each.action for each in done.intents] if outcome == "stored" else ()
        for move in done.moves:
            for command in move.commands:
                self._perform(command, begun)

    async def _pass_over(self, wakeup: Wakeup | None, now: datetime) -> None:
        """Note that the run was told something that changes nothing."""
        log.info("fact_changed_nothing", run_id=self._id, why=self._core.warning)
        if wakeup is not None:
            key = wakeup.key
            await self._parts.write(lambda tx: wakeups.done(tx, key, now=now))

    def _perform(self, command: Command, begun: Sequence[RunAction]) -> None:
        if isinstance(command, RunAction):
            if self._opened.stands(command):  # and was not worked out, or taken back, since
                self._start(command, begun=bool(begun) and any(each is command for each in begun))
        elif isinstance(command, CancelAction):
            flying = self._flying.get(command.path)
            if flying is not None and flying.action.attempt == command.attempt:
                self._drop(flying)

    def _start(self, action: RunAction, *, begun: bool = False) -> None:
        self._send_off()
        flying = Flying(action, begun)
        flying.after = self._parts.lift(flying, (self.key, action.path))
        self._flying[action.path] = self._ready = flying
        if needs_intent(action) and not begun:
            self._send_off()  # it waits for what only this run can store

    def _send_off(self) -> None:
        """Give the action that is ready a task of its own: whoever is at work has more to do."""
        if self._ready is not None:
            flying, self._ready, self._others = self._ready, None, True
            name = f"action {self._id} {flying.action.path}"
            self._parts.world.tasks.start(name, self._fly(flying))

    async def _fly(self, flying: Flying | None) -> None:
        """Perform an attempt, take in what came of it, and go on with what that made ready.

        A run whose steps follow one another stays in one task, since each more would cost as much as
        a step.
        """
        task = asyncio.current_task()
        while flying is not None and task is not None:  # and named for what it does, if that fails
            task.set_name(f"action {self._id} {flying.action.path}")
            answer = await fly(self._parts, self._opened.run, flying, self._post)
            if answer is None:
                return
            self._mail.append(Answered(flying, answer))
            if self._working or self.gone:
                return  # somebody else takes it in
            self._working = True
            task.set_name(f"run {self.key}")
            flying = await self._work()

    def _answered(self, flying: Flying, answer: Answer) -> None:
        self._post(Answered(flying, answer))

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
    def _listens(self) -> bool:
        """Whether it was told something that it has not taken in."""
        return self._hinted or self._told is not None

    @property
    def _queued(self) -> bool:
        return self._core.status is CoreStatus.QUEUED

    @property
    def _id(self) -> str | None:
        """The run's id, once it is read."""
        return None if self._run is None else self._run.id

    @property
    def _now(self) -> datetime:
        return self._parts.world.clock.now()

    @property
    def _core(self) -> Core:
        return self._opened.replayed.core

    @property
    def _opened(self) -> Opened:
        if self._open_run is None:
            raise Faulted("the run is used before it is opened")
        return self._open_run
