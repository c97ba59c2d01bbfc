"""What Slack tells Baton beside clicks: commands, Home, mentions, and messages of the bus channel.

Slack sends an event again that is not acknowledged, and now and then one that is.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.slack import ids
from tests.prove.simulation.life import Life
from tests.prove.simulation.outside import Outside
from tests.prove.simulation.people import OPERATORS, WRONG
from tests.prove.simulation.plans import CHEER
from tests.prove.simulation.slack import BUS, CHANNEL, SimSlack

AGAIN = (0.0, 60.0, 300.0)  # s after which an event comes once more that was not acknowledged
TOLD_AGAIN = 0.4  # of events that were acknowledged, on a bad day of Slack
LINES = ("runs", "approvals", "status R-1", "explain R-1", "list", "whoami", "help cancel", "dance")
START = "start kid"
REPORTS = ("in_progress", "completed")


@dataclass
class Talkers:
    """Everybody who says something. They outlive the lives of the server."""

    outside: Outside
    slack: SimSlack
    said: int = 0
    started: set[str] = field(default_factory=set)  # commands that may have started a run
    promised: set[str] = field(default_factory=set)  # those that certainly have
    posted: dict[str, str] = field(
        default_factory=dict
    )  # by ts of an acknowledged report: its process
    reacted: set[tuple[str, str]] = field(default_factory=set)  # message and person
    cheered: set[tuple[str, str]] = field(default_factory=set)  # those of which Slack has its ack
    untold: set[str] = field(default_factory=set)  # reports whose ack nobody has seen

    async def live(self, life: Life) -> None:
        """Say something now and then, until there are no faults any more."""
        rng, faults = self.outside.rng, self.outside.faults
        ways = (self._type, self._type, self._open_home, self._mention, self._post, self._post)
        ways += (self._react, self._react, self._expel)
        while not faults.healed:
            await asyncio.sleep(rng.uniform(2, 25))
            await rng.choice(ways)(life)

    def _who(self) -> str:
        rng = self.outside.rng
        return rng.choice((*OPERATORS, *OPERATORS, *WRONG))

    def _next(self) -> int:
        self.said += 1
        return self.said

    async def _type(self, life: Life) -> None:
        """Type a command; its envelope may come twice."""
        who, line = self._who(), self.outside.rng.choice((START, *LINES))
        trigger = f"C{self._next()}.{who}"
        body = {
            "command": "/baton",
            "text": line,
            "user_id": who,
            "channel_id": CHANNEL,
            "trigger_id": trigger,
        }
        if line == START:
            self.started.add(trigger)
        self.outside.trace.note("types", who, line)
        copies = 2 if self.outside.faults.strike("S", 0.2) else 1
        took = (life.listeners.pressed(body, ids.COMMAND) for _ in range(copies))
        if not all(await asyncio.gather(*took)):
            self.outside.reached["command refused"] += 1
            return
        self.outside.reached["command answered"] += 1
        certain = who in OPERATORS and not self.outside.faults.on & {"I", "B", "L"}
        if line == START and certain and who not in self.outside.left:
            self.promised.add(trigger)

    async def _open_home(self, life: Life) -> None:
        await self.open_home(life, self._who())

    async def open_home(self, life: Life, who: str) -> None:
        await self._tell(life, {"type": "app_home_opened", "tab": "home", "user": who})
        self.outside.reached["Home opened"] += 1

    async def _mention(self, life: Life) -> None:
        """Ask in the thread of a card how it stands."""
        roots = [each for each in self.slack.marked() if "thread_ts" not in each]
        if not roots:
            return
        root = self.outside.rng.choice(roots)
        word = self.outside.rng.choice(("status", "why", "approvals", "help"))
        event = {"type": "app_mention", "user": self._who(), "text": f"<@U0BATON> {word}"}
        where = {"channel": root["channel"], "thread_ts": root["ts"], "ts": f"{self._next()}.5"}
        await self._tell(life, {**event, **where})
        self.outside.reached["Baton mentioned"] += 1

    async def _post(self, life: Life) -> None:
        """Let a tool that can do nothing else report into the bus channel."""
        number, rng = self._next(), self.outside.rng
        process, ts = f"posted-{number}", f"{number}.000100"
        payload = {"process_id": process, "name": process, "status": rng.choice(REPORTS)}
        event = {
            "type": "message",
            "subtype": "bot_message",
            "channel": BUS,
            "bot_id": "B0CI",
            "ts": ts,
            "text": "a build",
            "metadata": {"event_type": "baton.process", "event_payload": payload},
        }
        self.untold.add(ts)
        if await self._tell(life, event):
            self.posted[ts] = process
            self.outside.reached["a report of the bus was stored"] += 1

    async def _react(self, life: Life) -> None:
        """React to a card, which starts a workflow; the same person may do so again."""
        there = list(self.slack.messages.get(CHANNEL, {}))
        if not there:
            return
        who, ts = self._who(), self.outside.rng.choice(there)
        item = {"type": "message", "channel": CHANNEL, "ts": ts}
        event = {"type": "reaction_added", "user": who, "reaction": CHEER, "item": item}
        self.reacted.add((ts, who))
        if await self._tell(life, event) and who in OPERATORS and not self.outside.left:
            self.cheered.add((ts, who))
            self.outside.reached["a reaction was stored"] += 1
        if self.outside.chance(0.5):  # it was taken back and given once more
            await self._tell(life, event)

    async def _expel(self, life: Life) -> None:
        """Take Baton out of its channel for a while, and let it join again."""
        self.slack.expelled = True
        await asyncio.sleep(self.outside.rng.uniform(0, 20))
        self.slack.expelled = False
        event = {"type": "member_joined_channel", "user": "U0BATON", "channel": CHANNEL}
        await self._tell(life, event)
        self.outside.reached["Baton joined its channel again"] += 1

    async def _tell(self, life: Life, event: Mapping[str, Any]) -> bool:
        """Deliver an event until it is acknowledged, or Slack has had enough."""
        name = f"Ev{self._next()}"
        self.outside.trace.note("tells", event["type"], name)
        for pause in AGAIN:
            await asyncio.sleep(pause)
            if await life.listeners.happened(event, name):
                if self.outside.faults.strike("S", TOLD_AGAIN):
                    again = await life.listeners.happened(event, name)
                    # It cannot be looked up; of a reaction Slack itself is asked what it is to.
                    kinds = {"I", "B", "S"} if event["type"] == "reaction_added" else {"I", "B"}
                    refused = bool(self.outside.faults.on & kinds)
                    assert again or refused, "P2: an ack was taken back"
                    self.outside.reached["an event came again"] += again
                return True
            self.outside.reached["an event was put off"] += 1
        return False


__all__ = ["START", "Talkers"]
