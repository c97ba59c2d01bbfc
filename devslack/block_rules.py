"""The blocks of Block Kit as tables, and the surface each may stand on."""

from typing import Any

from devslack.element_rules import (
    ACCESSORY,
    ACTIONS,
    BOTH,
    BUTTON,
    CONTEXT,
    CONTEXT_ACTIONS,
    IMAGE,
    INPUT,
    PLAIN,
)
from devslack.rules import (
    Anything,
    ByType,
    Flag,
    Found,
    Later,
    List,
    Obj,
    Place,
    Rule,
    Str,
    Text,
    Whole,
)

BLOCK: dict[str, Rule] = {"type": Anything(), "block_id": Str(255)}
MESSAGES = ("message",)
EVERYWHERE = ("message", "modal", "home")


def _text_or_fields(value: dict[str, Any], at: Place) -> Found:
    if "text" not in value and "fields" not in value:
        yield at.says("must define either `text` or `fields`")


def _one_picture(value: dict[str, Any], at: Place) -> Found:
    if ("image_url" in value) == ("slack_file" in value):
        yield at.says("must define either `image_url` or `slack_file`")


STYLE = Obj(
    {
        name: Flag()
        for name in (
            "bold",
            "italic",
            "strike",
            "code",
            "underline",
            "highlight",
            "client_highlight",
            "unlink",
        )
    }
)


def _piece(**own: Rule) -> Obj:
    required = tuple(own)
    return Obj({"type": Anything(), "style": STYLE, **own}, required)


PIECES = ByType(
    {
        "text": _piece(text=Str(20_000)),
        "emoji": Obj(
            {
                "type": Anything(),
                "name": Str(100),
                "unicode": Str(100),
                "skin_tone": Whole(1, 6),
                "style": STYLE,
                "url": Str(3000),
            },
            ("name",),
        ),
        "link": Obj(
            {
                "type": Anything(),
                "url": Str(3000),
                "text": Str(20_000, 0),
                "unsafe": Flag(),
                "style": STYLE,
            },
            ("url",),
        ),
        "user": _piece(user_id=Str(255)),
        "usergroup": _piece(usergroup_id=Str(255)),
        "channel": _piece(channel_id=Str(255)),
        "broadcast": _piece(range=Str(20, choices=("here", "channel", "everyone"))),
        "color": _piece(value=Str(20)),
        "date": Obj(
            {
                "type": Anything(),
                "timestamp": Whole(0, 99_999_999_999),
                "format": Str(200),
                "url": Str(3000),
                "fallback": Str(200),
                "style": STYLE,
            },
            ("timestamp", "format"),
        ),
    }
)
_SECTION = Obj({"type": Anything(), "elements": List(PIECES, 1000, 0)}, ("elements",))
_BORDERED = Obj(
    {
        "type": Anything(),
        "elements": List(PIECES, 1000, 0),
        "border": Whole(0, 1),
        "language": Str(50),
    },
    ("elements",),
)
_LIST = Obj(
    {
        "type": Anything(),
        "style": Str(20, choices=("bullet", "ordered")),
        "elements": List(ByType({"rich_text_section": _SECTION}), 1000),
        "indent": Whole(0, 8),
        "offset": Whole(0, 100_000),
        "border": Whole(0, 1),
    },
    ("style", "elements"),
)
RICH_PARTS = ByType(
    {
        "rich_text_section": _SECTION,
        "rich_text_list": _LIST,
        "rich_text_preformatted": _BORDERED,
        "rich_text_quote": _BORDERED,
    }
)
RICH = Obj({**BLOCK, "elements": List(RICH_PARTS, 1000, 0)}, ("elements",))
CELL = ByType(
    {
        "raw_text": Obj({"type": Anything(), "text": Str(10_000, 0)}, ("text",)),
        "rich_text": RICH,
        "raw_number": Obj({"type": Anything(), "value": Anything(), "text": Str(100)}, ("value",)),
    }
)
TASK = Obj(
    {
        **BLOCK,
        "task_id": Str(255),
        "title": Str(256),
        "status": Str(20, choices=("pending", "in_progress", "complete", "error")),
        "details": RICH,
        "output": RICH,
        "sources": Anything(),
    },
    ("task_id", "title"),
)
CARD = Obj(
    {
        **BLOCK,
        "hero_image": IMAGE,
        "icon": IMAGE,
        "title": Text(150, BOTH),
        "subtitle": Text(150, BOTH),
        "body": Text(200, BOTH),
        "actions": List(ByType({"button": BUTTON}), 3),
    }
)
VIDEO = Obj(
    {
        **BLOCK,
        "alt_text": Str(2000),
        "title": Text(199, PLAIN),
        "title_url": Str(3000),
        "description": Text(200, PLAIN),
        "video_url": Str(3000),
        "thumbnail_url": Str(3000),
        "author_name": Str(49),
        "provider_name": Str(49),
        "provider_icon_url": Str(3000),
    },
    ("alt_text", "title", "video_url", "thumbnail_url"),
)

