"""Cards and modals that the app of these tests shows."""

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(label: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(label), **more}


def card(*elements: Json, text: str = "*Deploy?* asked by <@U0ADA>") -> list[Json]:
    return [
        {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": text}},
        {"type": "actions", "block_id": "d", "elements": list(elements)},
    ]


CONFIRM: Json = {
    "title": plain("Cancel it?"),
    "text": plain("What is done stays done."),
    "confirm": plain("Cancel the run"),
    "deny": plain("Let it run"),
}

MODAL: Json = {
    "type": "modal",
    "callback_id": "reason",
    "title": plain("Reject"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Why?"),
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        },
        {
            "type": "input",
            "block_id": "until",
            "optional": True,
            "label": plain("Until"),
            "element": {
                "type": "static_select",
                "action_id": "day",
                "options": [{"text": plain(day), "value": day} for day in ("monday", "friday")],
            },
        },
    ],
}
