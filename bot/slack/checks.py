"""Our own check of what we are about to send: Slack's limits, and the narrower ones of our own."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.slack.blocks import ALL_TEXT, BLOCKS, SUMMARY, Block, Shown, length

Surface = Literal["message", "modal", "home"]

MESSAGES_ONLY = frozenset(
    {"markdown", "table", "task_card", "plan", "container", "card", "carousel", "context_actions"}
)
EVERYWHERE = frozenset({"header", "section", "context", "divider", "actions", "input", "image"})
MOST: Mapping[Surface, int] = {"message": BLOCKS, "modal": 50, "home": 90}
IDS = 255
# By kind of element: which of its texts may be how long.
TEXTS: Mapping[str, Mapping[str, int]] = {
    "button": {"text": 75, "accessibility_label": 75, "value": 2000, "url": 3000},
    "static_select": {"placeholder": 150},
    "multi_static_select": {"placeholder": 150},
    "external_select": {"placeholder": 150},
    "users_select": {"placeholder": 150},
    "plain_text_input": {"placeholder": 150},
    "option": {"text": 75, "value": 150},
    "confirm": {"title": 100, "text": 300, "confirm": 30, "deny": 30},
}
OPTIONS = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit, and where: a JSON pointer, as Slack gives it."""

    pointer: str
    why: str

    def __str__(self) -> str:
        return f"{self.why} [json-pointer:{self.pointer}]"


def problems_of(shown: Shown) -> tuple[Misfit, ...]:
    """Return what Slack, or our own budget, does not take of a message; nothing: it fits."""
    found = [*problems_in(shown.blocks, "message")]
    if not shown.text.strip() or len(shown.text) > SUMMARY:
        found.append(Misfit("/text", f"must be 1 to {SUMMARY} characters"))
    if sum(length(block) for block in shown.blocks) > ALL_TEXT:
        found.append(Misfit("/blocks", f"more than {ALL_TEXT} characters of text in all"))
    return tuple(found)


def problems_of_view(view: Mapping[str, Any]) -> tuple[Misfit, ...]:
    """Return what Slack does not take of a modal or of App Home."""
    surface: Surface = "home" if view.get("type") == "home" else "modal"
    found = [*problems_in(view.get("blocks", ()), surface)]
    for name in ("title", "submit", "close"):
        if name in view:
            found += _text(view[name], 24, f"/{name}")
    if len(str(view.get("private_metadata", ""))) > 3000:
        found.append(Misfit("/private_metadata", "must be less than 3001 characters"))
    asks = any(block["type"] == "input" for block in view.get("blocks", ()))
    if surface == "modal" and asks and "submit" not in view:
        found.append(Misfit("/submit", "a modal with an input must define submit"))
    return tuple(found)


def problems_in(blocks: Sequence[Block], surface: Surface) -> Iterator[Misfit]:
    """Yield what does not fit of blocks that stand together."""
    if len(blocks) > MOST[surface]:
        yield Misfit("/blocks", f"no more than {MOST[surface]} items allowed")
    ids = Counter(block["block_id"] for block in blocks if "block_id" in block)
    for name, count in ids.items():
        if count > 1 or not 0 < len(name) <= IDS:
            yield Misfit("/blocks", f"block_id {name[:40]!r} is used twice, empty or too long")
    for place, block in enumerate(blocks):
        kind, at = block.get("type"), f"/blocks/{place}"
        if kind not in EVERYWHERE | (MESSAGES_ONLY if surface == "message" else frozenset()):
            yield Misfit(f"{at}/type", f"unsupported type: {kind}")
        yield from _block(block, at)


def _block(block: Block, at: str) -> Iterator[Misfit]:
    match block.get("type"):
        case "header":
            yield from _text(block.get("text"), 150, f"{at}/text", kind="plain_text")
        case "section":
            yield from _section(block, at)
        case "context":
            yield from _several(block.get("elements", ()), 10, f"{at}/elements")
        case "actions":
            yield from _several(block.get("elements", ()), 25, f"{at}/elements")
            yield from _unique(block.get("elements", ()), f"{at}/elements")
        case "input":
            yield from _text(block.get("label"), 2000, f"{at}/label", kind="plain_text")
            yield from _element(block.get("element", {}), f"{at}/element")
        case "plan":
            yield from _plan(block, at)
        case "image":
            yield from _text(block.get("alt_text"), 2000, f"{at}/alt_text")


def _plan(block: Block, at: str) -> Iterator[Misfit]:
    yield from _text(block.get("title"), 256, f"{at}/title")
    tasks = block.get("tasks", ())
    if len(tasks) > 50:
        yield Misfit(f"{at}/tasks", "no more than 50 items allowed")
    for place, task in enumerate(tasks):
        yield from _text(task.get("title"), 256, f"{at}/tasks/{place}/title")


def _section(block: Block, at: str) -> Iterator[Misfit]:
    fields = block.get("fields")
    if fields is None and "text" not in block:
        yield Misfit(at, "must define either `text` or `fields`")
    if "text" in block:
        yield from _text(block["text"], 3000, f"{at}/text")
    if fields is not None:
        if not 0 < len(fields) <= 10:
            yield Misfit(f"{at}/fields", "must be 1 to 10 items")
        for place, field in enumerate(fields):
            yield from _text(field, 2000, f"{at}/fields/{place}")
    if "accessory" in block:
        yield from _element(block["accessory"], f"{at}/accessory")


def _several(elements: Sequence[Block], most: int, at: str) -> Iterator[Misfit]:
    if not 0 < len(elements) <= most:
        yield Misfit(at, f"must be 1 to {most} items")
    for place, element in enumerate(elements):
        yield from _element(element, f"{at}/{place}")


def _unique(elements: Sequence[Block], at: str) -> Iterator[Misfit]:
    ids = [str(each.get("action_id")) for each in elements]
    for place, name in enumerate(ids):
        if name in ids[:place] or len(name) > IDS:
            yield Misfit(f"{at}/{place}/action_id", "is used twice in this block, or too long")


def _element(element: Block, at: str) -> Iterator[Misfit]:
    kind = str(element.get("type"))
    if kind in ("mrkdwn", "plain_text"):
        yield from _text(element, 3000, at)
        return
    for name, most in TEXTS.get(kind, {}).items():
        if name in element:
            yield from _text(element[name], most, f"{at}/{name}")
    if "confirm" in element:
        for name, most in TEXTS["confirm"].items():
            yield from _text(element["confirm"].get(name), most, f"{at}/confirm/{name}")
    if "options" in element:
        yield from _options(element["options"], OPTIONS.get(kind, 100), f"{at}/options")


def _options(options: Sequence[Block], most: int, at: str) -> Iterator[Misfit]:
    if not 0 < len(options) <= most:
        yield Misfit(at, f"must be 1 to {most} items")
    for place, option in enumerate(options):
        for name, longest in TEXTS["option"].items():
            yield from _text(option.get(name), longest, f"{at}/{place}/{name}")


def _text(text: Any, most: int, at: str, *, kind: str | None = None) -> Iterator[Misfit]:
    """Check a text, as an object or as it stands."""
    if kind is not None and isinstance(text, Mapping) and text.get("type") != kind:
        yield Misfit(at, f"must be {kind}")
    written = text.get("text") if isinstance(text, Mapping) else text
    if not isinstance(written, str) or not 0 < len(written) <= most:
        yield Misfit(at, f"must be 1 to {most} characters")
