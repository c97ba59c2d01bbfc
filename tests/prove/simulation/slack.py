"""A Slack in memory, below the client of Baton: it keeps what it takes, and has its bad days."""

import asyncio
import base64
import itertools
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from tests.prove.simulation.faults import Faults
from tests.prove.simulation.plot import AWAY, QUICK, SLOW
from tests.prove.simulation.world import START

Json = dict[str, Any]
CHANNEL = "C0RELEASES"
BUS = "C0TOOLS"
NAMES = {CHANNEL: "releases", BUS: "tools"}
BASE = "https://slack.example/api/"
SLOWLY = 2.5  # s that a call takes on a slow day
PATIENCE = 10.0  # s, after which the client gives up
MANY, SPAN = 20, 10.0  # posts in so many seconds are taken in one channel


@dataclass
class Answer:
    """What Slack says over HTTP."""

    data: Json
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class SimSlack:
    """What stands in Slack, whatever became of the server.

    *lost* counts, by slot and thread, the posts that were taken without Baton hearing of it.
    """

    faults: Faults
    pace: str = QUICK
    messages: dict[str, dict[str, Json]] = field(default_factory=dict)  # by channel and ts
    views: dict[str, Json] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)  # by person
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    whispers: list[Json] = field(default_factory=list)
    expelled: bool = False  # Baton, from its channel
    calls: int = 0
    said: list[tuple[str, Json]] = field(default_factory=list)  # every call; nobody changes one
    down_until: float = 0.0
    _orphans: set[tuple[str, str]] = field(default_factory=set)
    _stamp: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _posts: list[float] = field(default_factory=list)

    async def call(self, method: str, arguments: Json) -> Answer:
        """Answer one request, or fail as a network does. Raises: what aiohttp raises."""
        self.calls += 1
        self.said.append((method, arguments))
        faults = self.faults
        await asyncio.sleep(SLOWLY if self.pace == SLOW and not faults.healed else 0.03)
        if self.is_away:
            return Answer({"ok": False, "error": "invalid_auth"})
        if "S" not in faults.on or faults.healed:
            return self._take(method, arguments)
        await self._outage()
        kind = faults.rng("S").random()
        if kind < 0.1 and faults.certain("S"):
            return await self._badly(kind / 0.1, method, arguments)
        return self._take(method, arguments)

    @property
    def is_away(self) -> bool:
        """Whether nothing comes of any call, since Slack knows our token only after the faults."""
        return self.pace == AWAY and not self.faults.healed

    async def _outage(self) -> None:
        """Be down for a while: mostly for minutes, now and then for a day."""
        now, faults = asyncio.get_running_loop().time(), self.faults
        if now >= self.down_until and faults.strike("S", 0.01):
            lengths, weights = (20, 300, 3600, 86_400), (60, 36, 3, 0.2)
            self.down_until = now + faults.rng("S").choices(lengths, weights)[0]
        if now < self.down_until:
            if faults.rng("S").random() < 0.1:
                await asyncio.sleep(PATIENCE)
                raise TimeoutError
            raise refused()

    async def _badly(self, kind: float, method: str, arguments: Json) -> Answer:
        if kind < 0.25:
            wait = str(self.faults.rng("S").choice((1, 3, 30)))
            return Answer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": wait})
        if kind < 0.4:
            return Answer({}, 503)
        if kind < 0.5:
            return Answer({"ok": False, "error": "internal_error"})
        if kind < 0.6:
            await asyncio.sleep(PATIENCE)
            raise TimeoutError
        if kind < 0.7:
            raise refused()
        taken = self._take(method, arguments)
        self._unheard(method, arguments)
        if kind < 0.85:
            await asyncio.sleep(PATIENCE)
            raise TimeoutError
        if kind < 0.95:
            raise aiohttp.ServerDisconnectedError
        return Answer({}, 500) if taken.data["ok"] else taken

    def _unheard(self, method: str, arguments: Json) -> None:
        """Note a post whose answer is lost."""
        if method == "chat.postMessage":
            self.lost[place_of(arguments)] += 1

    def _take(self, method: str, arguments: Json) -> Answer:
        known = getattr(self, "_" + method.replace(".", "_"), None)
        return known(arguments) if known else Answer({"ok": True})

    def _chat_postMessage(self, asked: Json) -> Answer:  # noqa: N802 - named as Slack does
        now = asyncio.get_running_loop().time()
        self._posts = [each for each in self._posts if now - each < SPAN]
        if len(self._posts) >= MANY:
            return Answer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "5"})
        channel = next((id_ for id_, name in NAMES.items() if f"#{name}" == asked["channel"]), None)
        channel = channel or asked["channel"]
        if channel == CHANNEL and self.expelled and not self.faults.healed:
            return Answer({"ok": False, "error": "not_in_channel"})
        if channel not in NAMES and not channel.startswith(("D", "U")):
            return Answer({"ok": False, "error": "channel_not_found"})
        there = self.messages.setdefault(channel, {})
        if asked.get("thread_ts") and asked["thread_ts"] not in there:
            return Answer({"ok": False, "error": "thread_not_found"})
        self._posts.append(now)
        ts = f"{START.timestamp() + now:.0f}.{next(self._stamp):06d}"
        there[ts] = {**asked, "channel": channel, "ts": ts}
        return Answer({"ok": True, "channel": channel, "ts": ts})

    def _chat_update(self, asked: Json) -> Answer:
        message = self.messages.get(asked["channel"], {}).get(asked["ts"])
        if message is None:
            return Answer({"ok": False, "error": "message_not_found"})
        message.update(text=asked["text"], blocks=asked["blocks"], edited=True)
        return Answer({"ok": True, "channel": asked["channel"], "ts": asked["ts"]})

    def _chat_getPermalink(self, asked: Json) -> Answer:  # noqa: N802
        end = f"archives/{asked['channel']}/p{asked['message_ts'].replace('.', '')}"
        return Answer({"ok": True, "permalink": f"https://slack.example/{end}"})

    def _chat_postEphemeral(self, asked: Json) -> Answer:  # noqa: N802
        self.whispers.append(asked)
        return Answer({"ok": True})

    def _conversations_open(self, asked: Json) -> Answer:
        return Answer({"ok": True, "channel": {"id": f"D{asked['users']}"}})

    def _conversations_list(self, asked: Json) -> Answer:
        listed = [{"id": id_, "name": name} for id_, name in NAMES.items()]
        return Answer({"ok": True, "channels": listed})

    def _conversations_history(self, asked: Json) -> Answer:
        return self._said(asked, lambda each: "thread_ts" not in each)

    def _conversations_replies(self, asked: Json) -> Answer:
        return self._said(asked, lambda each: asked["ts"] in (each["ts"], each.get("thread_ts")))

    def _said(self, asked: Json, wanted: Any) -> Answer:
        there = self.messages.get(asked["channel"], {}).values()
        oldest = float(asked.get("oldest") or 0)
        found = [each for each in there if float(each["ts"]) > oldest and wanted(each)]
        return Answer({"ok": True, "messages": found[::-1]})

    def _views_open(self, asked: Json) -> Answer:
        view = {**asked["view"], "id": f"V{next(self._stamp)}", "trigger_id": asked["trigger_id"]}
        self.views[view["id"]] = view
        return Answer({"ok": True, "view": view})

    def _views_update(self, asked: Json) -> Answer:
        if asked["view_id"] not in self.views:
            return Answer({"ok": False, "error": "not_found"})
        self.views[asked["view_id"]].update(asked["view"])
        return Answer({"ok": True, "view": self.views[asked["view_id"]]})

    def _views_publish(self, asked: Json) -> Answer:
        self.homes[asked["user_id"]] = asked["view"]
        return Answer({"ok": True})

    def marked(self) -> Iterator[Json]:
        """Yield the messages that stand for a slot, in the order in which they were taken."""
        for there in self.messages.values():
            yield from (each for each in there.values() if each.get("metadata"))

    def count_unheard(self, raw: sqlite3.Connection) -> None:
        """Count the posts that a life did not live to note."""
        noted = {(row[0], row[1]) for row in raw.execute("SELECT channel_id, ts FROM slots")}
        for message in self.marked():
            place = (message["channel"], message["ts"])
            if place not in noted and place not in self._orphans:
                self._orphans.add(place)
                self.lost[place_of(message)] += 1

    def pressable(self) -> list[tuple[Json, Json]]:
        """Return the buttons that can be seen, each with its message."""
        return [
            (message, {**element, "block_id": block.get("block_id", "")})
            for there in self.messages.values()
            for message in there.values()
            for block in message.get("blocks", ())
            if block["type"] == "actions"
            for element in block["elements"]
        ]


