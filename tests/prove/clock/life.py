"""One life under a wall clock that jumps: timers, deadlines, waits and schedules are open all the while."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from devslack.errors import ControlError
from tests.prove.clock.wall import SEEN, Wall
from tests.prove.network.town import Town

DAY = timedelta(days=1)
CALM = 100.0  # s; the slowest sweep looks at the wall clock once a minute
SUSPENDED = 2.5  # s
REST = 20  # s, for which Slack asks
HOW = {1: "suspended", 3: "killed", 4: "killed"}  # the jumps with odd numbers lead back
# Where clocks change in 2026: the moment, by zone, in UTC. In the last one by half an hour.
CHANGES = {
    "Europe/Berlin spring": "2026-03-29T01:00",
    "Europe/Berlin autumn": "2026-10-25T01:00",
    "America/New_York spring": "2026-03-08T07:00",
    "America/New_York autumn": "2026-11-01T06:00",
    "Australia/Lord_Howe spring": "2026-10-03T15:30",
    "Australia/Lord_Howe autumn": "2026-04-04T15:00",
}
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
CRON = {"all": "30 1,2,3,9,15,21 * * *", "latest": "30 2 * * *", "none": "*/15 * * * *"}
QUARTER = 15 * 60  # s, of the last of them
_PROBE = """
name: {name}
triggers:
  - event: {name}.completed
steps:
  - {step}
"""
STEPS = {
    "timer": "{id: settle, wait: 30m}",
    "nudge": "{id: settle, wait: 1s}",
    "asking": "{id: gate, approval: {title: 'Go on?', approvers: ['@grace'], timeout: 45m}}",
    "waiting": (
        "{id: answer, wait_for: {event: reply.completed, timeout: 1h, on_timeout: continue,"
        " correlate: {subject.sha: '{{ trigger.subject.sha }}'}}}"
    ),
    "trying": (
        "{id: call, action: http.request, params: {url: 'http://127.0.0.1:PORT/trying'},"
        " retry: {attempts: 10, delay: 20s}}"
    ),
}
_SCHEDULE = """
name: {name}
triggers:
  - schedule: '{cron}'
    timezone: {zone}
    catch_up: {rule}
steps:
  - {{id: done, stop: "It was due at {{{{ trigger.due_at }}}}."}}
