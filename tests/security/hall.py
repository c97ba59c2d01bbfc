"""The Slack listeners as they are registered, called as Bolt calls them, over a house with a run in it."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from handlers.slack import register
from handlers.slack.answers import Answer, Sentence
from handlers.slack.bus import Bus
from handlers.slack.listening import EXPECTED
from handlers.slack.overhearing import Overhearing
from tests.handlers.http.house import House

Json = dict[str, Any]
BOT = "U0BATON"
OPENED = "V1"


class Listeners:
    """Takes the registrations that Bolt would: what is listened to, by kind and name."""

    def __init__(self) -> None:
        self.known: dict[str, Callable[..., Any]] = {}
        self.first: list[Callable[..., Any]] = []
        self.failing: list[Callable[..., Any]] = []

    def _taking(self, kind: str) -> Callable[..., Any]:
        def named(name: Any, **more: Any) -> Callable[..., Any]:
            said = name.pattern if isinstance(name, re.Pattern) else name
            row = f"{kind} {said}"

            def take(listener: Callable[..., Any]) -> Callable[..., Any]:
                assert row not in self.known, f"{row} is listened to twice"
                self.known[row] = listener
                return listener

            return take

        return named

    def __getattr__(self, kind: str) -> Callable[..., Any]:
        if kind in ("action", "view", "command", "event", "global_shortcut", "message_shortcut"):
            return self._taking(kind)
        raise AttributeError(f"the matrix does not know what bolt.{kind} listens to")

    def use(self, middleware: Callable[..., Any]) -> None:
        self.first.append(middleware)

    def error(self, listener: Callable[..., Any]) -> None:
        self.failing.append(listener)


@dataclass
class Seen:
    """What somebody saw: forms that opened, and what was said to them or to a thread."""

    forms: list[str] = field(default_factory=list)
    said: list[Answer] = field(default_factory=list)

    @property
    def knows(self) -> list[str]:
        """Name what told them something of the store: forms, and answers that are no plain sentence."""
        return [
            *self.forms,
            *(type(each).__name__ for each in self.said if type(each) is not Sentence),
        ]


class NotedScreens:
    """Shows nothing, and remembers what it would have shown."""

    def __init__(self) -> None:
        self.seen = Seen()

    async def open_loading(self, trigger_id: str, title: str) -> str:
        return OPENED

    def __getattr__(self, name: str) -> Any:
        if name not in ("show_reason", "show_details", "show_delegation", "show_choice", "show_start", "show_control"):  # fmt: skip
            raise AttributeError(name)

        async def show(view_id: str, shown: Any, *more: Any) -> None:
            self.seen.forms.append(name)

        return show

    async def show_answer(self, view_id: str, answer: Answer) -> None:
        self.seen.said.append(answer)

    def loading(self, title: str) -> Json:
        return {}

    def said(self, answer: Answer) -> Json:
        self.seen.said.append(answer)
        return {}

    def view_of(self, shown: Any) -> Json:
        if type(shown).__name__ == "StartForm":
            self.seen.forms.append("show_start")
        else:
            self.seen.said.append(shown)
        return {}

    async def tell(self, place: Any, answer: Answer) -> None:
        self.seen.said.append(answer)

    async def reply(self, place: Any, answer: Answer) -> None:
        self.seen.said.append(answer)

    async def open_home(self, person: str) -> None:
        self.seen.forms.append("home")

    async def suggest(self, channel: str, prompts: Any) -> None:
        titles = " ".join(str(each["title"]) for each in prompts)
        if re.search(r"R-\d|approvals? waits?", titles):
            self.seen.forms.append("suggest")

    async def permalink(self, channel: str, ts: str) -> str | None:
        return None


class NoMarks:
    async def warn(self, channel: str, ts: str) -> None:
        raise AssertionError("no channel is read here")


class NoLooks:
    def forget(self, channel: str) -> None:
        return None

    async def name_of(self, channel: str) -> str | None:
        return None

    async def message(self, channel: str, ts: str) -> Mapping[str, Any] | None:
        return None


class Clock:
    """The clock of the house; sleeping takes no time."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clock, name)

    async def sleep(self, duration: Any) -> None:
        return None


