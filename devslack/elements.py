"""Interactive elements: finding one, what a person may choose in it, and what Slack reports of it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devslack.blocks import elements_of
from devslack.errors import ControlError
from devslack.shapes import Json

Values = dict[str, dict[str, Json]]


@dataclass(frozen=True, slots=True)
class Trait:
    """How one type of element keeps its value.

    *key* is the name in ``view.state.values`` and in the action; *initial* the name in the element;
    *shape* says what a value is: an option of the list, an id or text, a number.
    """

    key: str
    initial: str
    shape: str = "text"
    many: bool = False


TRAITS: Mapping[str, Trait] = {
    "static_select": Trait("selected_option", "initial_option", "option"),
    "external_select": Trait("selected_option", "initial_option", "external"),
    "users_select": Trait("selected_user", "initial_user"),
    "conversations_select": Trait("selected_conversation", "initial_conversation"),
    "channels_select": Trait("selected_channel", "initial_channel"),
    "multi_static_select": Trait("selected_options", "initial_options", "option", many=True),
    "multi_external_select": Trait("selected_options", "initial_options", "external", many=True),
    "multi_users_select": Trait("selected_users", "initial_users", many=True),
    "multi_conversations_select": Trait(
        "selected_conversations", "initial_conversations", many=True
    ),
    "multi_channels_select": Trait("selected_channels", "initial_channels", many=True),
    "checkboxes": Trait("selected_options", "initial_options", "option", many=True),
    "radio_buttons": Trait("selected_option", "initial_option", "option"),
    "datepicker": Trait("selected_date", "initial_date"),
    "timepicker": Trait("selected_time", "initial_time"),
    "datetimepicker": Trait("selected_date_time", "initial_date_time", "number"),
    "plain_text_input": Trait("value", "initial_value"),
    "email_text_input": Trait("value", "initial_value"),
    "url_text_input": Trait("value", "initial_value"),
    "number_input": Trait("value", "initial_value"),
    "rich_text_input": Trait("rich_text_value", "initial_value", "any"),
    "file_input": Trait("files", "", "any", many=True),
}
PRESSED = ("button", "overflow", "feedback_buttons", "icon_button")


@dataclass(frozen=True, slots=True)
class Found:
    """An element and the block it stands in."""

    block: Json
    element: Json

    @property
    def action_id(self) -> str:
        """The element's action_id."""
        return str(self.element.get("action_id", ""))

    @property
    def block_id(self) -> str:
        """The block's block_id."""
        return str(self.block.get("block_id", ""))


def walk(blocks: list[Json] | None) -> Iterator[Found]:
    """Yield every element that has an action_id."""
    for block in blocks or []:
        for element in elements_of(block):
            if "action_id" in element:
                yield Found(block, element)


def find(
    blocks: list[Json] | None, action_id: str, block_id: str | None, value: Any = None
) -> Found:
    """Find an element; of several buttons with one action_id, the one with *value*.

    Raises:
        ControlError: 404 ``no_such_element``, naming those that exist.
    """
    known = list(walk(blocks))
    fits = [f for f in known if f.action_id == action_id and block_id in (None, f.block_id)]
    exact = [
        f for f in fits if f.element.get("type") in PRESSED and f.element.get("value") == value
    ]
    if exact and value is not None:
        return exact[0]
    if not fits or (value is not None and all(f.element.get("type") == "button" for f in fits)):
        names = ", ".join(f"{f.block_id}/{f.action_id}" for f in known) or "none"
        detail = f"There is no element {action_id!r} with this block and value. There are: {names}."
        raise ControlError(404, "no_such_element", detail)
    return fits[0]


def empty(element: Json) -> Json:
    """Return an element's state before anybody touched it."""
    trait = TRAITS[str(element["type"])]
    value = element.get(trait.initial)
    if value is None and trait.many:
        value = []
    return {"type": element["type"], trait.key: value}


def initial(blocks: list[Json] | None, touched: Values) -> Values:
    """Return the state of all elements that have one, with what a person has *touched* on top."""
    values: Values = {}
    for found in walk(blocks):
        if found.element["type"] not in TRAITS:
            continue
        known = touched.get(found.block_id, {}).get(found.action_id)
        same = known is not None and known.get("type") == found.element["type"]
        state = known if known is not None and same else empty(found.element)
        values.setdefault(found.block_id, {})[found.action_id] = state
    return values


def choose(element: Json, value: Any) -> Json:
    """Return the state after a person chose *value*.

    Raises:
        ControlError: 422 ``no_such_option`` or ``invalid_value``.
    """
    trait = TRAITS[str(element["type"])]
    if trait.shape == "any":
        return {"type": element["type"], trait.key: value}
    if trait.many:
        chosen = value if isinstance(value, list) else [value] if value is not None else []
        return {"type": element["type"], trait.key: [_one(element, trait, v) for v in chosen]}
    kept = None if value is None or value == "" else _one(element, trait, value)
    return {"type": element["type"], trait.key: kept}