"""
_DUE = "SELECT count(*) FROM timers WHERE due_at <= {now}"
_BUSY = (
    "SELECT count(*) FROM wakeups WHERE done_at IS NULL"
    " UNION ALL SELECT count(*) FROM runs WHERE status IN ('queued', 'running')"
    " UNION ALL SELECT count(*) FROM events WHERE dispatched_at IS NULL"
)
_RESTING = "SELECT count(*) FROM timers WHERE slot LIKE 'retry:%'"
_HELD = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'leased') AND kind <> 'mention'"
_PUT_OFF = _HELD + " AND attempts = 0 AND error = 'ratelimited'"
_OPEN = "SELECT count(*) FROM runs WHERE status NOT IN ('completed', 'failed', 'cancelled')"


def texts() -> dict[str, str]:
    """Return the workflows, with braces as `str.format` takes them."""
    found = {
        name: _PROBE.replace("{name}", name).replace("{step}", step) for name, step in STEPS.items()
    }
    found |= {name: _SCHEDULE.format(name=name, cron=CRON[rule], zone=zone, rule=rule)
              for name, zone, rule in schedules()}  # fmt: skip
    return {
        name: text.replace("{", "{{").replace("}", "}}").replace("PORT", "{port}")
        for name, text in found.items()
    }


def schedules() -> Iterator[tuple[str, str, str]]:
    """Yield name, zone and rule of each workflow by the clock."""
    for zone in ZONES:
        for rule in CRON:
            yield f"{zone.split('/')[1].lower()}_{rule}", zone, rule


@dataclass
class Life:
    """What happened in one."""

    town: Town
    wall: Wall
    seed: int
    jumps: int = 5
    resting: bool = True  # something is put off whenever the clock goes back
    began: datetime = field(init=False)
    probes: Counter[str] = field(default_factory=Counter)
    answered: list[str] = field(default_factory=list)  # commits for which an answer was published
    reached: Counter[str] = field(default_factory=Counter)
    unsettled: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311  # it chooses how the clock jumps
        self.began = self.wall.now()

    async def live(self) -> None:
        """Let the clock jump to and fro, and in the end past all that is open."""
        await self._probe()
        for number, span in enumerate(self._spans()):
            back = span < timedelta(0)
            if back and self.resting:
                await self._put_off()
            await self._jump(span, HOW.get(number, ""), nudged=number != 2)
            if back and not await self._until(self._goes_on):
                self.unsettled.append(f"P7: {CALM:.0f} s after a jump of {span} tries still rest")
            await self._click()
            await self._answer()
            await self._probe()
        last = self.wall.latest - self.wall.now() + timedelta(hours=self.chance.uniform(2, 5))
        while last > timedelta(0):  # a day at most at once
            await self._jump(min(last, DAY))
            last -= DAY
        await self._jump(timedelta(hours=2))
        await self._come_to_a_quarter()
        if not await self._until(lambda: self._count(_OPEN) == 0):
            self.unsettled.append("runs are still open after all times have passed")

    async def _come_to_a_quarter(self) -> None:
        """Be there, and awake, when the slots come that nobody makes up for."""
        left = QUARTER - self.wall.now().timestamp() % QUARTER
        await self._jump(timedelta(seconds=left - 5))
        await self._until(lambda: self.wall.now().timestamp() % QUARTER < QUARTER / 2)
        await asyncio.sleep(1)
        await self._until(self._is_settled)

    def _spans(self) -> Iterator[timedelta]:
        """Yield jumps of up to a day, both ways, over the change of the clocks and back again."""
        for number in range(self.jumps):
            size = timedelta(minutes=self.chance.uniform(20, 24 * 60))
            yield size if number % 2 == 0 else -size

    async def _put_off(self) -> None:
        """Have a run and a notice wait for seconds, before they are tried again."""
        target = self.town.proxies["target"]
        await target.suffer("refuse")
        await self._start("trying", f"{self.probes['trying']:010x}")
        if await self._until(lambda: self._count(_RESTING)):
            self.reached["tries that rested when the clock went back"] += 1
        await self._until(lambda: not self._count(_HELD))
        await self.town.slack.fault("ratelimit_next", method="chat.postMessage", retry_after=REST)
        await self._start("nudge", "0" * 10)
        if await self._until(lambda: self._count(_PUT_OFF)):
            self.reached["notices that were put off when the clock went back"] += 1
        await target.suffer("")

    def _goes_on(self) -> bool:
        """Say whether nothing waits any more that was put off by seconds."""
        return not self._count(_RESTING) and not self._count(_HELD)

    async def _jump(self, span: timedelta, how: str = "", *, nudged: bool = True) -> None:
        """Set the clock, and wait until nothing is due; without a *nudge* by the next sweep.

        *how*: while the server is "suspended", or just before it is "killed".
        """
        if not nudged:  # nor may what began before it
            await self._until(self._is_settled)
        child = self.town.child
        assert child is not None
        if how == "suspended":
            child.send_signal(signal.SIGSTOP)
        self.wall.jump(span)
        if how == "killed":
            await asyncio.sleep(self.chance.uniform(0, 2 * SEEN))  # it has seen it, or it has not
            await self.town.kill()
            await self.town.up()
            self.reached["kills while the clock jumped"] += 1
        else:
            await asyncio.sleep(SUSPENDED if how == "suspended" else SEEN)
        if how == "suspended":
            child.send_signal(signal.SIGCONT)
            self.reached["suspensions"] += 1
        self.reached["jumps ahead" if span > timedelta(0) else "jumps back"] += 1
        if nudged:
            await self._start("nudge", "0" * 10)
        if not await self._until(self._is_settled):
            self.unsettled.append(f"{CALM:.0f} s after a jump of {span} something is still due")

    def _is_settled(self) -> bool:
        now = int(self.wall.now().timestamp() * 1_000_000)
        return not self._count(_DUE.format(now=now)) and not self._count(_BUSY)

    def _count(self, sql: str) -> int:
        return sum(int(number) for (number,) in self.town.look(sql))

    async def _until(self, holds: Any) -> bool:
        loop = asyncio.get_running_loop()
        end = loop.time() + CALM
        while not holds():
            if loop.time() > end:
                return False
            await asyncio.sleep(0.2)
        return True

    async def _probe(self) -> None:
        """Begin something of every kind that waits for a time."""
        for kind in ("timer", "asking", "waiting"):
            await self._start(kind, f"{self.probes[kind]:010x}")

    async def _start(self, kind: str, sha: str) -> None:
        number = self.probes[kind]
        self.probes[kind] += 1
        await self._report(kind, f"{kind}-{number}", sha)

    async def _report(self, kind: str, process: str, sha: str) -> None:
        body = {
            "process_id": process,
            "category": kind,
            "status": "completed",
            "subject": {"sha": sha},
        }
        while not await self._acknowledged(body, process):
            self.reached["reports repeated"] += 1

    async def _acknowledged(self, body: dict[str, Any], key: str) -> bool:
        try:
            answer = await self.town.post(body, key)
        except httpx.HTTPError:  # a busy machine; the same key again starts nothing more
            return False
        return answer.status_code == 202

    async def _answer(self) -> None:
        """Publish what one of the waits is for; it may be over by then."""
        sha = f"{self.chance.randrange(self.probes['waiting']):010x}"
        if sha not in self.answered:
            self.answered.append(sha)
            await self._report("reply", f"reply-{sha}", sha)

    async def _click(self) -> None:
        """Answer one question, if one is open."""
        for root in self.town.slack.roots():
            for message in self.town.slack.thread(root):
                for block_id, element in message.pressable():
                    if element.get("text", {}).get("text") == "Approve":
                        await self._press(message, block_id, element)
                        return

    async def _press(self, message: Any, block_id: str, element: Any) -> None:
        where = {"channel": message.raw["channel"], "ts": message.ts, "block_id": block_id}
        try:
            await self.town.slack.do(
                "click", as_="U0GRACE", action_id=element["action_id"], **where
            )
        except ControlError:
            self.reached["clicks that nobody took"] += 1
        else:
            self.reached["clicks"] += 1


def start_of(change: str, chance: random.Random) -> datetime:
    """Return when a life begins: some hours before clocks change."""
    moment = datetime.fromisoformat(CHANGES[change]).replace(tzinfo=UTC)
    return moment - timedelta(hours=chance.uniform(2, 12))
