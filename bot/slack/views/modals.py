"""Modals: the form of a reason, and those that only say something."""

from typing import Any

from bot.slack.blocks import Block, Shown, plain_text, section
from bot.slack.text import escape, head, plain
from coordination.questions import Approval
from handlers.slack import ids

TITLE = 24
LABEL = 150
WORDS = {"approve": "Approve", "reject": "Reject"}


def modal(title: str, blocks: list[Block], **more: Any) -> Block:
    return {
        "type": "modal",
        "callback_id": ids.LOADING,
        "title": plain_text(title, TITLE),
        "close": plain_text("Close", TITLE),
        "blocks": blocks,
        **more,
    }


def loading(title: str) -> Block:
    """Return a modal that is not ready yet: Slack lets it open only right after the click."""
    return modal(title, [section("One moment…", "w")])


def said(shown: Shown, title: str = "Baton", *, live: bool = False) -> Block:
    """Return *shown* as a modal; unless it is *live*, there is nothing to press in it."""
    blocks = [block for block in shown.blocks if live or block["type"] != "actions"]
    return modal(title, blocks or [section(shown.text, "t")])


def reason_form(approval: Approval, choice: str) -> Block:
    """Return the form that asks why, for the text of an answer, or for both."""
    title = WORDS.get(choice, "Answer")
    blocks = [section(f"*{escape(head(plain(approval.title), 500))}*\n{approval.label}", "q")]
    if choice == "answer":
        blocks.append(text_input(ids.ANSWER_BLOCK, ids.ANSWER_INPUT, "Your answer"))
    if approval.question.needs_reason(choice) or choice != "answer":
        blocks.append(text_input(ids.REASON_BLOCK, ids.REASON_INPUT, "Why?"))
    return modal(
        title,
        blocks,
        callback_id=ids.REASON,
        private_metadata=f"{approval.id}.{approval.version}.{choice}",
        submit=plain_text(title, TITLE),
        close=plain_text("Cancel", TITLE),
    )


def text_input(block_id: str, action_id: str, label: str) -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": action_id,
        "multiline": True,
        "max_length": 2_000,
        "placeholder": plain_text("A sentence that others will read in the thread", 150),
    }
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label, LABEL),
        "element": element,
    }
