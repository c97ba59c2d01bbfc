"""Slack's text: what a person types becomes references, and references become what a person reads."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from devslack.shapes import Json

REFERENCE = re.compile(r"<([^<>\n]+)>")
TYPED = re.compile(r"(?<![\w<])(@|#)([\w.-]+)")
MENTIONED = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
GROUPS = re.compile(r"<!subteam\^([A-Z0-9]+)(?:\|[^>]*)?>")
BROADCASTS = re.compile(r"<!(here|channel|everyone)(?:\|[^>]*)?>")
SPECIAL = ("here", "channel", "everyone")


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what a reference can point at: id to name."""

    users: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)


def escape(text: str) -> str:
    """Escape the three characters that begin or end Slack's references."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Undo ``escape`` once."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def typed(text: str, names: Names) -> str:
    """Turn what somebody typed into what Slack stores: escaped, names as references."""
    users = {name: key for key, name in names.users.items()}
    groups = {name: key for key, name in names.groups.items()}
    channels = {name: key for key, name in names.channels.items()}
    kept: list[str] = []

    def replace(match: re.Match[str]) -> str:
        sign, whole = match.groups()
        word = whole.rstrip(".-")
        rest = whole[len(word) :]
        if sign == "#":
            return f"<#{channels[word]}|{word}>{rest}" if word in channels else match.group()
        if word in SPECIAL:
            return f"<!{word}>{rest}"
        if word.lower() in users:
            return f"<@{users[word.lower()]}>{rest}"
        return f"<!subteam^{groups[word]}>{rest}" if word in groups else match.group()

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\x00{len(kept) - 1}\x00"

    # A reference that was typed by its id stays one, as when a person pastes <@U…>.
    known = re.sub(
        r"<(?:@[UW]|#C|!subteam\^S)[A-Z0-9]+(?:\|[^<>]*)?>", keep, text.replace("\x00", "")
    )
    done = TYPED.sub(replace, escape(known))
    return re.sub(r"\x00(\d+)\x00", lambda m: kept[int(m.group(1))], done)


def plain(text: str, names: Names) -> str:
    """Return what a person reads: references resolved, escapes undone."""
    return unescape(REFERENCE.sub(lambda m: _read(m.group(1), names), text))


def _read(inner: str, names: Names) -> str:
    target, _, label = inner.partition("|")
    if target.startswith("@"):
        return "@" + names.users.get(target[1:], label or target[1:])
    if target.startswith("#"):
        return "#" + names.channels.get(target[1:], label or target[1:])
    if target.startswith("!subteam^"):
        return "@" + names.groups.get(target[9:], label or target[9:])
    if target.startswith("!date^"):
        return label or _date(target)
    if target.startswith("!"):
        return "@" + target[1:]
    return label or target


def _date(target: str) -> str:
    try:
        moment = datetime.fromtimestamp(int(target.split("^")[1]), UTC)
    except (ValueError, IndexError, OverflowError, OSError):
        return target
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def blocks_plain(blocks: list[Json], names: Names) -> str:
    """Return the lines a person reads in *blocks*; buttons stand as ``[Approve]``."""
    lines = [line for block in blocks for line in _block(block, names)]
    return "\n".join(line for line in lines if line)


def _block(block: Json, names: Names) -> list[str]:
    draw = DRAWN.get(str(block.get("type")), _unknown)
    return draw(block, names)


def _text(value: Any, names: Names) -> str:
    if not isinstance(value, dict):
        return value if isinstance(value, str) else ""
    text = str(value.get("text", ""))
    return plain(text, names) if value.get("type") == "mrkdwn" else text


def _section(block: Json, names: Names) -> list[str]:
    lines = [_text(block.get("text"), names)]
    lines += [_text(f, names).replace("\n", ": ", 1) for f in block.get("fields") or []]
    if block.get("accessory"):
        lines.append(element_plain(block["accessory"], names))
    return lines


def _elements(block: Json, names: Names) -> list[str]:
    return [" ".join(element_plain(e, names) for e in block.get("elements") or [])]


def _context(block: Json, names: Names) -> list[str]:
    return [" ".join(_context_part(e, names) for e in block.get("elements") or [])]


def _context_part(part: Json, names: Names) -> str:
    return str(part.get("alt_text", "")) if part.get("type") == "image" else _text(part, names)


def _input(block: Json, names: Names) -> list[str]:
    label = _text(block.get("label"), names)
    return [f"{label}: {element_plain(block.get('element') or {}, names)}"]


def _image(block: Json, names: Names) -> list[str]:
    return [_text(block.get("title"), names), f"(image: {block.get('alt_text', '')})"]


def _titled(block: Json, names: Names) -> list[str]:
    parts = [block.get("title"), block.get("subtitle"), block.get("body"), block.get("text")]
    lines = [_text(p, names) for p in parts if p]
    inner = [line for child in block.get("child_blocks") or [] for line in _block(child, names)]
    tasks = [line for task in block.get("tasks") or [] for line in _titled(task, names)]
    return [*lines, *inner, *tasks]


def _rich(block: Json, names: Names) -> list[str]:
    return ["".join(_rich_part(p, names) for p in block.get("elements") or [])]


def _rich_part(part: Json, names: Names) -> str:
    kind = part.get("type")
    if kind == "user":
        return "@" + names.users.get(str(part.get("user_id")), "somebody")
    if kind == "emoji":
        return f":{part.get('name')}:"
    if "elements" in part:
        return "".join(_rich_part(p, names) for p in part["elements"]) + "\n"
    return str(part.get("text") or part.get("url") or "")


def _table(block: Json, names: Names) -> list[str]:
    rows = block.get("rows") or []
    return [
        " | ".join(_text(cell, names) or "".join(_rich(cell, names)) for cell in row)
        for row in rows
    ]


def _unknown(block: Json, _names: Names) -> list[str]:
    return [f"({block.get('type')})"]


def element_plain(element: Json, names: Names) -> str:
    """Return what stands for one element: its label or placeholder, in brackets."""
    kind = element.get("type")
    if kind == "image":
        return f"(image: {element.get('alt_text', '')})"
    label = _text(element.get("text"), names) or _text(element.get("placeholder"), names)
    options = ", ".join(_text(o.get("text"), names) for o in element.get("options") or [])
    return f"[{label or options or kind}]"


DRAWN: Mapping[str, Callable[[Json, Names], list[str]]] = {
    "section": _section,
    "header": lambda block, names: [_text(block.get("text"), names)],
    "divider": lambda _block, _names: [],
    "actions": _elements,
    "context": _context,
    "context_actions": _elements,
    "input": _input,
    "image": _image,
    "markdown": lambda block, names: [_text(block.get("text"), names)],
    "rich_text": _rich,
    "table": _table,
    "alert": _titled,
    "plan": _titled,
    "task_card": _titled,
    "container": _titled,
    "card": _titled,
    "carousel": lambda block, names: [
        x for c in block.get("elements") or [] for x in _titled(c, names)
    ],
}
