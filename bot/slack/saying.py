"""Says one notice: draws it, asks the channel's policy how, and tells Slack or leaves it to the card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from bot.slack.blocks import Shown
from bot.slack.bursts import Bursts, cause_of, rollup
from bot.slack.client import Meaning, SlackTrouble, Trouble
from bot.slack.lateness import CARD, DELAYED, LATE, is_late
from bot.slack.places import Places, nowhere
from bot.slack.sharing import Sharing
from bot.slack.telling import LOCKED, Message, Telling, Where, as_drawn, fingerprint
from bot.slack.text import PERSON
from bot.slack.views.notices import mentioned, mentions, noted, without_mentions
from coordination import noise, outbox
from coordination.behind import ON_TIME
from coordination.database import Door, Transaction
from coordination.noise import ChannelPolicy, Counts, Loud, News, Plan, Sort
from coordination.outbox import COPY, ROOT, Lane, Leased, Notice, Slot
from coordination.world import World

log = structlog.get_logger()

FILE = "file"  # the kind of a notice that shares one
NO_CHANNEL = "There is no channel for this thread: give its source one, or set BATON_CHANNEL."
SORTS: Mapping[str, Sort] = {
    "thread": "card",
    "approval": "question",
    "unknown": "question",
    "nudge": "question",
    "mention": "question",
    "failure": "failure",
    "output": "failure",
    "subscription": "direct",
    "digest": "own",
    "rollup": "own",
}
MOMENT = timedelta(seconds=1)


class Drawings(Protocol):
    """Draws a notice from the newest facts. *rung* 0 is the best, 3 is text alone."""

    @property
    def channel(self) -> str | None:
        """Where threads go that nothing else gives a channel."""

    async def draw(self, leased: Leased, rung: int) -> Shown | None:
        """Return the message, or None where there is nothing to say any more."""

    async def root(self, leased: Leased, rung: int) -> Shown:
        """Return the card of its thread."""

    async def elsewhere(self, leased: Leased) -> str | None:
        """Return the channel of a notice that does not go into its thread."""

    async def handles(self) -> Mapping[str, str]:
        """Return how people are called, by id."""


class Policies(Protocol):
    """Says how loud Baton may be."""

    async def channel_policy(self, channel_id: str, name: str | None = None) -> ChannelPolicy: ...

    async def unmentioned(self) -> frozenset[str]:
        """Return who wants to be named without being notified."""


class Lenient:
    """The same policy everywhere."""

    async def channel_policy(self, channel_id: str, name: str | None = None) -> ChannelPolicy:  # noqa: ARG002  # as the port has it
        return ChannelPolicy()

    async def unmentioned(self) -> frozenset[str]:
        return frozenset()


@dataclass(frozen=True, slots=True)
class Means:
    """What saying something takes."""

    door: Door
    world: World
    drawings: Drawings
    policies: Policies
    telling: Telling
    places: Places
    sharing: Sharing


class Saying:
    """Every method raises SlackTrouble where Slack does not take it.

    *parked* has the places that take nothing, each with Slack's word for why; *missing* the features
    that are off, each with the scope that it lacks.
    """

    def __init__(self, means: Means) -> None:
        self._means = means
        self._bursts = Bursts()
        self.parked: dict[str, str] = {}
        self.missing: dict[str, str] = {}

    async def say(self, leased: Leased) -> None:
        """Say it, and write down what became of it."""
        means = self._means
        drawn = await means.drawings.draw(leased, 0)
        name, slot = here(leased)
        if drawn is None or (slot is not None and slot.hash == fingerprint(drawn)):
            await means.door.write(lambda tx: outbox.needless(tx, leased))
        elif slot is not None and not await self._again(leased, slot):
            late = is_late(leased, slot, means.world.clock.now())
            shown = noted(drawn, DELAYED) if late else drawn
            message = Message(leased, name, shown, partial(means.drawings.draw, leased))
            edited = await means.telling.edit(message, slot)
            await self._write_down(leased, replace(edited, turns=turns_of(leased, slot)), Plan())
            if late:
                await self._look_again(leased)
        else:
            await self._say_anew(leased, drawn, name)

    def place_of(self, leased: Leased) -> str | None:
        """Return where it would go, as far as that is known without looking: a name or an id."""
        if leased.notice.recipient is not None:
            return leased.notice.recipient
        root = leased.home.root
        place = root.channel_id if root else leased.home.channel or self._means.drawings.channel
        return place and self._means.places.known(place)

    async def has_nowhere(self, leased: Leased) -> bool:
        """Say whether neither its thread nor it itself has a channel to go to."""
        return (
            self.place_of(leased) is None and await self._means.drawings.elsewhere(leased) is None
        )

    async def _say_anew(self, leased: Leased, drawn: Shown, name: str) -> None:
        means = self._means
        place, elsewhere = await self._place(leased)
        unmentioned = await self._unmentioned(leased, drawn)
        heard = without_mentions(drawn, {}, unmentioned) if unmentioned else drawn
        plan = await self._plan(leased, heard, place)
        now = means.world.clock.now()
        if plan.do == "wait":
            due = plan.until or now
            await means.door.write(
                lambda tx: outbox.retry(tx, leased, due_at=due, error="quiet", counted=False)
            )
            return
        if plan.do == "card":
            await self._leave_to_card(leased, place, plan)
            return
        if await self._joins_burst(leased, drawn, place):
            return
        dress = as_drawn
        if unmentioned or (mentions(drawn) and not plan.mention and not _is_direct(leased)):
            only = unmentioned if plan.mention else None
            handles = await means.drawings.handles()
            dress = partial(without_mentions, handles=handles, only=only)
        message = Message(leased, name, drawn, partial(means.drawings.draw, leased), dress)
        where = await self._where(leased, place, alone=elsewhere or plan.alone)
        post = means.sharing.post if leased.notice.kind == FILE else means.telling.post
        posted = await post(message, replace(where, broadcast=plan.broadcast))
        direct = PERSON.fullmatch(leased.notice.recipient or "") is not None
        earlier = leased.slot.turns if leased.slot else 0
        posted = replace(posted, notified=plan.notifies or direct, turns=earlier + direct)
        people = mentioned(heard) if plan.mention else ()
        await self._write_down(leased, posted, plan, people)

    async def _unmentioned(self, leased: Leased, drawn: Shown) -> frozenset[str]:
        """Return who is named in a message and does not want to be notified by it."""
        named = () if _is_direct(leased) else mentioned(drawn)
        return (await self._means.policies.unmentioned()).intersection(named)

    async def _place(self, leased: Leased) -> tuple[str, bool]:
        """Return where it goes, and whether that is beside its thread. Raises: SlackTrouble."""
        if leased.notice.recipient is not None:
            return leased.notice.recipient, True
        other = await self._means.drawings.elsewhere(leased)
        if other is not None and other not in self.parked:
            return self._means.places.known(other), True
        place = self.place_of(leased)
        if place is None:
            raise nowhere(NO_CHANNEL)
        return place, False

    async def _plan(self, leased: Leased, drawn: Shown, place: str) -> Plan:
        sort = sort_of(leased)
        asks = drawn.asks or leased.notice.kind in ("mention", "nudge")
        names = sort in ("question", "reply", "failure") and (asks or sort != "question")
        loud: Loud | None = "failed" if sort == "failure" else "needs_you" if asks else None
        lane = leased.urgency if sort == "card" else leased.notice.lane
        news = News(sort, lane, mentions=names and mentions(drawn), loud=loud)
        policy = await self._policy(leased, place)
        counts = leased.home.counts
        if sort == "direct":  # somebody's own budget
            counts = Counts(0, leased.slot.turns if leased.slot else 0)
        return noise.plan(news, policy, counts, self._means.world.clock.now())

    async def _policy(self, leased: Leased, place: str) -> ChannelPolicy:
        """Return the policy of the channel: of the thread's own, for what goes to a person."""
        if PERSON.fullmatch(place):
            root = leased.home.root
            place = root.channel_id if root else leased.home.channel or place
        return await self._means.policies.channel_policy(place, await self._name(leased, place))

    async def _name(self, leased: Leased, place: str) -> str | None:
        """Return the name by which the configuration may know a channel."""
        root, asked = leased.home.root, leased.home.channel
        if place.startswith("#"):
            return place
        own = place == (root.channel_id if root else self._means.places.known(asked or ""))
        if own and asked is not None and asked.startswith("#"):
            return asked
        return await self._means.places.name_if_read(place)

    async def _again(self, leased: Leased, slot: Slot) -> bool:
        """Say whether it is sent once more instead of edited, so that a person is notified of it."""
        if leased.notice.kind != "subscription":
            return False
        place = self.place_of(leased) or ""
        return slot.turns < (await self._policy(leased, place)).notifications

    async def _joins_burst(self, leased: Leased, drawn: Shown, place: str) -> bool:
        """Say whether it is one of many failures, which then are one card."""
        alike = sort_of(leased) == "failure" and leased.notice.lane == Lane.FAILURE
        if not alike or leased.attempt > 1:
            return False
        clock, key = self._means.world.clock, leased.notice.thread_key
        cause = cause_of(drawn)
        burst = self._bursts.note(place, cause, key, clock.monotonic())
        if burst is None:
            return False
        now, name = clock.now(), self._means.world.ids.new("nt")
        notice = rollup(burst, cause, place, now)

        def unit(tx: Transaction) -> None:
            if outbox.rolled(tx, leased, now=now):
                outbox.add(tx, notice, id=name, now=now)

        await self._means.door.write(unit)
        return True

    async def _leave_to_card(self, leased: Leased, place: str, plan: Plan) -> None:
        """Note that only the card says it, have that drawn, and promise the digest."""
        now, ids = self._means.world.clock.now(), self._means.world.ids
        channel = None
        if plan.until is not None and not PERSON.fullmatch(place):
            channel = await self._means.places.id_of(place)
        key = leased.notice.thread_key
        card = Notice(key, ROOT, Lane.PROGRESS, "thread", {})

        def unit(tx: Transaction) -> None:
            if not outbox.rolled(tx, leased, now=now):
                return
            outbox.add(tx, card, id=ids.new("nt"), now=now)
            if channel is not None and plan.until is not None:
                _promise_digest(tx, key, channel, now, plan.until)

        await self._means.door.write(unit)

    async def _look_again(self, leased: Leased) -> None:
        """Draw a card once more in a minute, so that it does not go on saying that it is late."""
        key, now = leased.notice.thread_key, self._means.world.clock.now()
        card, name = (
            Notice(key, ROOT, Lane.PROGRESS, "thread", {ON_TIME: True}),
            f"{leased.id}.late",
        )
        await self._means.door.write(
            lambda tx: outbox.add_later(tx, card, id=name, due_at=now + LATE, now=now)
        )

    async def _where(self, leased: Leased, place: str, *, alone: bool) -> Where:
        """Say where a message goes; a thread without a root gets it first.

        Raises:
            SlackTrouble: the root is not taken, or the person cannot be written to.
        """
        thread_id, root = leased.home.thread_id, leased.home.root
        if leased.notice.recipient is not None:
            return Where(await self._direct(leased.notice.recipient), None, thread_id)
        if alone:
            return Where(place, None, thread_id)
        if root is not None:
            return Where(root.channel_id, root, thread_id)
        if leased.notice.slot == ROOT:
            return Where(place, None, thread_id)
        posted = await self._post_root(leased, Where(place, None, thread_id))
        return Where(posted.channel_id, posted, thread_id)

    async def _direct(self, recipient: str) -> str:
        try:
            return await self._means.places.of_recipient(recipient)
        except SlackTrouble as error:
            if error.trouble.meaning is not Meaning.NO_SCOPE:
                raise
            self.missing["direct messages"] = error.trouble.needed or "im:write"
            raise SlackTrouble(Trouble(Meaning.NEVER, "missing_scope")) from error

    async def _post_root(self, leased: Leased, top: Where) -> Slot:
        means = self._means
        card = await means.drawings.root(leased, 0)
        dress = as_drawn
        if mentions(card):
            dress = partial(without_mentions, handles=await means.drawings.handles())
        message = Message(leased, ROOT, card, partial(means.drawings.root, leased), dress)
        posted, now = await means.telling.post(message, top), means.world.clock.now()
        await means.door.write(lambda tx: outbox.put_slot(tx, posted, now=now))
        return posted

    async def _write_down(
        self, leased: Leased, slot: Slot, plan: Plan, people: Sequence[str] = ()
    ) -> None:
        """Note the message of a slot, and which *people* it mentioned.

        One that was found may show anything: it is drawn again.
        """
        now = self._means.world.clock.now()

        def unit(tx: Transaction) -> None:
            outbox.put_slot(tx, slot, now=now)
            if not slot.hash:
                outbox.retry(tx, leased, due_at=now, error="found", counted=False)
                return
            outbox.sent(tx, leased, now=now, named=people)
            if plan.remind is not None and "approval_id" in leased.notice.body:
                _promise_mention(tx, leased, now, plan.remind)

        await self._means.door.write(unit)


