"""What people do: they look at Slack and press what they see there, late, at once, and wrongly."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from coordination.errors import Refused, Unavailable
from coordination.policy import Principal
from handlers.slack import ids
from tests.prove.simulation.life import Life
from tests.prove.simulation.outside import Outside
from tests.prove.simulation.slack import CHANNEL, SimSlack
from tests.prove.simulation.tools import Lost, Wire

Json = dict[str, Any]
OPERATORS = ("UGRACE", "UMAYA")
WITH_TOKENS = (*OPERATORS, "UKIT", "UNEW")
WRONG = ("UADA", "UNOBODY", "UGUEST")
DECIDES = (ids.APPROVE, ids.REJECT, ids.APPROVE_WITH)
RESOLVES = {ids.RESOLVE_RETRY: "retry", ids.RESOLVE_DONE: "done", ids.RESOLVE_FAIL: "fail"}
OPEN = "SELECT 1 FROM waits WHERE kind = 'approval' AND state = 'open' LIMIT 1"
TOKEN_OF: dict[str, str] = {}  # of people, who may answer on the web too; made with the first file


@dataclass
class People:
    """Everybody in front of one Slack. They outlive the lives of the server, and remember cards."""

    outside: Outside
    slack: SimSlack
    old: list[tuple[Json, Json]] = field(default_factory=list)
    presses: int = 0
    grouped: bool = False  # whether a group is asked

    async def live(self, life: Life, wire: Wire) -> None:
        """Look now and then, and act upon what is there."""
        rng, faults = self.outside.rng, self.outside.faults
        while True:
            await asyncio.sleep(rng.uniform(1, 12))
            if self.slack.is_away:
                await self._look_at_the_web(life, wire)
                continue
            seen = self.slack.pressable()
            deciding = [each for each in seen if each[1].get("action_id") in DECIDES]
            cards = {each[0]["ts"]: each for each in deciding}
            for message, element in cards.values():
                count = rng.choice((1, 1, 2, 4)) if not faults.healed else 2
                await asyncio.gather(
                    *(self._answer(life, wire, message, element["value"]) for _ in range(count))
                )
            if deciding and rng.random() < 0.2:
                self.old.append(rng.choice(deciding))
            if self.old and rng.random() < 0.1:
                message, element = rng.choice(self.old)
                await self._answer(life, wire, message, element["value"])
            await self._resolve(life, seen)

    def _who(self) -> str:
        rng, healed = self.outside.rng, self.outside.faults.healed
        wrong = not healed and rng.random() < 0.25
        return rng.choice([*WRONG, *self.outside.left]) if wrong else self._one_asked()

    def _one_asked(self) -> str:
        """Return an operator, or where a group is asked, as often one who is in it for that alone."""
        rng, crew = self.outside.rng, sorted(self.outside.crew.ever - set(OPERATORS))
        return rng.choice(crew if self.grouped and rng.random() < 0.6 else OPERATORS)

    async def _answer(self, life: Life, wire: Wire, message: Json, value: str) -> None:
        """Answer a question as it was seen: with a button, with the form of a No, or on the web."""
        rng = self.outside.rng
        who, choice = self._who(), "approve" if rng.random() < 0.85 else "reject"
        if self.outside.faults.healed:
            choice = "approve"
        approval, _, version = value.partition(".")
        await asyncio.sleep(rng.choice((0, 0, 0.01, 1)))
        self.outside.crew.answers(approval, who)
        if who in TOKEN_OF and rng.random() < 0.15:
            await self._on_the_web(wire, who, approval, choice, int(version))
        elif choice == "approve":
            if await self._press(life, who, message, ids.APPROVE, value):
                self._note(who, approval, choice)
        else:
            await self._say_no(life, who, message, value)

    async def _look_at_the_web(self, life: Life, wire: Wire) -> None:
        """Answer what the web shows, as long as nothing is to be seen in Slack."""
        rng, raw = self.outside.rng, life.door.raw
        if raw.execute(OPEN).fetchone() is None:
            return
        try:
            status, listed = await wire.ask(
                "GET", "/v1/approvals?state=open", TOKEN_OF[OPERATORS[0]], None
            )
        except Lost:
            return
        for one in listed["approvals"] if status == 200 else ():
            choice = "approve" if rng.random() < 0.85 else "reject"
            people = [self._one_asked() for _ in range(rng.choice((1, 1, 2)))]
            for who in people:
                self.outside.crew.answers(one["id"], who)
            await asyncio.gather(
                *(self._on_the_web(wire, who, one["id"], choice, one["version"]) for who in people)
            )

    async def _on_the_web(
        self, wire: Wire, who: str, approval: str, choice: str, version: int
    ) -> None:
        body = {"choice": choice, "version": version, "comment": "because"}
        try:
            status, answer = await wire.ask(
                "POST", f"/v1/approvals/{approval}/decision", TOKEN_OF[who], body
            )
        except Lost:
            self.outside.tried.add((approval, who, choice))
            return
        self.outside.reached[f"answered on the web: {status}"] += 1
        if status == 200 and answer["state"] != "checking":
            self._note(who, approval, choice)

    def _note(self, who: str, approval: str, choice: str) -> None:
        self.outside.answered.append((approval, who, choice, self.outside.next_place()))

    async def _say_no(self, life: Life, who: str, message: Json, value: str) -> None:
        """Press the button that opens the form, and send the form if it came."""
        before = set(self.slack.views)
        await self._press(life, who, message, ids.REJECT, value)
        for view_id in [each for each in self.slack.views if each not in before]:
            view = self.slack.views[view_id]
            if view.get("callback_id") != ids.REASON or not view["trigger_id"].endswith(who):
                continue
            values = {ids.REASON_BLOCK: {ids.REASON_INPUT: {"value": "because of Monday"}}}
            body = {
                "type": "view_submission",
                "user": {"id": who},
                "view": {**view, "state": {"values": values}},
            }
            self.outside.tried.add((value.partition(".")[0], who, "reject"))
            if await life.listeners.pressed(body, ids.REASON):
                self.outside.reached["form sent"] += 1

    async def _press(self, life: Life, who: str, message: Json, action_id: str, value: str) -> bool:
        """Press a button; Slack's envelope may come twice."""
        self.presses += 1
        body = {
            "type": "block_actions",
            "user": {"id": who},
            "channel": {"id": message["channel"]},
            "container": _container(message),
            "trigger_id": f"T{self.presses}.{who}",
            "actions": [{"action_id": action_id, "value": value, "action_ts": str(self.presses)}],
        }
        self.outside.trace.note("presses", who, action_id, value)
        copies = 2 if self.outside.faults.strike("S", 0.1) else 1
        went = await asyncio.gather(
            *(life.listeners.pressed(body, action_id) for _ in range(copies))
        )
        word = "taken" if all(went) else "refused"
        self.outside.reached[f"click {word}"] += 1
        return all(went)

    async def _resolve(self, life: Life, seen: list[tuple[Json, Json]]) -> None:
        """Say what became of a step that is unknown, by looking at the world."""
        cards = {each["value"]: message for message, each in seen if each["action_id"] in RESOLVES}
        for value, message in cards.items():
            run, _, rest = value.partition(".")
            path = rest.partition(".")[2]
            happened = any(each.run == run and each.path == path for each in self.outside.effects)
            action_id = ids.RESOLVE_DONE if happened else ids.RESOLVE_RETRY
            who = self._who()
            if await self._press(life, who, message, action_id, value):
                self.outside.reached[f"unknown answered: {RESOLVES[action_id]}"] += 1


