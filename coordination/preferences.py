"""What people choose: what they hear of, and how loud Baton may be in a channel."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from statistics import median
from typing import Any, get_args
from zoneinfo import ZoneInfo

from coordination import audit, directory, noise
from coordination.database import Reader, Transaction
from coordination.definitions import all_workflows
from coordination.errors import InvalidInputs, NotAllowed, NotFound
from coordination.following import FILTERS, ONLY, Subscription, subscription
from coordination.footing import Footing
from coordination.noise import ChannelPolicy, Loud, QuietHours
from coordination.outbox import MENTIONED
from coordination.policy import Principal, Role, is_named
from coordination.store import preferences as store
from coordination.store import tokens as token_store

LOOK_BACK = timedelta(days=7)
ANSWERS = 500
NUMBERS = {"top_level_per_thread": (1, 20), "replies": (1, 200), "notifications": (0, 50)}
LONGEST = 168  # hours between digests
MOST_NAMES = 20
MENTIONS = (
    "mentions"  # what a person chose, beside what is chosen for channels; their id is the key
)


class Preferences(Footing):
    """The verbs of those who want to hear more, or less."""

    _changed: dict[str, Mapping[str, Any]] | None = None  # what people chose, once it is read

    async def subscribe(
        self, principal: Principal, subject: str, filters: Mapping[str, str]
    ) -> Subscription:
        """Let somebody hear of *subject*: a workflow, a source, or ``*``; the same twice is once.

        Raises:
            NotAllowed: nobody in particular asks.
            NotFound: there is no such workflow or source.
            InvalidInputs: a filter is not known, or its value is not.
        """
        person = _human(principal)
        problems = [problem for name, value in filters.items() if (problem := _odd(name, value))]
        if problems:
            raise InvalidInputs(problems)
        known = await self._subjects()
        if subject not in known:
            raise NotFound("workflow or source", subject, known=known)
        now = self._world.clock.now()
        row = await self._door.write(
            lambda tx: store.subscribe(tx, person, subject, filters, now=now)
        )
        return subscription(row)

    async def unsubscribe(self, principal: Principal, subject: str) -> int:
        """End what somebody follows under *subject*, with whatever filters, and count it."""
        person = _human(principal)
        return await self._door.write(lambda tx: store.unsubscribe(tx, person, subject))

    async def subscriptions(self, principal: Principal) -> tuple[Subscription, ...]:
        """Return what somebody follows, oldest first."""
        person = _human(principal)
        rows = await self._door.read(lambda reader: store.of_person(reader, person))
        return tuple(subscription(row) for row in rows)

    async def channel_policy(self, channel_id: str, name: str | None = None) -> ChannelPolicy:
        """Return how loud Baton may be in a channel: what people chose there, else the file's.

        Args:
            channel_id: the id; or ``#name``, where the id is not known yet.
            name: by which the file may name it.
        """
        chosen = await self._chosen()
        name = name or (channel_id if channel_id.startswith("#") else None)
        policy = noise.in_force(self.rules.channels, channel_id, name)
        return changed(policy, chosen.get(channel_id, {}))

    async def unmentioned(self) -> frozenset[str]:
        """Return who wants to be named in channels without being notified."""
        chosen = await self._chosen()
        return frozenset(key for key, said in chosen.items() if said.get(MENTIONS) is False)

    async def choose_mentions(self, principal: Principal, *, wanted: bool) -> None:
        """Let somebody say whether their name in a channel notifies them.

        Raises:
            NotAllowed: nobody in particular asks.
        """
        person, now = _human(principal), self._world.clock.now()
        await self._chosen()
        chosen = {MENTIONS: wanted}

        def unit(tx: Transaction) -> None:
            store.put_setting(tx, person, chosen, by=principal.actor, now=now)

        await self._door.write(unit)
        if self._changed is not None:
            self._changed[person] = chosen

    async def _chosen(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what people chose, by channel or person."""
        if self._changed is None:
            rows = await self._door.read(store.all_settings)
            self._changed = {row.channel: row.settings for row in rows}
        return self._changed

    async def change_channel_policy(
        self, principal: Principal, channel_id: str, changes: Mapping[str, Any]
    ) -> ChannelPolicy:
        """Change how loud Baton may be in a channel; what is not named stays as it is.

        Args:
            principal: an operator, or one of the channel's owners.
            channel_id: the channel.
            changes: by field of `ChannelPolicy`, as JSON; *quiet_hours* is ``{from, to, zone}``.

        Raises:
            NotAllowed: they are neither.
            InvalidInputs: one problem for each field that is not right.
        """
        before = await self.channel_policy(channel_id)
        await self._refuse_stranger(principal, before)
        after = checked(before, changes)
        now = self._world.clock.now()
        detail = {name: noise.to_json(after)[name] for name in changes}

        def unit(tx: Transaction) -> dict[str, Any]:
            row = store.setting(tx, channel_id)
            whole = {**(row.settings if row is not None else {}), **detail}
            store.put_setting(tx, channel_id, whole, by=principal.actor, now=now)
            audit.record(
                tx,
                at=now,
                actor=principal.actor,
                action="channel.settings",
                object=channel_id,
                detail=detail,
            )
            return whole

        whole = await self._door.write(unit)
        if self._changed is not None:
            self._changed[channel_id] = whole
        return after

    async def channel_figures(self, channel_id: str) -> Mapping[str, object]:
        """Return how loud Baton was in a channel in the last 7 days, in the order to show it."""
        since = self._world.clock.now() - LOOK_BACK

        async def query(reader: Reader) -> tuple[Any, list[Any], list[Any]]:
            rows = await store.answered(reader, channel_id, since=since, limit=ANSWERS)
            loud = await store.notified(reader, channel_id, since=since, limit=ANSWERS)
            return await store.messages(reader, channel_id, since=since), rows, loud

        counted, answered, loud = await self._door.read(query)
        people = Counter(who for row in loud for who in row.body.get(MENTIONED, ()))
        return {
            "threads": counted.threads,
            "messages": counted.messages,
            "messages_per_thread": round(counted.messages / max(1, counted.threads), 1),
            "notifications": counted.notifications,
            **({"mentions_per_person": dict(people.most_common())} if people else {}),
            "decisions": len(answered),
            "time_to_decision": _median([(row.since, row.decided_at) for row in answered]),
        }

    async def _subjects(self) -> list[str]:
        async def query(reader: Reader) -> list[str]:
            workflows = [each.name for each in await all_workflows(reader)]
            sources = [row.name for row in await token_store.all_sources(reader)]
            return ["*", *workflows, *sources]

        return await self._door.read(query)

    async def _refuse_stranger(self, principal: Principal, policy: ChannelPolicy) -> None:
        now, roles = self._world.clock.now(), self.rules.roles
        standing = await self._door.read(
            lambda reader: directory.read_standing(reader, principal.human, roles, now=now)
        )
        person = standing.person
        owns = person is not None and is_named(policy.owners, person, roles)
        if not (owns or roles.allow(person, Role.OPERATOR)):
            raise NotAllowed(
                "Only an operator, or an owner of this channel, can change its settings. Ask one."
            )