def here(leased: Leased) -> tuple[str, Slot | None]:
    """Return the slot that a notice is about: a root that is locked has a card beside it."""
    slot = leased.slot
    if leased.notice.slot == ROOT and slot is not None and slot.hash == LOCKED:
        return CARD, leased.home.slots.get(CARD)
    return leased.notice.slot, slot


def _is_direct(leased: Leased) -> bool:
    return SORTS.get(leased.notice.kind) == "direct"


def turns_of(leased: Leased, slot: Slot) -> int:
    """Count edits of mere progress in a row; anything else begins anew."""
    if PERSON.fullmatch(leased.notice.recipient or ""):
        return slot.turns
    return slot.turns + 1 if leased.notice.lane == Lane.PROGRESS else 0


def sort_of(leased: Leased) -> Sort:
    notice = leased.notice
    if COPY in notice.slot:
        return "own"
    if notice.recipient is not None and notice.kind == "nudge":
        return "direct"
    if notice.kind == "reply":
        return "trail" if notice.lane == Lane.DECISION else "reply"
    return SORTS.get(notice.kind, "reply")


def _promise_digest(
    tx: Transaction, thread_key: int, channel: str, now: datetime, until: datetime
) -> None:
    at = int(until.astimezone(UTC).timestamp())
    body = {
        "channel": channel,
        "since": (now - MOMENT).isoformat(),
        "until": until.isoformat(),
    }
    notice = Notice(
        thread_key, f"digest:{channel}:{at}", Lane.FAILURE, "digest", body, recipient=channel
    )
    outbox.add_later(tx, notice, id=f"nt_digest_{channel}_{at}", due_at=until, now=now)


def _promise_mention(tx: Transaction, leased: Leased, now: datetime, at: datetime) -> None:
    ref = str(leased.notice.body["approval_id"])
    notice = Notice(
        leased.notice.thread_key,
        f"mention:{ref}",
        Lane.DECISION,
        "mention",
        {"approval_id": ref},
    )
    outbox.add_later(tx, notice, id=f"{leased.id}.mention", due_at=at, now=now)