def _container(message: Mapping[str, Any]) -> Json:
    thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
    return {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": message.get("channel", CHANNEL),
        **thread,
    }


@dataclass
class Meddlers:
    """People who steer runs: cancel, pause, skip, retry. What was begun goes on until it is done."""

    outside: Outside
    paused: set[str] = field(default_factory=set)
    orders: int = 0

    async def meddle(self, life: Life, run: Any) -> None:
        """Do something to a run that is going on, now and then."""
        rng = self.outside.rng
        what = rng.choice(("cancel", "pause", "skip", "rollback", "cancel softly"))
        if what in ("cancel", "cancel softly"):
            mode = rng.choice((None, "now", "compensate")) if what == "cancel" else "compensate"
            if await self.order(life, "cancel", run.id, reason="enough", mode=mode):
                self.outside.cancelled.setdefault(run.id, self.outside.next_place())
        elif what == "pause":
            self.paused.add(run.id)
            await self.order(life, "pause", run.id)
        elif what == "skip":
            open_ = [each.path for each in (await life.coordinator.run(run.id)).steps]
            await self.order(life, "skip", run.id, path=rng.choice(open_ or ["nothing"]))
        else:
            await self.order(life, "rollback", run.id, reason="it was wrong")

    async def resume(self, life: Life) -> None:
        for run_id in sorted(self.paused):
            self.paused.discard(run_id)
            await self.order(life, "resume", run_id)

    async def order(self, life: Life, what: str, run_id: str, **how: Any) -> bool:
        """Give an order; False if it is refused or cannot be stored."""
        self.orders += 1
        call: Any = getattr(life.coordinator, what)
        request = f"order-{self.orders}"
        self.outside.trace.note("orders", what, run_id)
        try:
            args = (how.pop("path"),) if "path" in how else ()
            await call(
                Principal("person", "UGRACE"), run_id, *args, **how, request_id=request, via="test"
            )
        except (Refused, Unavailable) as refused:
            self.outside.reached[f"{what} refused"] += isinstance(refused, Refused)
            return False
        self.outside.reached[f"{what} ordered"] += 1
        if what in ("retry", "rollback", "resolve", "skip"):
            self.outside.reordered[run_id] = self.outside.next_place()
        return True


__all__ = ["OPERATORS", "TOKEN_OF", "Meddlers", "People"]
