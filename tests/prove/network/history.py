"""Histories of one town: builds are reported, runs ship them, people answer, and the network fails."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from devslack.errors import ControlError
from tests.prove.clock.wall import Wall
from tests.prove.network.proxy import ANSWER_LOST, FAULTS
from tests.prove.network.town import Town

STATUSES = ("started", "in_progress", "completed")
CALM = 90.0  # s after the last fault in which everything has to end
POSTS = "chat.postMessage"
LONG = timedelta(seconds=90)
OUTAGES = ("refuse", "blackhole", "drop_reply")
OUT_THERE = ("refuse", "reset", "reset_reply", "drop_reply", "half_close", "blackhole", "latency")
# A network that doubles requests by itself doubles what cannot be recognised: only where a key can be.
UNFIT = {"slack": {"duplicate"}, "target": {"duplicate"}, "client": set[str]()}
_OPEN = "SELECT count(*) FROM runs WHERE status NOT IN ('completed', 'failed', 'cancelled')"
_RUNS = "SELECT count(*) FROM runs"
_WAITING = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'leased')"


@dataclass
class Histories:
    """What happened while some of them went on at once."""

    town: Town
    seed: int
    count: int
    acknowledged: dict[str, set[str]] = field(default_factory=dict)  # key: the ids that were told
    retried: Counter[str] = field(default_factory=Counter)
    chosen: Counter[str] = field(default_factory=Counter)  # what people said of which build
    reached: Counter[str] = field(default_factory=Counter)
    ended: bool = False
    faults: int = len(FAULTS)  # of the weather
    outage: float = 14.0  # s
    haste: float = 1.0  # by which all pauses are multiplied
    wall: Wall | None = None  # moves on for Baton while Slack is gone
    _trouble: set["asyncio.Task[None]"] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311  # it chooses faults

    @property
    def builds(self) -> list[str]:
        return [f"build-{self.seed}-{number}" for number in range(self.count)]

    async def live(self) -> None:
        """Live until everything has ended that can end, or the time is over."""
        people = asyncio.create_task(self._people())
        weather = asyncio.create_task(self._weather())
        try:
            await asyncio.gather(*(self._report(build) for build in self.builds), weather)
            async with asyncio.timeout(CALM):
                while not self._is_quiet():
                    await asyncio.sleep(0.5)
            self.ended = True
        except TimeoutError:
            self.ended = False
        finally:
            people.cancel()
            await asyncio.gather(people, return_exceptions=True)

    def _is_quiet(self) -> bool:
        ((runs,),), ((open_,),), ((waiting,),) = map(self.town.look, (_RUNS, _OPEN, _WAITING))
        return bool(runs >= self.count and not open_ and not waiting)

    async def _weather(self) -> None:
        """Let the network fail, now here, now there, and once let Slack be gone; then heal it."""
        order = self.chance.sample(FAULTS, k=self.faults)
        for number, fault in enumerate(order):
            fit = [proxy for name, proxy in self.town.proxies.items() if fault not in UNFIT[name]]
            hit = self.chance.sample(fit, k=min(len(fit), self.chance.choice((1, 2, 3))))
            for proxy in hit:
                posts = proxy.name == "slack" and fault in ANSWER_LOST
                await proxy.suffer(fault, POSTS if posts else "")
            await asyncio.sleep(self.haste * self.chance.uniform(0.5, 3.0))
            for proxy in hit:
                await proxy.suffer("")
            if number == len(order) // 2:
                await self._outage()

    async def _outage(self) -> None:
        """Let Slack be gone for longer than any call waits for it."""
        slack = self.town.proxies["slack"]
        await slack.suffer(self.chance.choice(OUTAGES))
        await asyncio.sleep(self.outage)
        if self.wall is not None:  # by so much that Baton has to look after what it missed
            self.wall.jump(LONG)
            await asyncio.sleep(self.outage)
        await slack.suffer("")

    async def _trouble_out_there(self) -> None:
        """Let what the runs call fail for a moment."""
        target = self.town.proxies["target"]
        if not target.fault:
            await target.suffer(self.chance.choice(("", *OUT_THERE)))
            await asyncio.sleep(2.5)
            await target.suffer("")

    async def _report(self, build: str) -> None:
        """Report one build, as a client does: each report until it is acknowledged."""
        for status in STATUSES:
            await asyncio.sleep(self.haste * self.chance.uniform(0.0, 6.0))
            key = f"{build}-{status}"
            body = {"process_id": build, "name": build, "category": "build", "status": status}
            while not await self._acknowledged(body, key):
                self.retried[key] += 1
                await asyncio.sleep(0.3)
            if self.chance.random() < 0.3:  # nobody told it that this was in vain
                await self._acknowledged(body, key)

    async def _acknowledged(self, body: dict[str, Any], key: str) -> bool:
        try:
            answer = await self.town.post(body, key)
        except httpx.HTTPError:
            return False
        if answer.status_code != 202:
            self.reached[f"answered {answer.status_code}"] += 1
            return False
        (result,) = answer.json()["results"]
        self.acknowledged.setdefault(key, set()).add(result["event_id"])
        return True

    async def _people(self) -> None:
        """Answer whatever asks, again and again, until nothing does any more."""
        while True:
            await asyncio.sleep(0.7)
            for root in self.town.slack.roots():
                for message in (root, *self.town.slack.thread(root)):
                    await self._answer(root.plain, message)

    async def _answer(self, about: str, message: Any) -> None:
        found = {
            each["text"]["text"]: (block, each)
            for block, each in message.pressable()
            if "text" in each
        }
        build = next((each for each in self.builds if each in about), "")
        if "Mark done" in found:
            done = self.town.target.asked[f"/deploy/{build}"] > 0
            label = "Mark done" if done else "Retry"
        elif "Approve" in found:
            label = "Approve"
            trouble = asyncio.create_task(self._trouble_out_there())
            self._trouble.add(trouble)
            trouble.add_done_callback(self._trouble.discard)
        else:
            return
        block_id, element = found[label]
        where = {"channel": message.raw["channel"], "ts": message.ts, "block_id": block_id}
        try:
            told = await self.town.slack.do(
                "click", as_="U0GRACE", action_id=element["action_id"], **where
            )
        except ControlError:  # nobody is connected
            self.reached["clicks that nobody took"] += 1
            return
        acked = told["ack"]["state"] == "acked"
        self.reached["clicks acknowledged" if acked else "clicks without an answer"] += 1
        self.chosen[f"{label} {build}"] += 1
