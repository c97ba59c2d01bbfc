"""The elements of Block Kit as tables: buttons, selects, inputs."""

from typing import Any

from devslack.rules import Anything, ByType, Flag, Found, List, Obj, Place, Rule, Str, Text, Whole

PLAIN = ("plain_text",)
BOTH = ("plain_text", "mrkdwn")
TYPE: dict[str, Rule] = {"type": Anything()}
ID: dict[str, Rule] = {"type": Anything(), "action_id": Str(255)}
DATE = r"\d{4}-\d{2}-\d{2}"
TIME = r"([01]\d|2[0-3]):[0-5]\d"
ENTITY = Str(255)

CONFIRM = Obj(
    {
        "title": Text(100, PLAIN),
        "text": Text(300, BOTH),
        "confirm": Text(30, PLAIN),
        "deny": Text(30, PLAIN),
        "style": Str(20, choices=("primary", "danger")),
    },
    ("title", "text", "confirm", "deny"),
)


def option(kinds: tuple[str, ...] = PLAIN) -> Obj:
    """Return the rule of one option."""
    return Obj(
        {
            "text": Text(75, kinds),
            "value": Str(150),
            "description": Text(75, kinds),
            "url": Str(3000),
        },
        ("text", "value"),
    )


GROUP = Obj({"label": Text(75, PLAIN), "options": List(option(), 100)}, ("label", "options"))
FILTER = Obj(
    {
        "include": List(Str(20, choices=("im", "mpim", "private", "public")), 4),
        "exclude_external_shared_channels": Flag(),
        "exclude_bot_users": Flag(),
    }
)
DISPATCH = Obj(
    {"trigger_actions_on": List(Str(40, choices=("on_enter_pressed", "on_character_entered")), 2)}
)


def _one_source(value: dict[str, Any], at: Place) -> Found:
    if ("options" in value) == ("option_groups" in value):
        yield at.says("must define either `options` or `option_groups`")
        return
    offered = [
        o
        for g in value.get("option_groups") or [value]
        if isinstance(g, dict)
        for o in g.get("options") or []
    ]
    chosen = value.get("initial_options") or [value.get("initial_option")]
    if not isinstance(chosen, list) or not isinstance(offered, list):
        return
    known = [o.get("value") for o in offered if isinstance(o, dict)]
    for one in chosen:
        if isinstance(one, dict) and one.get("value") not in known:
            yield at.says("initial options must match one of the options provided")


def _offers(value: dict[str, Any], at: Place) -> Found:
    yield from _one_source({**value, "options": value.get("options", [])}, at)


SELECT: dict[str, Rule] = {
    **ID,
    "placeholder": Text(150, PLAIN),
    "confirm": CONFIRM,
    "focus_on_load": Flag(),
}
MULTI: dict[str, Rule] = {**SELECT, "max_selected_items": Whole(1, 100)}
STATIC: dict[str, Rule] = {"options": List(option(), 100), "option_groups": List(GROUP, 100)}
CHOSEN = List(option(), 100)
TYPED: dict[str, Rule] = {
    **ID,
    "placeholder": Text(150, PLAIN),
    "focus_on_load": Flag(),
    "dispatch_action_config": DISPATCH,
}