@dataclass
class Outcome:
    """What came of a click, a form, a command or an event."""

    refused: Exception | None
    seen: Seen
    errors: Mapping[str, str]

    @property
    def sentences(self) -> str:
        said = [each.text for each in self.seen.said if isinstance(each, Sentence)]
        return " ".join([*said, str(self.refused or ""), *self.errors.values()])


class Office:
    """The listeners of a house, and hands to press, send and type with."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.listeners = Listeners()
        self.screens = NotedScreens()
        self.pressed = 0
        world = SimpleNamespace(
            clock=Clock(house.world.clock), ids=house.world.ids, tasks=house.world.tasks
        )
        coordinator = house.edge.coordinator
        bus = Bus(coordinator, world, NoMarks(), Overhearing(coordinator, NoLooks()))  # type: ignore[arg-type]
        program = SimpleNamespace(
            problems=self._problems,
            login_link=lambda person: "link",
            rehearse=house.edge.rehearsals.rehearse,
        )
        register(self.listeners, coordinator, self.screens, world, program, bus)  # type: ignore[arg-type]

    async def _problems(self) -> tuple[str, ...]:
        return ()

    async def act(self, row: str, body: Json) -> Outcome:
        """Call the listener of *row* with *body*, as Bolt does."""
        self.screens.seen = Seen()
        errors: dict[str, str] = {}

        async def ack(**answer: Any) -> None:
            errors.update(answer.get("errors") or {})

        given = {
            "ack": ack,
            "body": body,
            "view": body.get("view") or {},
            "event": body.get("event") or {},
            "context": SimpleNamespace(bot_user_id=BOT, bot_id="B0BATON", authorize_result=None),
        }
        listener = self.listeners.known[row]
        wanted = inspect.signature(listener).parameters
        refused = None
        try:
            await listener(**{name: given[name] for name in wanted})
        except EXPECTED as error:
            refused = error
        return Outcome(refused, self.screens.seen, errors)

    def by(self, handle: str) -> Json:
        """Return what every body says of who acted, and that nothing else ever acted so."""
        self.pressed += 1
        person = f"U{handle.upper()}"
        return {
            "user": {"id": person, "username": handle, "team_id": "T1"},
            "team": {"id": "T1"},
            "trigger_id": f"{self.pressed}.1",
            "container": {"message_ts": "1.1", "channel_id": "C1"},
            "channel": {"id": "C1"},
        }

    def click(self, handle: str, action_id: str, value: str, **more: Any) -> Json:
        action = {"action_id": action_id, "value": value, "action_ts": f"{self.pressed}.2"}
        return {"type": "block_actions", **self.by(handle), "actions": [action | more]}

    def form(self, handle: str, metadata: str, values: Json | None = None) -> Json:
        body = self.by(handle)
        blocks = [{"type": "input", "block_id": name} for name in values or {}]
        view = {
            "id": f"V{self.pressed}",
            "private_metadata": metadata,
            "state": {"values": values or {}},
            "blocks": blocks,
        }
        return {"type": "view_submission", **body, "view": view}

    def typed(self, handle: str, text: str) -> Json:
        body = self.by(handle)
        user = body.pop("user")["id"]
        return {**body, "user_id": user, "channel_id": "C1", "command": "/baton", "text": text}

    def event(self, handle: str, **event: Any) -> Json:
        self.pressed += 1
        return {
            "type": "event_callback",
            "event_id": f"Ev{self.pressed}",
            "team_id": "T1",
            "event": {"user": f"U{handle.upper()}", "ts": f"{self.pressed}.3", **event},
        }