def changed(policy: ChannelPolicy, settings: Mapping[str, Any]) -> ChannelPolicy:
    """Return *policy* with stored settings; what a later version stored is left out."""
    try:
        known = {name: value for name, value in settings.items() if name in READ}
        return checked(policy, known)
    except InvalidInputs:
        return policy


def checked(policy: ChannelPolicy, changes: Mapping[str, Any]) -> ChannelPolicy:
    """Return *policy* with *changes*. Raises: InvalidInputs, with all problems."""
    values: dict[str, Any] = {}
    problems: list[tuple[str, str]] = []
    for name, value in changes.items():
        read = READ.get(name)
        if read is None:
            problems.append((name, f"there is no such setting; there are {', '.join(READ)}"))
            continue
        try:
            values[name] = read(name, value)
        except (ValueError, TypeError, KeyError) as error:
            problems.append((name, str(error).strip("'") or "this is not understood"))
    if problems:
        raise InvalidInputs(problems)
    return replace(policy, **values)


def _number(name: str, value: Any) -> int:
    low, high = NUMBERS[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"write a whole number from {low} to {high}")
    return value


def _switch(_: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("write true or false")
    return value


def _loud(_: str, value: Any) -> tuple[Loud, ...]:
    if isinstance(value, str) or not set(value) <= set(get_args(Loud)):
        raise ValueError(f"write a list of {' and '.join(get_args(Loud))}, or an empty one")
    return tuple(value)


def _hours(_: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST:
        raise ValueError(f"write hours between digests, up to {LONGEST}, or null for none")
    return float(value)


def _quiet(_: str, value: Any) -> QuietHours | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or not {"from", "to"} <= set(value):
        raise TypeError("write from, to and zone, or null for none")
    try:
        start, end = time.fromisoformat(value["from"]), time.fromisoformat(value["to"])
    except (TypeError, ValueError):
        raise ValueError('write from and to as "22:00"') from None
    zone = str(value.get("zone") or "UTC")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {zone[:60]!r}; write Europe/Berlin") from None
    return QuietHours(start, end, zone)


def _channel(_: str, value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and value[:1] in ("C", "G", "#")):
        raise ValueError('write "#name", the id of a channel, or null for none')
    return value or None


def _names(_: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or len(value) > MOST_NAMES:
        raise TypeError(f"write a list of at most {MOST_NAMES} people")
    return tuple(str(each) for each in value)


READ = {
    "top_level_per_thread": _number,
    "thread": _switch,
    "replies": _number,
    "notifications": _number,
    "broadcast": _loud,
    "digest": _hours,
    "quiet_hours": _quiet,
    "fallback": _channel,
    "owners": _names,
}


def _odd(name: str, value: str) -> tuple[str, str] | None:
    if name not in FILTERS:
        return name, f"there is no such filter; there are {', '.join(FILTERS)}"
    if name == "only" and value not in ONLY:
        return name, f"write one of {', '.join(ONLY)}"
    return None if value.strip() and len(value) <= 200 else (name, "write what it has to be")


def _human(principal: Principal) -> str:
    if principal.human is None:
        raise NotAllowed("Only people follow something; this token acts for nobody.")
    return principal.human


def _median(spans: Sequence[tuple[datetime, datetime]]) -> timedelta | None:
    if not spans:
        return None
    return timedelta(seconds=round(median((end - start).total_seconds() for start, end in spans)))