BUTTON = Obj(
    {
        **ID,
        "text": Text(75, PLAIN),
        "url": Str(3000),
        "value": Str(2000),
        "style": Str(20, choices=("primary", "danger")),
        "confirm": CONFIRM,
        "accessibility_label": Str(75),
        "visible_to_user_ids": List(ENTITY, 100),
    },
    ("text",),
)
SELECTS: dict[str, Rule] = {
    "static_select": Obj({**SELECT, **STATIC, "initial_option": option()}, more=_one_source),
    "external_select": Obj(
        {**SELECT, "initial_option": option(), "min_query_length": Whole(0, 3000)}
    ),
    "users_select": Obj({**SELECT, "initial_user": ENTITY}),
    "conversations_select": Obj(
        {
            **SELECT,
            "initial_conversation": ENTITY,
            "default_to_current_conversation": Flag(),
            "response_url_enabled": Flag(),
            "filter": FILTER,
        }
    ),
    "channels_select": Obj({**SELECT, "initial_channel": ENTITY, "response_url_enabled": Flag()}),
    "multi_static_select": Obj({**MULTI, **STATIC, "initial_options": CHOSEN}, more=_one_source),
    "multi_external_select": Obj(
        {**MULTI, "initial_options": CHOSEN, "min_query_length": Whole(0, 3000)}
    ),
    "multi_users_select": Obj({**MULTI, "initial_users": List(ENTITY, 100)}),
    "multi_conversations_select": Obj(
        {
            **MULTI,
            "initial_conversations": List(ENTITY, 100),
            "default_to_current_conversation": Flag(),
            "filter": FILTER,
        }
    ),
    "multi_channels_select": Obj({**MULTI, "initial_channels": List(ENTITY, 100)}),
}
CHECKS: dict[str, Rule] = {
    "checkboxes": Obj(
        {
            **ID,
            "options": List(option(BOTH), 10),
            "initial_options": List(option(BOTH), 10),
            "confirm": CONFIRM,
            "focus_on_load": Flag(),
        },
        ("options",),
        _offers,
    ),
    "radio_buttons": Obj(
        {
            **ID,
            "options": List(option(BOTH), 10),
            "initial_option": option(BOTH),
            "confirm": CONFIRM,
            "focus_on_load": Flag(),
        },
        ("options",),
        _offers,
    ),
}
PICKERS: dict[str, Rule] = {
    "datepicker": Obj({**SELECT, "initial_date": Str(10, pattern=DATE)}),
    "timepicker": Obj({**SELECT, "initial_time": Str(5, pattern=TIME), "timezone": Str(100)}),
}
DATETIME: dict[str, Rule] = {
    "datetimepicker": Obj(
        {
            **ID,
            "initial_date_time": Whole(0, 9_999_999_999),
            "confirm": CONFIRM,
            "focus_on_load": Flag(),
        }
    )
}
OVERFLOW: dict[str, Rule] = {
    "overflow": Obj({**ID, "options": List(option(), 5), "confirm": CONFIRM}, ("options",))
}
IMAGE = Obj(
    {
        **TYPE,
        "image_url": Str(3000),
        "alt_text": Str(2000),
        "slack_file": Obj({"id": Str(255), "url": Str(3000)}),
    },
    ("alt_text",),
)


def _range(value: dict[str, Any], at: Place) -> Found:
    low, high = value.get("min_length"), value.get("max_length")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        yield at.says("min_length must be less than or equal to max_length")


INPUTS: dict[str, Rule] = {
    "plain_text_input": Obj(
        {
            **TYPED,
            "initial_value": Str(3000, 0),
            "multiline": Flag(),
            "min_length": Whole(0, 3000),
            "max_length": Whole(1, 3000),
        },
        more=_range,
    ),
    "email_text_input": Obj({**TYPED, "initial_value": Str(3000, 0)}),
    "url_text_input": Obj({**TYPED, "initial_value": Str(3000, 0)}),
    "number_input": Obj(
        {
            **TYPED,
            "is_decimal_allowed": Flag(),
            "initial_value": Str(100),
            "min_value": Str(100),
            "max_value": Str(100),
        },
        ("is_decimal_allowed",),
    ),
    "rich_text_input": Obj({**TYPED, "initial_value": Anything()}),
    "file_input": Obj({**ID, "filetypes": List(Str(20), 100), "max_files": Whole(1, 10)}),
}
FEEDBACK = Obj(
    {"text": Text(75, PLAIN), "value": Str(2000), "accessibility_label": Str(75)}, ("text", "value")
)
ICONS: dict[str, Rule] = {
    "feedback_buttons": Obj(
        {**ID, "positive_button": FEEDBACK, "negative_button": FEEDBACK},
        ("positive_button", "negative_button"),
    ),
    "icon_button": Obj(
        {
            **ID,
            "icon": Str(50),
            "text": Text(75, PLAIN),
            "value": Str(2000),
            "confirm": CONFIRM,
            "accessibility_label": Str(75),
            "visible_to_user_ids": List(ENTITY, 100),
        },
        ("icon", "text"),
    ),
}

ACTIONS = ByType({"button": BUTTON, **SELECTS, **CHECKS, **PICKERS, **DATETIME, **OVERFLOW})
ACCESSORY = ByType({"button": BUTTON, "image": IMAGE, **SELECTS, **CHECKS, **PICKERS, **OVERFLOW})
INPUT = ByType({**INPUTS, **SELECTS, **CHECKS, **PICKERS, **DATETIME}, {"file_input": ("modal",)})
CONTEXT = ByType({"image": IMAGE, "plain_text": Text(2000), "mrkdwn": Text(2000, ("mrkdwn",))})
CONTEXT_ACTIONS = ByType(ICONS)
