"""Small functions that return blocks as plain dicts, and the one that holds a message to its budget."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.slack.text import head, link, plain

Block: TypeAlias = dict[str, Any]

HEADER = 150
SECTION = 2_800
FIELD = 1_000
SUMMARY = 400
BLOCKS = 45
ALL_TEXT = 11_000
BUTTON = 24
ROWS = 10
RICH, STABLE, SHORT, WORDS = range(4)  # the rungs of a message
# Kinds that Slack has had for years; decisions stand on these alone.
STABLE_KINDS = frozenset({"header", "section", "context", "divider", "actions", "input", "image"})
EXACTLY = "x"  # the block id, or its beginning, of what no simpler card may leave out


@dataclass(frozen=True, slots=True)
class Shown:
    """A message: *text* says it all in a sentence, *blocks* show it."""

    text: str
    blocks: tuple[Block, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether there is something to press that decides or steers; a link is not."""
        elements = (each for block in self.blocks for each in block.get("elements", ()))
        return any("value" in each for each in elements)


def header(text: str, block_id: str) -> Block:
    return {"type": "header", "block_id": block_id, "text": plain_text(text, HEADER)}


def section(text: str, block_id: str) -> Block:
    return {"type": "section", "block_id": block_id, "text": mrkdwn(text, SECTION)}


def fields(pairs: Iterable[tuple[str, str]], block_id: str) -> Block:
    """Return a section of at most ten fields, each a name in bold over its value."""
    shown = [mrkdwn(f"*{name}*\n{value}", FIELD) for name, value in pairs if value][:10]
    return {"type": "section", "block_id": block_id, "fields": shown}


def context(text: str, block_id: str) -> Block:
    return {"type": "context", "block_id": block_id, "elements": [mrkdwn(text, FIELD)]}


def actions(elements: Sequence[Block], block_id: str) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def button(
    label: str, action_id: str, *, value: str, style: str | None = None, says: str | None = None
) -> Block:
    """Return a button; *says* is what a screen reader says in place of a short label."""
    made: Block = {
        "type": "button",
        "action_id": action_id,
        "value": value,
        "text": plain_text(label, BUTTON),
    }
    if style:
        made["style"] = style
    if says:
        made["accessibility_label"] = cut(says, 75)
    return made


def link_button(label: str, action_id: str, url: str) -> Block:
    text = plain_text(label, BUTTON)
    return {"type": "button", "action_id": action_id, "url": url, "text": text}


def confirm(title: str, text: str, yes: str, no: str) -> Block:
    """Return the dialog that Slack shows before it sends a click on."""
    return {
        "title": plain_text(title, 100),
        "text": plain_text(text, 300),
        "confirm": plain_text(yes, 30),
        "deny": plain_text(no, 30),
    }


def plain_text(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": cut(text, limit) or "-", "emoji": False}


def cut(text: str, limit: int) -> str:
    """Return a label: one line, no secrets, at most *limit* characters."""
    line = " ".join(plain(text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def mrkdwn(text: str, limit: int) -> Block:
    """Return markup as it stands: Slack is not to find addresses or names in it by itself."""
    return {"type": "mrkdwn", "text": head(text, limit).strip() or "-", "verbatim": True}


def fit(text: str, blocks: Sequence[Block]) -> Shown:
    """Hold a message to its budget: what stands late goes first, but never what is pressed."""
    kept: list[Block] = []
    room = BLOCKS - sum(block["type"] == "actions" for block in blocks)
    left = ALL_TEXT
    for block in blocks:
        if block.get("fields") == []:
            continue
        if block["type"] != "actions":
            size = length(block)
            if room <= 0 or size > left:
                continue
            room -= 1
            left -= size
        kept.append(block)
    return Shown(head(text, SUMMARY).strip() or "-", tuple(kept))


def at_rung(shown: Shown, rung: int, url: str | None) -> Shown:
    """Draw more simply what Slack did not take.

    Args:
        shown: the message at its best.
        rung: 0 is all of it; 1 stable blocks alone; 2 a sentence, what an approval runs, and the
            buttons; 3 only words.
        url: where else to look, and to answer, once there are no buttons.
    """
    if rung <= RICH:
        return shown
    if rung == STABLE:
        return fit(shown.text, [each for each in shown.blocks if each["type"] in STABLE_KINDS])
    if rung == SHORT:
        kept = [
            block
            for block in shown.blocks
            if block["type"] == "actions" or block["block_id"].startswith(EXACTLY)
        ]
        return fit(shown.text, [section(shown.text, "h"), *kept])
    where = link(url, "Open it") if url else ""
    return Shown(f"{head(shown.text, SUMMARY - 200)} {where}".strip())


def lines(rows: Sequence[str], most: int = ROWS) -> str:
    """Write rows under one another; what is too many is counted."""
    more = len(rows) - most
    return "\n".join([*rows[:most], *([f"_{more} more_"] if more > 0 else [])])


def length(value: Any) -> int:
    """Count the characters of all texts in a block."""
    count = 0
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(item, str):
                count += length(item)
            elif key in ("text", "title"):
                count += len(item)
    elif isinstance(value, list):
        for item in value:
            count += length(item)
    return count
