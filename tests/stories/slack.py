"""The workspace as its people see it: cards, replies, private answers, and things to press."""

import re
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from devslack.app import Server

Json: TypeAlias = dict[str, Any]

CHANNEL = "#releases"
PEOPLE: Mapping[str, str] = {
    name: f"U0{name.upper()}" for name in ("ada", "grace", "linus", "mallory", "sam")
}
STATE = re.compile(r"\*([A-Z][A-Za-z ]+)\*")
BUTTON_ROW = re.compile(r"(\[[^\]]+\]\s*)+")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as somebody reads it."""

    raw: Json

    @property
    def ts(self) -> str:
        return str(self.raw["ts"])

    @property
    def plain(self) -> str:
        return str(self.raw["plain"])

    @property
    def lines(self) -> list[str]:
        return [line for line in self.plain.splitlines() if line.strip()]

    @property
    def edited(self) -> bool:
        return "edited" in self.raw

    @property
    def slot(self) -> str:
        return str(self.mark.get("s", ""))

    @property
    def mark(self) -> Mapping[str, str]:
        """The ids by which Baton finds its own message again."""
        payload = (self.raw.get("metadata") or {}).get("event_payload") or {}
        return dict(payload)

    @property
    def blocks(self) -> list[Json]:
        return list(self.raw.get("blocks") or [])

    def block(self, block_id: str) -> Json:
        return next(each for each in self.blocks if each.get("block_id") == block_id)

    @property
    def markup(self) -> list[str]:
        """The texts in which Slack would follow mentions, links and the like."""
        return [str(self.raw["text"]), *markup_of(self.blocks)]

    @property
    def state(self) -> str:
        """The word of a card."""
        found = STATE.search(self.block("s")["text"]["text"])
        return found[1] if found else ""

    @property
    def says(self) -> str:
        """The sentence beside the word of a card."""
        return str(self.block("s")["text"]["text"]).partition(" · ")[2]

    @property
    def buttons(self) -> list[str]:
        return [element["text"]["text"] for _, element in self.pressable() if "text" in element]

    def pressable(self) -> Iterator[tuple[str, Json]]:
        for block in self.blocks:
            if block["type"] == "actions":
                for element in block["elements"]:
                    yield block["block_id"], element


class Slack:
    """The hands and eyes of the people in the workspace."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def look(self, path: str, /, **fields: Any) -> Json:
        """Read something; it never has to wait, so a story can say it in one line."""
        return at_once(self.server.ask("GET", path, **named(fields)))

    async def do(self, path: str, /, **fields: Any) -> Json:
        return await self.server.ask("POST", path, **named(fields))

    async def fault(self, switch: str, *, count: int | None = 1, **args: Any) -> None:
        """Have Slack fail in some way, the next *count* times."""
        await self.do("chaos", switch=switch, count=count, args=args)

    async def well(self) -> None:
        """Let Slack be itself again."""
        await self.server.ask("DELETE", "chaos")

    def roots(self, channel: str = CHANNEL) -> list[Message]:
        """Return what stands in a channel."""
        return self._messages(channel)

    def thread(self, root: Message, channel: str = CHANNEL) -> list[Message]:
        """Return the replies below *root*, oldest first."""
        if not root.raw["reply_count"]:
            return []
        return self._messages(channel, thread_ts=root.ts)[1:]

    def private(self, who: str, channel: str = CHANNEL) -> list[Message]:
        """Return what only *who* was told, oldest first."""
        tops = ["", *(root.ts for root in self.roots(channel))]
        seen = {"as_": PEOPLE[who], "include": "ephemeral"}
        found = [
            each
            for top in tops
            for each in self._messages(channel, **seen, **({"thread_ts": top} if top else {}))
            if each.raw.get("ephemeral")
        ]
        return sorted({each.ts: each for each in found}.values(), key=lambda each: each.ts)

    def _messages(self, channel: str, **more: Any) -> list[Message]:
        include = ",".join(filter(None, (more.pop("include", ""), "metadata")))
        found = self.look("messages", channel=channel, include=include, **more)
        return [Message(each) for each in found["messages"]]

    def modal(self, who: str) -> Json | None:
        """Return the form that *who* has open, or None."""
        stack: list[Json] = self.look("views", as_=PEOPLE[who])["stack"]
        return stack[-1] if stack else None

    def calls(self, method: str) -> list[Json]:
        """Return what Baton asked of Slack."""
        found: list[Json] = self.look("calls", method=method)["calls"]
        return found

    def pings(self, who: str) -> list[str]:
        """Return what *who* was notified of."""
        found = self.look("notifications", as_=PEOPLE[who])["notifications"]
        return [str(each["reason"]) for each in found]


def markup_of(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from markup_of(each)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield str(value["text"])
        yield from markup_of(list(value.values()))


def named(fields: Mapping[str, Any]) -> Json:
    """Take the field ``as`` by the name ``as_``, since Python keeps the word for itself."""
    return {name.rstrip("_"): value for name, value in fields.items()}


def at_once(reading: Coroutine[Any, Any, Json]) -> Json:
    """Return what *reading* gives; it must not have to wait for anything."""
    try:
        reading.send(None)
    except StopIteration as done:
        found: Json = done.value
        return found
    raise AssertionError("this reading had to wait")


def text_of(view: Json | None) -> str:
    """Return what stands in a form or a modal that only says something."""
    if view is None:
        return ""
    sections = [block for block in view["blocks"] if block["type"] == "section"]
    texts = [each for block in sections for each in (block.get("text"), *block.get("fields", ()))]
    return "\n".join(str(each["text"]) for each in texts if each)
