"""Checks blocks and views as strictly as Slack does, and fills in what Slack fills in.

The tables are in ``block_rules`` and ``element_rules``; here is what concerns a payload as a whole.
"""

from collections.abc import Callable, Iterator
from typing import Any

from devslack.block_rules import ANY_BLOCK
from devslack.rules import (
    SCHEMAS,
    Anything,
    Flag,
    Found,
    List,
    Obj,
    Place,
    Problem,
    Rule,
    Str,
    Text,
)
from devslack.shapes import Json, dump

# Above this much block text Slack refuses a message though every single limit is kept.
MOST_TEXT = 13_200
MOST_VIEW_BYTES = 250_000
MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}

_COMMON: dict[str, Rule] = {
    "type": Anything(),
    "blocks": Anything(),
    "private_metadata": Str(3000, 0),
    "callback_id": Str(255, 0),
    "external_id": Str(255, 0),
}
MODAL = Obj(
    {
        **_COMMON,
        "title": Text(24),
        "submit": Text(24),
        "close": Text(24),
        "clear_on_close": Flag(),
        "notify_on_close": Flag(),
    },
    ("title", "blocks"),
)
HOME = Obj(_COMMON, ("blocks",))


def check_blocks(blocks: Any, surface: str = "message", pointer: str = "/blocks") -> list[Problem]:
    """Return everything that is wrong with *blocks*; an empty list means Slack would take them."""
    at = Place(pointer, surface)
    rule = List(ANY_BLOCK, MOST_BLOCKS[surface], 0)
    found = list(rule.check(blocks, at))
    if isinstance(blocks, list):
        whole = [block for block in blocks if isinstance(block, dict)]
        if len(whole) == len(blocks) <= MOST_BLOCKS[surface]:
            found += [
                *_repeated_block_ids(blocks, at),
                *_repeated_action_ids(blocks, at),
                *_totals(blocks, at),
            ]
    return found


def _repeated_block_ids(blocks: list[Json], at: Place) -> Found:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        name = block.get("block_id")
        if isinstance(name, str) and name in seen:
            yield at.down(index).down("block_id").says(f"`block_id` {name} already exists")
        if isinstance(name, str):
            seen.add(name)


def _repeated_action_ids(blocks: list[Json], at: Place) -> Found:
    for index, block in enumerate(blocks):
        elements = block.get("elements")
        if block.get("type") not in ("actions", "context_actions") or not isinstance(
            elements, list
        ):
            continue
        seen: set[str] = set()
        for number, element in enumerate(elements):
            name = element.get("action_id") if isinstance(element, dict) else None
            if isinstance(name, str) and name in seen:
                place = at.down(index).down("elements").down(number)
                yield place.down("action_id").says(f"`action_id` {name} already exists")
            if isinstance(name, str):
                seen.add(name)


def _totals(blocks: list[Json], at: Place) -> Found:
    markdown = [
        b["text"] for b in blocks if b.get("type") == "markdown" and isinstance(b.get("text"), str)
    ]
    if len(markdown) > 1 and sum(len(text) for text in markdown) > 12_000:
        yield at.says("markdown blocks must hold less than 12001 characters together")
    if sum(b.get("type") == "table" for b in blocks) > 1:
        yield at.says("only one table is allowed")


def text_size(value: Any) -> int:
    """Count the characters of text in blocks, those a person can read."""
    if isinstance(value, list):
        return sum(text_size(item) for item in value)
    if not isinstance(value, dict):
        return 0
    own = value.get("text")
    size = len(own) if isinstance(own, str) else 0
    return size + sum(text_size(item) for item in value.values())


def check_view(view: Any) -> list[Problem]:
    """Return everything that is wrong with the view of ``views.open`` and its kin."""
    at = Place("/view", "modal")
    if not isinstance(view, dict):
        return [at.says("must provide an object")]
    kind = view.get("type")
    if kind is None:
        return [at.says(SCHEMAS), at.says("missing required field: type")]
    if kind not in ("modal", "home"):
        return [at.down("type").says(f"unsupported type: {kind}")]
    found = list((MODAL if kind == "modal" else HOME).check(view, at))
    if any(problem.pointer == at.pointer for problem in found):
        found.insert(0, at.says(SCHEMAS))
    if "blocks" in view:
        found += check_blocks(view["blocks"], kind, "/view/blocks")
        found += _needs_submit(view, at)
    return found


def _needs_submit(view: Json, at: Place) -> Found:
    if view["type"] != "modal" or "submit" in view or not isinstance(view["blocks"], list):
        return
    for index, block in enumerate(view["blocks"]):
        if isinstance(block, dict) and block.get("type") == "input":
            place = at.down("blocks").down(index).down("input")
            yield place.says("must define `submit` to use an `input` block in modals")


def too_large(view: Json) -> bool:
    """True when the whole view is more than Slack holds."""
    return len(dump(view).encode()) > MOST_VIEW_BYTES


def complete(blocks: list[Json], make_id: Callable[[], str]) -> list[Json]:
    """Return blocks with the ids and flags that Slack adds where the app left them out."""
    return [_complete_block(block, make_id) for block in blocks]


def _complete_block(block: Json, make_id: Callable[[], str]) -> Json:
    done: Json = {**_flags(block)}
    done.setdefault("block_id", make_id())
    for element in elements_of(done):
        if element.get("type") not in ("image", "plain_text", "mrkdwn"):
            element.setdefault("action_id", make_id())
    return done


def _flags(value: Any) -> Any:
    if isinstance(value, list):
        return [_flags(item) for item in value]
    if not isinstance(value, dict):
        return value
    done = {key: _flags(item) for key, item in value.items()}
    if done.get("type") == "plain_text":
        done.setdefault("emoji", True)
    elif done.get("type") == "mrkdwn":
        done.setdefault("verbatim", False)
    return done


def elements_of(block: Json) -> Iterator[Json]:
    """Yield the elements of a block: of actions and context, an accessory, an input."""
    if block.get("type") in ("actions", "context", "context_actions"):
        yield from (e for e in block.get("elements") or [] if isinstance(e, dict))
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict):
            yield block[name]
    for child in block.get("child_blocks") or []:
        yield from elements_of(child)