TABLE: dict[str, Rule] = {
    "section": Obj(
        {
            **BLOCK,
            "text": Text(3000, BOTH),
            "fields": List(Text(2000, BOTH), 10),
            "accessory": ACCESSORY,
            "expand": Flag(),
        },
        more=_text_or_fields,
    ),
    "header": Obj({**BLOCK, "text": Text(150, PLAIN), "level": Whole(1, 4)}, ("text",)),
    "divider": Obj(BLOCK),
    "actions": Obj({**BLOCK, "elements": List(ACTIONS, 25)}, ("elements",)),
    "context": Obj({**BLOCK, "elements": List(CONTEXT, 10)}, ("elements",)),
    "context_actions": Obj({**BLOCK, "elements": List(CONTEXT_ACTIONS, 5)}, ("elements",)),
    "image": Obj(
        {
            **BLOCK,
            "image_url": Str(3000),
            "slack_file": Obj({"id": Str(255), "url": Str(3000)}),
            "alt_text": Str(2000),
            "title": Text(2000, PLAIN),
        },
        ("alt_text",),
        _one_picture,
    ),
    "input": Obj(
        {
            **BLOCK,
            "label": Text(2000, PLAIN),
            "element": INPUT,
            "hint": Text(2000, PLAIN),
            "optional": Flag(),
            "dispatch_action": Flag(),
        },
        ("label", "element"),
    ),
    "rich_text": RICH,
    "markdown": Obj({**BLOCK, "text": Str(12_000)}, ("text",)),
    "table": Obj(
        {**BLOCK, "rows": List(List(CELL, 20), 100), "column_settings": Anything()}, ("rows",)
    ),
    "task_card": TASK,
    "plan": Obj({**BLOCK, "title": Str(256), "tasks": List(TASK, 50)}, ("title",)),
    "video": VIDEO,
    "alert": Obj(
        {
            **BLOCK,
            "text": Text(200, BOTH),
            "level": Str(20, choices=("default", "info", "warning", "error", "success")),
        },
        ("text",),
    ),
    "card": CARD,
    "carousel": Obj({**BLOCK, "elements": List(ByType({"card": CARD}), 10)}, ("elements",)),
    "container": Obj(
        {
            **BLOCK,
            "title": Text(150, BOTH),
            "subtitle": Text(150, BOTH),
            "icon": IMAGE,
            "is_collapsible": Flag(),
            "default_collapsed": Flag(),
            "width": Str(20),
            "child_blocks": List(Later(lambda: ByType(TABLE, SURFACES)), 10),
        },
        ("child_blocks",),
    ),
}
SURFACES: dict[str, tuple[str, ...]] = {
    "context_actions": MESSAGES,
    "markdown": MESSAGES,
    "table": MESSAGES,
    "task_card": MESSAGES,
    "plan": MESSAGES,
    "card": MESSAGES,
    "carousel": MESSAGES,
    "container": MESSAGES,
    "alert": ("modal",),
}
ANY_BLOCK = ByType(TABLE, SURFACES)
