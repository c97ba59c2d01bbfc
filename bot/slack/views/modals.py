"""Modals: the form of a reason, the form of a start, and those that only say something."""

import json
from collections.abc import Mapping
from typing import Any

from bot.slack.blocks import Block, Shown, plain_text, section
from bot.slack.text import escape, head, one_line, plain
from coordination.questions import Approval
from handlers.slack import ids
from handlers.slack.screens import StartForm

INPUTS = 40
OPTIONS = 100
TITLE = 24
LABEL = 150
HINT = 300
LONGEST = 3_000
WORDS = {"approve": "Approve", "reject": "Reject"}
LONG_TYPES = ("array", "object")


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


def said(shown: Shown) -> Block:
    """Return *shown* as a modal; in it there is nothing to press."""
    blocks = [block for block in shown.blocks if block["type"] != "actions"]
    return modal("Baton", blocks or [section(shown.text, "t")])


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


def start_form(form: StartForm) -> Block:
    """Return the form that asks for the inputs of a workflow; what was typed already stands in it."""
    definition = form.workflow.definition
    declared: Mapping[str, Any] = definition.body.get("inputs") or {}
    about = one_line(definition.description, 300)
    blocks = [section(f"*{escape(form.workflow.title[:200])}*\n{about}", "q")]
    if form.problems:
        rows = [f"• {escape(head(text, 300))}" for _, text in form.problems[:10]]
        blocks.append(section("\n".join(rows), "b"))
    # Those that must be filled in come first: a form holds only so many.
    names = sorted(declared, key=lambda name: not required(declared[name]))
    blocks += [an_input(name, declared[name], form.given.get(name)) for name in names[:INPUTS]]
    if len(names) > INPUTS:
        text = "There are more inputs than a form holds; give them after `/baton start`."
        blocks.append(section(text, "m"))
    return modal(
        "Start a run",
        blocks,
        callback_id=ids.START,
        private_metadata=form.workflow.name,
        submit=plain_text("Start", TITLE),
        close=plain_text("Cancel", TITLE),
    )


def required(spec: Any) -> bool:
    return isinstance(spec, Mapping) and bool(spec.get("required"))


def an_input(name: str, spec: Any, given: str | None) -> Block:
    declared: Mapping[str, Any] = spec if isinstance(spec, Mapping) else {}
    block: Block = {
        "type": "input",
        "block_id": f"{ids.START_BLOCK}{name}",
        "optional": not required(spec),
        "label": plain_text(name, LABEL),
        "element": element(declared, given),
    }
    if hint := about(declared):
        block["hint"] = plain_text(hint, HINT)
    return block


def element(declared: Mapping[str, Any], given: str | None) -> Block:
    """Return a list to choose from where the values are known, and a line to type in where not."""
    choices = choices_of(declared)
    start = given if given is not None else default_of(declared)
    if choices:
        made: Block = {
            "type": "static_select",
            "action_id": ids.START_INPUT,
            "options": [option(each) for each in choices],
        }
        if start in choices:
            made["initial_option"] = option(start)
        return made
    made = {
        "type": "plain_text_input",
        "action_id": ids.START_INPUT,
        "multiline": declared.get("type") in LONG_TYPES,
        "max_length": LONGEST,
    }
    if start and len(start) <= LONGEST:
        made["initial_value"] = start
    return made


def choices_of(declared: Mapping[str, Any]) -> list[str]:
    """Return the values to choose from; none where there are too many, or one is too long."""
    if declared.get("type") == "boolean":
        return ["true", "false"]
    listed = [written(each) for each in declared.get("enum") or ()]
    fits = len(listed) <= OPTIONS and all(0 < len(each) <= 75 for each in listed)
    return listed if fits and len(set(listed)) == len(listed) else []


def default_of(declared: Mapping[str, Any]) -> str:
    value = declared.get("default")
    return "" if value is None or declared.get("secret") else written(value)


def written(value: Any) -> str:
    """Write a value as people type it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def option(value: str) -> Block:
    return {"text": plain_text(value, 75), "value": value}


def about(declared: Mapping[str, Any]) -> str:
    kind = str(declared.get("type") or "string")
    shape = {"array": "A list, as JSON.", "object": "A map, as JSON."}.get(kind, "")
    return " ".join(part for part in (str(declared.get("description") or ""), shape) if part)
