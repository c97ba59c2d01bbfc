"""Delivery: leases notices, draws them from the newest facts, and tells Slack. One for a workspace.

What people see is a projection of rows. A notice says what to look at, never what to say, so however
late it is delivered, it shows how things are.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import structlog

from bot.slack.blocks import Shown
from bot.slack.client import Meaning, SlackCalls, SlackTrouble, Trouble
from coordination import outbox
from coordination.changes import Change, Subscription
from coordination.database import Door, Transaction
from coordination.outbox import ROOT, Leased, Slot
from coordination.retry import next_delay
from coordination.world import World

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
AT_ONCE = 20
SWEEP = 5.0  # s; a wake-up that was missed is made good within it
FLOOR = 8  # one claim in so many begins with the lowest lane, so that progress is never starved
LOOK_AGAIN = timedelta(seconds=10)
NO_CHANNEL = "There is no channel for this thread: give its source one, or set BATON_CHANNEL."


class Drawings(Protocol):
    """Draws a notice from the newest facts. *rung* 0 is the best, 1 is plain, 2 is text alone."""

    async def draw(self, leased: Leased, rung: int) -> Shown | None:
        """Return the message, or None where there is nothing to say any more."""

    async def root(self, thread_key: int, rung: int) -> Shown: ...

    async def channel(self, thread_key: int) -> str | None: ...

    async def thread_id(self, thread_key: int) -> str: ...


@dataclass(slots=True)
class Delivery:
    """Runs until it is cancelled. Everything it must not forget is in the outbox."""

    door: Door
    world: World
    slack: SlackCalls
    drawings: Drawings
    refused: str | None = None  # Slack does not know our token any more
    _flying: int = 0
    _turn: int = 0
    _paused: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Take back what an earlier life had in flight, then deliver for ever."""
        now = self.world.clock.now()
        await self.door.write(lambda tx: outbox.take_back(tx, now=now))
        with self.door.changes.subscribe("outbox") as woken:
            while True:
                if not await self.round():
                    await self._rest(woken)

    async def round(self) -> int:
        """Start what is due, as far as there is room; return how many notices that were."""
        room = AT_ONCE - self._flying
        if room <= 0 or self.refused:
            return 0
        self._turn += 1
        now, low_first = self.world.clock.now(), self._turn % FLOOR == 0
        leased = await self.door.write(
            lambda tx: outbox.claim(tx, now=now, lease=LEASE, limit=room, low_first=low_first)
        )
        for one in leased:
            self._flying += 1
            self.world.tasks.start(f"deliver {one.id}", self._fly(one))
        return len(leased)

    async def _rest(self, woken: Subscription) -> None:
        due = await self.door.read(outbox.next_due)
        wait = SWEEP
        if due is not None and not self.refused and self._flying < AT_ONCE:
            wait = min(SWEEP, max(0.02, (due - self.world.clock.now()).total_seconds()))
        await woken.wait(wait)

    async def _fly(self, leased: Leased) -> None:
        try:
            await self.deliver(leased)
        finally:
            self._flying -= 1
            self.door.changes.publish([Change("outbox", leased.id)])

    async def deliver(self, leased: Leased) -> None:
        """Say one notice, and write down what became of it."""
        try:
            await self._say(leased)
        except SlackTrouble as error:
            await self._trouble(leased, error.trouble)

    async def _say(self, leased: Leased) -> None:
        key = leased.notice.thread_key
        slots = {slot.slot: slot for slot in await self.door.read(lambda r: outbox.slots(r, key))}
        root = slots.get(ROOT)
        if root is None and leased.notice.slot != ROOT:
            root = await self._post_root(leased)
        shown = await self.drawings.draw(leased, 0)
        if shown is None:
            await self._needless(leased)
            return
        slot = slots.get(leased.notice.slot)
        if slot is None:
            await self._post(leased, leased.notice.slot, shown, root)
        elif slot.hash == fingerprint(shown):
            await self._needless(leased)
        else:
            await self._update(leased, slot, shown)

    async def _post_root(self, leased: Leased) -> Slot:
        key = leased.notice.thread_key
        return await self._post(leased, ROOT, await self.drawings.root(key, 0), None, last=False)

    async def _post(
        self, leased: Leased, name: str, shown: Shown, root: Slot | None, *, last: bool = True
    ) -> Slot:
        """Post the message of a slot; one that an earlier try may have posted is looked for first."""
        key = leased.notice.thread_key
        place = root.channel_id if root else await self.drawings.channel(key)
        if place is None:
            raise SlackTrouble(Trouble(Meaning.NO_PLACE, NO_CHANNEL))
        thread_id = await self.drawings.thread_id(key)
        mark = {"o": leased.id, "s": name, "t": thread_id}
        found = await self._adopt(place, root, mark) if leased.attempt > 1 else None
        if found is None:
            answer = await self._call(
                "chat.postMessage", leased, name, shown, channel=place, metadata=tagged(mark),
                unfurl_links=False, unfurl_media=False, **({"thread_ts": root.ts} if root else {}),
            )  # fmt: skip
            channel, ts = str(answer["channel"]), str(answer["ts"])
            address = await self._permalink(channel, ts) if root is None else None
            found = Slot(key, name, channel, ts, fingerprint(shown), address)
        await self._write_down(leased, found, last=last)
        return found

    async def _update(self, leased: Leased, slot: Slot, shown: Shown) -> None:
        await self._call(
            "chat.update", leased, slot.slot, shown, channel=slot.channel_id, ts=slot.ts
        )
        newer = Slot(
            slot.thread_key, slot.slot, slot.channel_id, slot.ts, fingerprint(shown), slot.permalink
        )
        await self._write_down(leased, newer, last=True)

    async def _call(
        self, method: str, leased: Leased, name: str, shown: Shown, **arguments: Any
    ) -> Mapping[str, Any]:
        """Call Slack; what it refuses to draw is drawn more simply, at once."""
        channel = str(arguments["channel"])
        for rung in (0, 1, 2):
            await self._pause(method, channel)
            try:
                return await self.slack.call(method, **arguments, **message(shown))
            except SlackTrouble as error:
                if error.trouble.meaning is Meaning.LATER and error.trouble.retry_after:
                    self._hold(method, channel, error.trouble.retry_after)
                if error.trouble.meaning is not Meaning.SIMPLER or rung == 2:
                    raise
                log.warning("render_fallback", slot=name, rung=rung, error=error.trouble.word)
                shown = await self._simpler(leased, name, rung + 1) or shown
        raise SlackTrouble(Trouble(Meaning.NEVER, "no rung was taken"))

    async def _simpler(self, leased: Leased, name: str, rung: int) -> Shown | None:
        if name == ROOT:
            return await self.drawings.root(leased.notice.thread_key, rung)
        return await self.drawings.draw(leased, rung)

    async def _permalink(self, channel: str, ts: str) -> str | None:
        """Ask for the address of a root, for links to the thread; it is no harm to have none."""
        try:
            answer = await self.slack.call("chat.getPermalink", channel=channel, message_ts=ts)
        except SlackTrouble as error:
            log.info("no_permalink", channel=channel, error=error.trouble.word)
            return None
        return str(answer["permalink"])

    async def _adopt(self, place: str, root: Slot | None, mark: Mapping[str, str]) -> Slot | None:
        """Find the message that an earlier try left behind, by its metadata."""
        method = "conversations.replies" if root else "conversations.history"
        if not place.startswith(("C", "G", "D")):
            return await self._adopt_by_name(place, mark)
        where = {"channel": place, "limit": 50, "include_all_metadata": True}
        answer = await self.slack.call(method, **where, **({"ts": root.ts} if root else {}))
        for found in answer.get("messages", ()):
            says = (found.get("metadata") or {}).get("event_payload") or {}
            if says.get("s") == mark["s"] and says.get("t") == mark["t"]:
                return Slot(0, mark["s"], place, str(found["ts"]), "")
        return None

    async def _adopt_by_name(self, place: str, mark: Mapping[str, str]) -> Slot | None:
        """A root goes to a channel by its name; its id is needed to look into it."""
        answer = await self.slack.call(
            "conversations.list", limit=1000, types="public_channel,private_channel"
        )
        for channel in answer.get("channels", ()):
            if channel.get("name") == place.removeprefix("#"):
                return await self._adopt(str(channel["id"]), None, mark)
        return None

    async def _write_down(self, leased: Leased, slot: Slot, *, last: bool) -> None:
        now, key = self.world.clock.now(), leased.notice.thread_key
        slot = Slot(key, slot.slot, slot.channel_id, slot.ts, slot.hash, slot.permalink)

        def unit(tx: Transaction) -> None:
            outbox.put_slot(tx, slot, now=now)
            if last and slot.hash:
                outbox.sent(tx, leased, now=now)
            elif last:  # adopted: what it shows is not known, so it is drawn again
                outbox.retry(tx, leased, due_at=now, error="adopted", counted=False)

        await self.door.write(unit)

    async def _needless(self, leased: Leased) -> None:
        await self.door.write(lambda tx: outbox.needless(tx, leased))

    async def _trouble(self, leased: Leased, trouble: Trouble) -> None:
        """Write down what a refusal means: later, elsewhere, anew, or never."""
        log.warning(
            "delivery_failed",
            notice=leased.id,
            slot=leased.notice.slot,
            meaning=trouble.meaning.value,
            error=trouble.word,
        )
        now, jitter = self.world.clock.now(), self.world.rng.random()
        delay = next_delay(max(1, leased.attempt), jitter=jitter, retry_after=trouble.retry_after)
        if trouble.meaning is Meaning.AMBIGUOUS:
            delay = max(delay, LOOK_AGAIN) if trouble.word != "TimeoutError" else delay
        if trouble.meaning is Meaning.NO_TOKEN:
            self.refused = f"Slack answered {trouble.word}: the bot token is not good any more."
        counted = trouble.meaning is not Meaning.LATER
        name = ROOT if trouble.meaning is Meaning.NO_THREAD else leased.notice.slot

        def unit(tx: Transaction) -> None:
            if trouble.meaning is Meaning.NO_PLACE:
                outbox.park(tx, leased, error=trouble.word)
            elif trouble.meaning in (Meaning.NEVER, Meaning.SIMPLER):
                outbox.fail(tx, leased, error=trouble.word)
            elif trouble.meaning in (Meaning.GONE, Meaning.LOCKED, Meaning.NO_THREAD):
                outbox.drop_slot(tx, leased.notice.thread_key, name)
                outbox.retry(tx, leased, due_at=now, error=trouble.word, counted=False)
            else:
                due = now + delay
                outbox.retry(tx, leased, due_at=due, error=trouble.word, counted=counted)

        await self.door.write(unit)

    def _hold(self, method: str, channel: str, wait: timedelta) -> None:
        """Slack's limit of posting is per channel, every other one per method."""
        place = f"{method} {channel}" if method == "chat.postMessage" else method
        self._paused[place] = self.world.clock.monotonic() + wait.total_seconds()

    async def _pause(self, method: str, channel: str) -> None:
        for place in (method, f"{method} {channel}"):
            left = self._paused.pop(place, 0.0) - self.world.clock.monotonic()
            if left > 0:
                self._paused[place] = self.world.clock.monotonic() + left
                raise SlackTrouble(
                    Trouble(Meaning.LATER, "ratelimited", timedelta(seconds=left + 0.1))
                )


def message(shown: Shown) -> dict[str, Any]:
    return {"text": shown.text, "blocks": list(shown.blocks)}


def tagged(mark: Mapping[str, str]) -> dict[str, Any]:
    """Return the metadata by which a message is found again; ids only, since all apps can read it."""
    return {"event_type": "baton.notice", "event_payload": dict(mark)}


def fingerprint(shown: Shown) -> str:
    """Return a hash of what people would see."""
    written = json.dumps(message(shown), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()[:32]
