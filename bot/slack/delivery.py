"""Delivery: leases notices, draws them from the newest facts, and tells Slack. One for a workspace.

What people see is a projection of rows. A notice says what to look at, never what to say, so however
late it is delivered, it shows how things are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.slack.client import Meaning, SlackTrouble, Trouble
from bot.slack.fallback import Fallback
from bot.slack.fates import fate
from bot.slack.limits import EDIT, OURS, POST, Allowance, Held, Limits
from bot.slack.places import Places
from bot.slack.reconcile import Finder
from bot.slack.rungs import Refusals
from bot.slack.saying import NO_CHANNEL, Drawings, Lenient, Means, Policies, Saying, here
from bot.slack.sharing import FileCalls, Sharing
from bot.slack.telling import Telling
from coordination import outbox, reconciling, turns
from coordination.changes import Change, Subscription
from coordination.database import Door, Transaction, Unavailable
from coordination.outbox import Leased
from coordination.retry import next_delay
from coordination.setbacks import Setback
from coordination.store import newest, places
from coordination.store import outbox as store
from coordination.turns import Claim, Claimed, Floor, Hold
from coordination.world import World

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
AT_ONCE = 20
SWEEP = 5.0  # s; a wake-up that was missed is made good within it
BUSY = 0.2  # s until another look at what waits for a call of its own thread, whose end wakes us; then twice it
LOOK_AGAIN = timedelta(seconds=10)  # until a post that may have arrived can be seen
UNPARK_EVERY = 600.0  # s
OUTAGE = timedelta(minutes=1)  # after so long, cards may have been left behind
LOOK_BACK = timedelta(days=7)
BEHIND = 500  # cards that are brought up to date at once
TICK = timedelta(milliseconds=20)
TOGETHER = timedelta(milliseconds=4)  # for what comes up at the same time
APART = timedelta(milliseconds=50)  # between two rounds, where the first could let nothing leave
UNWRITTEN = Trouble(Meaning.LATER, "the store could not be written")


@dataclass(slots=True)
class Delivery:
    """Runs until it is cancelled. Everything it must not forget is in the outbox."""

    door: Door
    world: World
    slack: FileCalls
    drawings: Drawings
    policies: Policies = field(default_factory=Lenient)
    allowance: Allowance = OURS
    refused: str | None = None  # Slack does not know our token any more
    openings: int = 0  # how often it was worth trying again what no channel took
    _flying: set[int] = field(default_factory=set)  # the keys of notices
    _due: datetime | None = None  # what comes next, as of the last round
    _vain: float | None = None  # when the last round was, if it let nothing leave
    _waits: int = 0  # for calls in a row, without anything that could leave
    _begun: bool = False
    _left_behind: bool = False  # cards may be, until somebody has looked
    _unparked: float | None = None
    _unwritten: list[tuple[Leased, datetime]] = field(default_factory=list)
    _floor: Floor = field(default_factory=Floor)
    _setback: Setback = field(init=False)
    _limits: Limits = field(init=False)
    _finder: Finder = field(init=False)
    _refusals: Refusals = field(init=False)
    _places: Places = field(init=False)
    _saying: Saying = field(init=False)
    _fallback: Fallback = field(init=False)
    _sharing: Sharing = field(init=False)

    def __post_init__(self) -> None:
        self._setback = Setback(self.world.clock)
        self._limits = Limits(self.world, self.allowance)
        self._finder = Finder(self.slack, self.world.clock)
        self._refusals = Refusals(self.world)
        self._places = Places(self.slack)
        telling = Telling(self.slack, self._limits, self._refusals, self._places, self._finder)
        self._sharing = Sharing(self.door, self.slack, self._limits, telling)
        means = Means(
            self.door,
            self.world,
            self.drawings,
            self.policies,
            telling,
            self._places,
            self._sharing,
        )
        self._saying = Saying(means)
        self._fallback = Fallback(means, self._saying)

    @property
    def problems(self) -> tuple[str, ...]:
        """Return a sentence for each thing that keeps Slack from being told everything."""
        found = [self.refused] if self.refused else []
        found += self._fallback.problems
        missing = dict(self._saying.missing)
        if self._finder.missing:
            missing["looking back after a doubtful post"] = self._finder.missing
        if self._sharing.missing:
            missing["sharing files"] = self._sharing.missing
        found += [
            f"{feature.capitalize()} is off: the app lacks the scope {scope}. Add it to the app."
            for feature, scope in missing.items()
        ]
        found += [
            f"Slack does not take blocks of the kind {kind}; cards are drawn without them."
            for kind in self._refusals.kinds
        ]
        return tuple(found)

    async def run(self) -> None:
        """Take back what an earlier life had in flight, then deliver for ever.

        May be called again after it failed: what this life has in flight then stays its own.
        """
        if not self._begun:
            now = self.world.clock.now()
            await self.door.write(lambda tx: outbox.take_back(tx, now=now))
            self._setback.since(await self.door.read(newest.notice))
            await self._catch_up()
            self._begun = True
        with self.door.changes.subscribe("outbox") as woken:
            while True:
                await self._look_at_parked()
                if not await self.round() or not self._is_more_due():
                    await self._rest(woken)
                elif self._vain is not None:
                    await self.world.clock.sleep(APART)

    async def round(self, *, urgent: bool = False) -> int:
        """Start what is due, as far as there is room; return how many notices that were.

        *urgent*: decisions and results alone.
        """
        room = AT_ONCE - len(self._flying)
        if room <= 0 or self.refused:
            return 0
        if (left := self._limits.out_of_reach()) > 0:  # nothing could leave: nothing need be taken
            self._due = self.world.clock.now() + timedelta(seconds=left)
            return 0
        wanted = self._wanted(room, urgent=urgent)
        claimed = await self._claim(wanted)
        self._promise(claimed.held)
        leased, self._due, self._floor = claimed.leased, claimed.next_due, claimed.floor
        late = [(one, wait) for one in leased if (wait := self._wait(one)) is not None]
        if late:
            await self._put_off(late)
        if leased or claimed.held or self._vain is not None:
            vain = len(late) == len(leased)
            self._vain = self.world.clock.monotonic() if vain else None
        self._waits = 0 if leased else self._waits
        waiting = {one.key for one, _ in late}
        for one in leased:
            if one.key not in waiting:
                self._flying.add(one.key)
                self.world.tasks.start(f"deliver {one.id}", self._fly(one))
        return len(leased) + sum(claimed.held.values())

    async def deliver(self, leased: Leased) -> None:
        """Say one notice, and write down what became of it."""
        openings = self.openings
        try:
            if await self._saying.has_nowhere(leased):
                await self._put_aside(leased)
                return
            place = self._saying.place_of(leased)
            if place is not None and (why := self._fallback.parked.get(place)) is not None:
                raise SlackTrouble(Trouble(Meaning.NO_PLACE, why))  # noqa: TRY301  # as Slack said
            await self._saying.say(leased)
            await self._note_success()
        except SlackTrouble as error:
            trouble = error.trouble
            if trouble.meaning is Meaning.NO_PLACE and openings != self.openings:
                trouble = replace(trouble, meaning=Meaning.LATER, retry_after=timedelta(0))
            await self._trouble(leased, trouble)

    async def flush(self, limit: timedelta) -> None:
        """Say what is due of decisions and results, for *limit* at most; for the end of a life."""
        clock = self.world.clock
        until = clock.monotonic() + limit.total_seconds()
        while clock.monotonic() < until and not self.refused:
            if not await self.round(urgent=True):
                if not self._flying:
                    return
                await clock.sleep(TICK)

    async def unpark(self) -> None:
        """Try again what no channel took: somebody may have invited us, or opened it again."""
        self.openings += 1
        self._fallback.forget()
        now = self.world.clock.now()

        def unit(tx: Transaction, threads: Sequence[int]) -> None:
            for thread_key in threads:
                outbox.unpark(tx, thread_key, now=now)

        homeless = [] if self.drawings.channel else await self.door.read(places.homeless)
        parked = {key for key, _, _ in await self.door.read(outbox.parked)} - set(homeless)
        if parked:
            await self.door.write(lambda tx: unit(tx, sorted(parked)))

    async def _claim(self, wanted: Claim) -> Claimed:
        """Take what is next, and give back first what this life could not write down the fate of."""
        returned, back = tuple(self._unwritten), self._setback.look()

        def unit(tx: Transaction) -> Claimed:
            for leased, due in returned:
                outbox.retry(tx, leased, due_at=due, error=UNWRITTEN.word)
            if back:
                turns.pull_in(tx, back, lease=wanted.lease, now=wanted.now)
            return turns.claim(tx, wanted)

        claimed = await self.door.write(unit)
        self._setback.made_good(back)
        del self._unwritten[: len(returned)]
        return claimed

    def _wanted(self, room: int, *, urgent: bool) -> Claim:
        """Say what to claim, and what the budgets let leave."""
        now, edits, posts = self.world.clock.now(), self._limits.held_edits(), {}
        if held := self._limits.held_posts():
            posts = self._by_name({name: _hold(now, each, name) for name, each in held.items()})
        return Claim(
            now,
            LEASE,
            room,
            urgent=urgent,
            floor=self._floor,
            edits=None if edits is None else _hold(now, edits, EDIT),
            flying=frozenset(self._flying),
            posts=posts,
        )

    def _by_name(self, holds: Mapping[str, Hold]) -> dict[str | None, Hold]:
        """Return what holds back posts, under every name that a thread may have for a channel."""
        found: dict[str | None, Hold] = {}
        known = self._places.names()
        for channel, hold in holds.items():
            names = [channel, *known.get(channel, ())]
            found |= dict.fromkeys(names, hold)
            if self.drawings.channel in names:
                found[None] = hold
        return found

    def _promise(self, held: Mapping[str, int]) -> None:
        for budget, count in held.items():
            self._limits.promise(EDIT if budget == EDIT else POST, budget, count)

    async def _fly(self, leased: Leased) -> None:
        try:
            await self.deliver(leased)
        except Unavailable as error:
            self._give_back(leased, UNWRITTEN, error)
        finally:
            self._flying.discard(leased.key)
            self.door.changes.publish([Change("outbox", leased.id)])

    async def _rest(self, woken: Subscription) -> None:
        """Wait until something is due, or something changed; what changes together is one round."""
        changes = await woken.wait(self._pause())
        await self._gather()
        if any(change.id.startswith("joined:") for change in changes):
            await self.unpark()
        await self._fallback.tell_others()

    def _pause(self) -> float:
        """Return the seconds until it is worth looking again, if nothing changes until then."""
        if self._due is None or self.refused:
            return SWEEP
        left = (self._due - self.world.clock.now()).total_seconds()
        if left > 0:
            return min(SWEEP, max(BUSY, left))
        self._waits += 1
        return min(SWEEP, BUSY * 2.0 ** min(self._waits - 1, 10))

    def _is_more_due(self) -> bool:
        return self._due is not None and self._due <= self.world.clock.now()

    async def _gather(self) -> None:
        """Wait for what comes up together: under load, looking at each change would be most of the work."""
        clock = self.world.clock
        if self._flying:
            await clock.sleep(TOGETHER)
        elif self._vain is not None:
            left = APART - timedelta(seconds=clock.monotonic() - self._vain)
            if left > timedelta(0):
                await clock.sleep(left)

    async def _look_at_parked(self) -> None:
        now = self.world.clock.monotonic()
        if self._unparked is None or now - self._unparked >= UNPARK_EVERY:
            self._unparked = now
            await self.unpark()

    async def _catch_up(self) -> None:
        """Draw the cards that were left behind: by a life that ended, or while Slack was down."""
        now, ids = self.world.clock.now(), self.world.ids
        keys = await self.door.read(
            lambda reader: store.behind(reader, since=now - LOOK_BACK, limit=BEHIND)
        )
        if keys:
            log.info("catching_up", threads=len(keys))
            await self.door.write(lambda tx: reconciling.catch_up(tx, keys, now=now, ids=ids))

    async def _note_success(self) -> None:
        down = self._limits.reached()
        if down is not None and down >= OUTAGE:
            log.info("slack_is_back", down=round(down.total_seconds()))
            self._left_behind = True
        if self._left_behind:
            await self._catch_up()
            self._left_behind = False

    def _wait(self, leased: Leased) -> float | None:
        """Return the seconds for which the budget keeps it back; None: it may try."""
        _, slot = here(leased)
        method = POST if slot is None else EDIT
        place = slot.channel_id if slot is not None else self._saying.place_of(leased)
        wait = self._limits.wait(method, place or "", leased.urgency)
        return wait if wait > 0 else None

    async def _put_off(self, late: Sequence[tuple[Leased, float]]) -> None:
        now = self.world.clock.now()

        def unit(tx: Transaction) -> None:
            for one, wait in late:
                trouble = Trouble(Meaning.LATER, "ratelimited")
                fate(tx, one, trouble, now=now, due=now + timedelta(seconds=wait))

        await self.door.write(unit)

    async def _put_aside(self, leased: Leased) -> None:
        """Leave a thread without a channel alone: what it says later is put aside as it comes up."""
        log.info("thread_without_channel", thread=leased.home.thread_id)
        await self.door.write(lambda tx: outbox.park(tx, leased, error=NO_CHANNEL))

    async def _trouble(self, leased: Leased, trouble: Trouble) -> None:
        """Write down what a refusal means: later, elsewhere, anew, or never."""
        named = {"notice": leased.id, "slot": leased.notice.slot, "meaning": trouble.meaning.value}
        quiet = trouble.meaning is Meaning.LATER
        (log.info if quiet else log.warning)("delivery_failed", error=trouble.word, **named)
        if trouble.meaning is Meaning.NO_TOKEN:
            self.refused = f"Slack answered {trouble.word}: the bot token is not good any more."
        if trouble.meaning is Meaning.NO_SCOPE:
            self.refused = (
                f"The app lacks the scope {trouble.needed or 'chat:write'}: add it to it."
            )
        if trouble.meaning is Meaning.NO_PLACE and (
            await self._fallback.renamed(leased, trouble)
            or await self._fallback.instead(leased, trouble)
        ):
            trouble = Trouble(Meaning.LATER, trouble.word, timedelta(0))
        now = self.world.clock.now()
        due = now + self._delay(leased, trouble)
        try:
            await self.door.write(lambda tx: fate(tx, leased, trouble, now=now, due=due))
        except Unavailable as error:
            self._give_back(leased, trouble, error)
            return
        if trouble.meaning is Meaning.NO_PLACE:
            await self._fallback.park(leased, trouble)

    def _give_back(self, leased: Leased, trouble: Trouble, error: Unavailable) -> None:
        """Keep in mind what has to come round again as soon as the store can be written.

        Slack may have taken it, so it counts as tried: then it is looked for before it is posted.
        """
        log.warning("delivery_not_written", notice=leased.id, error=str(error))
        due = self.world.clock.now() + self._delay(leased, trouble)
        self._unwritten.append((leased, due))

    def _delay(self, leased: Leased, trouble: Trouble) -> timedelta:
        jitter = self.world.rng.random()
        delay = next_delay(max(1, leased.attempt), jitter=jitter, retry_after=trouble.retry_after)
        return max(delay, LOOK_AGAIN) if trouble.meaning is Meaning.AMBIGUOUS else delay


def _hold(now: datetime, held: Held, budget: str) -> Hold:
    wait, apart = timedelta(seconds=held.wait), timedelta(seconds=held.apart)
    return Hold(now + wait, apart, budget, held.room)