class Line:
    """The SDK's client of one life; it is cut when that life ends."""

    base_url = BASE
    session = None

    def __init__(self, slack: SimSlack) -> None:
        self._slack = slack
        self.cut = False

    async def api_call(
        self, method: str, *, json: Json | None = None, params: Json | None = None
    ) -> Answer:
        """Call Slack. Raises: SlackApiError, and what aiohttp raises."""
        if self.cut:
            raise asyncio.CancelledError
        answer = await self._slack.call(method, json if json is not None else params or {})
        if answer.status_code != 200 or not answer.data.get("ok"):
            raise SlackApiError("refused", answer)  # type: ignore[no-untyped-call]  # of the SDK
        return answer


def refused() -> aiohttp.ClientConnectorError:
    key: Any = SimpleNamespace(host="slack.example", port=443, ssl=True)
    return aiohttp.ClientConnectorError(key, OSError(111, "refused"))


def place_of(message: Mapping[str, Any]) -> tuple[str, str]:
    """Return the slot and the thread that a message stands for."""
    says = (message.get("metadata") or {}).get("event_payload") or {}
    return str(says.get("s")), str(says.get("t"))


def spellings(secret: str) -> tuple[bytes, ...]:
    """Return the ways in which a secret may stand somewhere."""
    raw = secret.encode()
    quoted = "".join(f"%{byte:02X}" if not chr(byte).isalnum() else chr(byte) for byte in raw)
    encoded = base64.b64encode(raw).rstrip(b"=")[:-2]
    return raw, encoded, raw.hex().encode(), quoted.encode()


__all__ = ["BUS", "CHANNEL", "Answer", "Line", "SimSlack", "place_of", "spellings"]
