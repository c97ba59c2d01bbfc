"""Small functions that return blocks as plain dicts, and the one that holds a message to its budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.slack.text import head, plain

Block: TypeAlias = dict[str, Any]

HEADER = 150
SECTION = 2_800
FIELD = 2_000
SUMMARY = 400
BLOCKS = 45
ALL_TEXT = 11_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A message: *text* says it all in a sentence, *blocks* show it."""

    text: str
    blocks: tuple[Block, ...]


def header(text: str, block_id: str) -> Block:
    return {"type": "header", "block_id": block_id, "text": plain_text(head(plain(text), HEADER))}


def section(text: str, block_id: str) -> Block:
    return {"type": "section", "block_id": block_id, "text": mrkdwn(text, SECTION)}


def fields(pairs: Sequence[tuple[str, str]], block_id: str) -> Block:
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
        "text": plain_text(head(label, 24)),
    }
    if style:
        made["style"] = style
    if says:
        made["accessibility_label"] = head(plain(says), 75)
    return made


def link_button(label: str, action_id: str, url: str) -> Block:
    return {"type": "button", "action_id": action_id, "url": url, "text": plain_text(label)}


def plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text or "-", "emoji": False}


def mrkdwn(text: str, limit: int) -> Block:
    return {"type": "mrkdwn", "text": head(text, limit) or "-"}


def fit(text: str, blocks: Sequence[Block]) -> Shown:
    """Hold a message to its budget: the blocks at the end go first, but never what is pressed."""
    kept: list[Block] = []
    spent = 0
    pressed = [block for block in blocks if block["type"] == "actions"]
    room = BLOCKS - len(pressed)
    for block in blocks:
        size = length(block)
        if block["type"] != "actions":
            if room <= 0 or spent + size > ALL_TEXT:
                continue
            room -= 1
            spent += size
        kept.append(block)
    return Shown(head(text, SUMMARY), tuple(kept))


def length(value: Any) -> int:
    """Count the characters of all texts in a block."""
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(length(item) for item in value.values() if not isinstance(item, str))
    if isinstance(value, list):
        return sum(length(item) for item in value)
    return 0
