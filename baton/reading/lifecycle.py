"""Reads what tools write into Slack: marked code blocks, and the lines that tell of a process. Pure.

Text comes in Slack's markup. It is freed of it once, and only after that does anything look at what
it says, so that text which was escaped stays text.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from baton.errors import MalformedBody
from baton.reading.bodies import parse_form, parse_json

__all__ = ["plain_text", "read_block", "read_lifecycle"]

MOST = 40_000  # characters of one message
_DEPTH = 32
_BLOCK = re.compile(r"```[ \t]*\n?[ \t]*baton[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
_OPENED = re.compile(r"```[ \t]*\n?[ \t]*baton[ \t]*(?:\n|```|\Z)")
_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,99})[ \t]*:[ \t]*(.*)")
_TOKEN = re.compile(r"<([^<>\n]*)>")
_REFERENCE = re.compile(r"@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_FIRST = re.compile(
    r"[*_]{0,2}(?::[\w+'-]{1,100}:|[^\s\x00-\x7f][^\sA-Za-z0-9]{0,20})[ \t]*[*_]{0,2}Process[ \t]+"
    r"(Started|Queued|Progress|Completed|Failed|Cancelled|Skipped|Approval Required)"
    r"[*_]{0,2}:[*_]{0,2}[ \t]*(\S.*)"
)
_LABEL = re.compile(r"[*_]{0,2}(Source|Process ID|Results|Next Steps)[*_]{0,2}:[*_]{0,2}[ \t]*(.*)")
_ITEM = re.compile(r"(?:[•◦▪*-]|\d{1,3}[.)])[ \t]+(\S.*)")
_MEMBER = re.compile(r"[*_`]{0,2}([^:*`]{1,100}?)[*_`]{0,2}:[*_]{0,2}[ \t]+(\S.*)")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,14})", re.ASCII)
_STATUSES = {
    "Started": "started",
    "Queued": "queued",
    "Progress": "in_progress",
    "Completed": "completed",
    "Failed": "failed",
    "Cancelled": "cancelled",
    "Skipped": "skipped",
    "Approval Required": "pending_approval",
}
_NO_OBJECT = "a block holds one JSON object, or one 'key: value' in each line"


def plain_text(markup: str, *, references: bool = False) -> str:
    """Return what *markup* shows: links as addresses, mentions as names, entities once resolved.

    With *references* people and groups stay as ``<@U…>`` and ``<!subteam^S…>``: in data they name
    somebody.
    """
    shown = _kept if references else _shown
    bare = _TOKEN.sub(shown, markup.replace("\r\n", "\n")[:MOST])
    return _ENTITY.sub(lambda found: _ENTITIES[found[1]], bare)


def read_block(text: str) -> dict[str, Any] | None:
    """Return the members of the code block in *text* whose first line is ``baton``; None: there is none.

    Raises:
        MalformedBody: the block holds neither a JSON object nor ``key: value`` lines, or there are two.
    """
    opened = _OPENED.findall(text)
    if not opened:
        return None
    if len(opened) > 1:
        raise MalformedBody("a message holds one block; post each event by itself")
    found = _BLOCK.search(text)
    inside = found[1].strip() if found else ""
    if not inside:
        raise MalformedBody("the block is empty")
    if inside.startswith("{"):
        body = parse_json(inside.encode("utf-8", "surrogatepass"), _DEPTH)
        return dict(body)
    return parse_form(urlencode(_pairs(inside), errors="surrogatepass").encode())


def read_lifecycle(text: str) -> dict[str, Any] | None:
    """Return what lines tell of a process, as members of an event; None: they tell of none.

    The first line is an emoji and ``Process Started: <name>``, or another of its moments. Of the
    lines after it, those without a label are the message.
    """
    first, *rest = [line.strip() for line in text.strip().split("\n")]
    found = _FIRST.fullmatch(first)
    if found is None:
        return None
    body: dict[str, Any] = {"name": _bare(found[2]), "status": _STATUSES[found[1]]}
    lines: dict[str, list[str]] = {"": []}
    label = ""
    for line in rest:
        if named := _LABEL.fullmatch(line):
            label = named[1]
            lines.setdefault(label, []).extend([named[2]] if named[2] else [])
        elif label in ("Results", "Next Steps") and (not line or _ITEM.fullmatch(line)):
            lines[label].append(line)
        else:
            label = ""
            lines[label].append(line)
    return body | _labelled(lines)


def _labelled(lines: Mapping[str, list[str]]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for label, member in (("Source", "source"), ("Process ID", "process_id")):
        if lines.get(label):
            body[member] = _bare(lines[label][0])
    results = _results([_item(line) for line in lines.get("Results", ()) if line])
    steps = [_bare(_item(line)) for line in lines.get("Next Steps", ()) if line]
    message = "\n".join(lines[""]).strip()
    found = {"result": results, "next_steps": steps, "message": message}
    return body | {name: value for name, value in found.items() if value}


def _results(items: list[str]) -> dict[str, Any]:
    """Read ``name: value`` items; one without a name is called by its place, counted from 1."""
    found: dict[str, Any] = {}
    for place, item in enumerate(items, start=1):
        pair = _MEMBER.fullmatch(item)
        name, value = (pair[1].strip(), _bare(pair[2])) if pair else (str(place), _bare(item))
        found[name] = int(value) if _WHOLE.fullmatch(value) else value
    return found


def _item(line: str) -> str:
    found = _ITEM.fullmatch(line)
    return found[1] if found else line


def _bare(value: str) -> str:
    """Take off the marks that make a whole value bold or code."""
    text = value.strip()
    for mark in ("**", "*", "`"):
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            return text[len(mark) : -len(mark)].strip()
    return text.removesuffix("*") if text.count("*") == 1 else text


def _pairs(inside: str) -> list[tuple[str, str]]:
    pairs = []
    for line in inside.split("\n"):
        if not line.strip():
            continue
        found = _PAIR.fullmatch(line.strip())
        if found is None:
            raise MalformedBody(f"{line.strip()[:60]!r} is no 'key: value'; {_NO_OBJECT}")
        pairs.append((found[1], found[2].strip()))
    return pairs


def _kept(token: re.Match[str]) -> str:
    target = token[1].partition("|")[0]
    return f"<{target}>" if _REFERENCE.fullmatch(target) else _shown(token)


def _shown(token: re.Match[str]) -> str:
    """Write what Slack holds in angle brackets as people read it."""
    target, _, label = token[1].partition("|")
    if target[:1] in ("@", "#", "!"):
        name = label or target[1:].partition("^")[0]
        return name if name.startswith(("@", "#")) else f"{'#' if target[0] == '#' else '@'}{name}"
    return label if label and label in target else target
