"""Places that take nothing: they are left alone for a while, and decisions find another way."""

from collections.abc import Mapping

import structlog

from bot.slack.client import Trouble
from bot.slack.saying import Means, Saying
from bot.slack.text import PERSON
from coordination import directory, outbox
from coordination.database import Reader, Row, Transaction
from coordination.outbox import COPY, Lane, Leased, Notice
from coordination.policy import is_active, names_person
from coordination.ports import Person
from coordination.store import outbox as store

log = structlog.get_logger()

MOST = 5  # people who are written to in place of a channel
WHY: Mapping[str, str] = {
    "not_in_channel": "I am not in it. Type `/invite @Baton` there.",
    "channel_not_found": "there is none of that name that I can see. Invite me, or correct the name.",
    "is_archived": "it is archived. Open it again, or give the source another channel.",
}


class Fallback:
    """Remembers which places take nothing. Only for this life of the process: the rows stay parked."""

    def __init__(self, means: Means, saying: Saying) -> None:
        self._means = means
        self._saying = saying
        self.parked = saying.parked
        self._after = 0

    @property
    def problems(self) -> list[str]:
        """Return a sentence for each place that takes nothing."""
        return [
            f"I cannot post in {place}: {WHY.get(word, word)}"
            for place, word in self.parked.items()
            if PERSON.fullmatch(place) is None
        ]

    def forget(self) -> None:
        """Let every place be tried again."""
        self.parked.clear()
        self._after = 0

    async def renamed(self, leased: Leased, trouble: Trouble) -> bool:
        """Say whether a channel is known under another name by now, and is to be tried by its id."""
        place = self._saying.place_of(leased) or ""
        if trouble.word != "channel_not_found" or not place.startswith("#"):
            return False
        known = await self._means.door.read(lambda reader: store.known_id(reader, place))
        if known is None:
            return False
        self._means.places.note(place, known)
        return True

    async def instead(self, leased: Leased, trouble: Trouble) -> bool:
        """Say whether it goes into its thread instead of the channel that it names and that refused."""
        if leased.notice.recipient is not None:
            return False
        other = await self._means.drawings.elsewhere(leased)
        if other is None or other in self.parked:
            return False
        self.parked[other] = trouble.word
        return True

    async def park(self, leased: Leased, trouble: Trouble) -> None:
        """Leave the place of *leased* alone, and tell others what is urgent."""
        place = self._saying.place_of(leased)
        if place is not None and place not in self.parked:
            self.parked[place] = trouble.word
            self._after = 0
            log.warning("place_parked", place=place, error=trouble.word)
        await self.tell_others()

    async def tell_others(self) -> None:
        """Copy decisions and results that wait in vain, for those who are to hear of them instead."""
        if not self.parked:
            return
        rows = await self._means.door.read(
            lambda reader: store.parked_urgent(reader, Lane.RESULT, after=self._after)
        )
        for row in rows:
            others = await self._others(row)
            await self._means.door.write(
                lambda tx, row=row, others=others: self._copy(tx, row, others)  # type: ignore[misc]
            )
            self._after = max(self._after, row.key)

    async def _others(self, row: Row) -> list[str]:
        """Return who hears of a notice that its channel cannot: a channel, owners, or admins."""

        async def query(reader: Reader) -> tuple[str | None, str | None, list[Person]]:
            slots = {each.slot: each for each in await outbox.slots(reader, row.thread_key)}
            root = slots.get(outbox.ROOT)
            channel = await store.channel_of(reader, row.thread_key)
            people = list((await directory.read_all(reader)).values())
            return root.channel_id if root else None, channel, people

        posted, asked, people = await self._means.door.read(query)
        place = posted or asked or self._means.drawings.channel
        if place is None:
            return self._admins(people)
        policy = await self._means.policies.channel_policy(place, asked)
        if policy.fallback is not None and policy.fallback not in self.parked:
            return [policy.fallback]
        owners = [
            each.id
            for each in people
            if is_active(each) and any(names_person(form, each) for form in policy.owners)
        ]
        return [each for each in owners if each not in self.parked][:MOST] or self._admins(people)

    def _admins(self, people: list[Person]) -> list[str]:
        admins = [each.id for each in people if is_active(each) and each.is_admin]
        return [each for each in admins if each not in self.parked][:MOST]

    def _copy(self, tx: Transaction, row: Row, others: list[str]) -> None:
        now = self._means.world.clock.now()
        for to in others:
            notice = Notice(
                row.thread_key, f"{row.slot}{COPY}{to}", row.lane, row.kind, row.body, to
            )
            outbox.add_later(tx, notice, id=f"{row.id}{COPY}{to}", due_at=now, now=now)