def _one(element: Json, trait: Trait, value: Any) -> Any:
    if trait.shape == "option":
        return option(element, value)
    if trait.shape == "external":
        return value if isinstance(value, dict) else external(value)
    if trait.shape == "number":
        if isinstance(value, bool) or not isinstance(value, int):
            raise ControlError(
                422, "invalid_value", f"{element['type']} takes a whole number of seconds."
            )
        return value
    if not isinstance(value, str):
        raise ControlError(
            422, "invalid_value", f"{element['type']} takes a string, not {value!r}."
        )
    return value


def external(value: Any) -> Json:
    """Return an option of an external select that was given by its value only."""
    return {"text": {"type": "plain_text", "text": str(value), "emoji": True}, "value": str(value)}


def options(element: Json) -> list[Json]:
    """Return the options an element offers, of all groups."""
    groups = element.get("option_groups") or [element]
    return [o for group in groups for o in group.get("options") or []]


def option(element: Json, value: Any) -> Json:
    """Return the option with *value*."""
    wanted = value.get("value") if isinstance(value, dict) else value
    for one in options(element):
        if one.get("value") == wanted:
            return one
    known = ", ".join(repr(o.get("value")) for o in options(element))
    raise ControlError(422, "no_such_option", f"There is no option {wanted!r}. There are: {known}.")


def action(found: Found, state: Json | None, value: Any, ts: str) -> Json:
    """Return one entry of ``actions`` as ``block_actions`` carries it."""
    element = found.element
    entry: Json = {"action_id": found.action_id, "block_id": found.block_id}
    for name in ("text", "value", "url", "style", "placeholder", "confirm"):
        if name in element and (element["type"] in PRESSED or name in ("placeholder", "confirm")):
            entry[name] = element[name]
    if element["type"] == "overflow":
        entry["selected_option"] = option(element, value)
    elif element["type"] == "feedback_buttons":
        buttons = [element["positive_button"], element["negative_button"]]
        entry |= option({"options": buttons}, value)
    if state is not None:
        entry |= {k: v for k, v in state.items() if k != "type"}
    return {**entry, "type": element["type"], "action_ts": ts}


def _length(element: Json, value: str) -> str:
    low, high = element.get("min_length", 0), element.get("max_length", 3000)
    if len(value) < low:
        return f"Please enter at least {low} characters."
    return f"Please enter at most {high} characters." if len(value) > high else ""


def _number(element: Json, value: str) -> str:
    whole = not element.get("is_decimal_allowed")
    if not re.fullmatch(r"-?\d{1,30}" if whole else r"-?\d{1,30}(\.\d{1,30})?", value):
        return "Please enter a whole number." if whole else "Please enter a number."
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and float(value) < float(low):
        return f"Please enter a number of at least {low}."
    return (
        f"Please enter a number of at most {high}."
        if high is not None and float(value) > float(high)
        else ""
    )


def _matching(pattern: str, sentence: str) -> Callable[[Json, str], str]:
    return lambda _element, value: "" if re.fullmatch(pattern, value) else sentence


FORMATS: Mapping[str, Callable[[Json, str], str]] = {
    "plain_text_input": _length,
    "number_input": _number,
    "email_text_input": _matching(
        r"[^@\s]+@[^@\s]+\.[^@\s]+", "Please enter a valid email address."
    ),
    "url_text_input": _matching(r"https?://\S+", "Please enter a valid URL."),
    "datepicker": _matching(r"\d{4}-\d{2}-\d{2}", "Please choose a date."),
    "timepicker": _matching(r"([01]\d|2[0-3]):[0-5]\d", "Please choose a time."),
}


def input_errors(blocks: list[Json], values: Values) -> dict[str, str]:
    """Return what the page itself objects to before it submits a modal, by block_id."""
    errors: dict[str, str] = {}
    for found in walk(blocks):
        if found.block.get("type") != "input":
            continue
        state = values[found.block_id][found.action_id]
        value = state[TRAITS[str(found.element["type"])].key]
        sentence = _objection(found, value)
        if sentence:
            errors[found.block_id] = sentence
    return errors


def _objection(found: Found, value: Any) -> str:
    if value in (None, "", []):
        return "" if found.block.get("optional") else "Please complete this required field."
    most = found.element.get("max_selected_items")
    if most is not None and isinstance(value, list) and len(value) > most:
        return f"Please choose at most {most}."
    check = FORMATS.get(str(found.element["type"]))
    return check(found.element, value) if check and isinstance(value, str) else ""
