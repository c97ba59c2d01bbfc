"""The forms of a start: which workflow, and what it is started with."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.slack.blocks import Block, context, cut, plain_text, section
from bot.slack.text import code, escape, head, one_line
from bot.slack.views.modals import LABEL, TITLE, modal
from coordination.definitions import WorkflowView
from handlers.slack import ids
from handlers.slack.listed import in_lines
from handlers.slack.screens import ChoiceForm, StartForm

INPUTS = 40
OPTIONS = 100
OPTION = 75
HINT = 300
LONGEST = 3_000
LONG_TYPES = ("array", "object")


def choice_form(form: ChoiceForm) -> Block:
    """Return the form that asks which workflow to start; what is typed starts those beyond it."""
    element = {
        "type": "static_select",
        "action_id": ids.WORKFLOW_INPUT,
        "placeholder": plain_text("Choose a workflow", 150),
        "options": [of_workflow(each) for each in form.workflows[:OPTIONS]],
    }
    blocks: list[Block] = [
        {
            "type": "input",
            "block_id": ids.WORKFLOW_BLOCK,
            "label": plain_text("Workflow", LABEL),
            "element": element,
        }
    ]
    if len(form.workflows) > OPTIONS:
        text = (
            "There are more than this list holds: `/baton start &lt;name&gt;` starts any of them."
        )
        blocks.append(context(text, "m"))
    if form.draft:
        text = (
            "Its inputs `text`, `permalink`, `channel`, `ts` and `user` are filled in from the "
            "message, where it has them."
        )
        blocks.append(context(text, "d"))
    return modal(
        "Start a run",
        blocks,
        callback_id=ids.WORKFLOW,
        private_metadata=form.draft,
        submit=plain_text("Next…", TITLE),
        close=plain_text("Cancel", TITLE),
    )


def of_workflow(view: WorkflowView) -> Block:
    """Return a workflow to choose: its title, and its name where that says more."""
    title = cut(view.title, OPTION)
    named = title if title == view.name or not title else f"{title} ({view.name})"
    return {"text": plain_text(named, OPTION), "value": view.name}


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
    hidden = [name for name in names if is_secret(declared[name])]
    if any(required(declared[name]) for name in hidden):
        return modal(
            "Start a run",
            [*blocks, section(from_a_shell(form.workflow.name, hidden), "x")],
            callback_id=ids.START,
            close=plain_text("Close", TITLE),
        )
    names = [name for name in names if name not in hidden]
    blocks += [an_input(name, declared[name], form.given.get(name)) for name in names[:INPUTS]]
    if hidden:
        blocks.append(context(from_a_shell(form.workflow.name, hidden), "x"))
    if len(names) > INPUTS:
        text = "There are more inputs than a form holds; give them after `/baton start`."
        blocks.append(section(text, "m"))
    return modal(
        "Start a run",
        blocks,
        callback_id=ids.EDIT_FORM if form.instead_of else ids.START,
        private_metadata=form.instead_of or form.workflow.name,
        submit=plain_text("Start again" if form.instead_of else "Start", TITLE),
        close=plain_text("Cancel", TITLE),
    )


def required(spec: Any) -> bool:
    return isinstance(spec, Mapping) and bool(spec.get("required"))


def is_secret(spec: Any) -> bool:
    return isinstance(spec, Mapping) and bool(spec.get("secret"))


def from_a_shell(workflow: str, hidden: Sequence[str]) -> str:
    """Say how what is secret is given, since Slack has no field that forgets what was typed."""
    listed = ", ".join(code(name) for name in hidden[:5])
    are, it = ("is", "it") if len(hidden) == 1 else ("are", "them")
    return (
        f"{listed} {are} secret, and Slack keeps what is typed here. Give {it} from a shell, as in "
        f"{code(f'baton start {workflow} NAME=@FILE')}, or over HTTP."
    )


def an_input(name: str, spec: Any, given: str | None) -> Block:
    declared: Mapping[str, Any] = spec if isinstance(spec, Mapping) else {}
    ticked = declared.get("type") == "boolean"
    block: Block = {
        "type": "input",
        "block_id": f"{ids.START_BLOCK}{name}",
        # A box that has to be ticked could not say no.
        "optional": ticked or not required(spec),
        "label": plain_text(name, LABEL),
        "element": box(given, declared) if ticked else element(declared, given),
    }
    if hint := about(declared):
        block["hint"] = plain_text(hint, HINT)
    return block


def box(given: str | None, declared: Mapping[str, Any]) -> Block:
    """Return a box to tick."""
    made: Block = {
        "type": "checkboxes",
        "action_id": ids.START_INPUT,
        "options": [{"text": plain_text("Yes", OPTION), "value": "true"}],
    }
    start = given if given is not None else default_of(declared)
    if start.strip().lower() in ("true", "yes", "on"):
        made["initial_options"] = made["options"]
    return made


def element(declared: Mapping[str, Any], given: str | None) -> Block:
    """Return a list to choose from where the values are known, and a line to type in where not."""
    choices = choices_of(declared)
    start = given if given is not None else default_of(declared)
    if several := choices_of(declared.get("items") or {}) if in_lines(declared) else []:
        return to_choose(several, entries_of(start))
    if choices:
        made: Block = {
            "type": "static_select",
            "action_id": ids.START_INPUT,
            "options": [option(each) for each in choices],
        }
        if start in choices:
            made["initial_option"] = option(start)
        return made
    if in_lines(declared):
        start = "\n".join(entries_of(start))
    made = {
        "type": "plain_text_input",
        "action_id": ids.START_INPUT,
        "multiline": declared.get("type") in LONG_TYPES or "\n" in start,
        "max_length": LONGEST,
    }
    if start and len(start) <= LONGEST:
        made["initial_value"] = start
    return made


def to_choose(choices: Sequence[str], chosen: Sequence[str]) -> Block:
    """Return a list of which several may be chosen."""
    made: Block = {
        "type": "multi_static_select",
        "action_id": ids.START_INPUT,
        "placeholder": plain_text("Choose any", 150),
        "options": [option(each) for each in choices],
    }
    if initial := [option(each) for each in choices if each in chosen]:
        made["initial_options"] = initial
    return made


def entries_of(text: str) -> list[str]:
    """Return the entries of a list that is written as JSON, or an entry a line."""
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        return text.splitlines()
    return [" ".join(written(each).splitlines()) for each in listed]


def choices_of(declared: Mapping[str, Any]) -> list[str]:
    """Return the values to choose from; none where there are too many, or one is too long."""
    listed = [written(each) for each in declared.get("enum") or ()]
    fits = len(listed) <= OPTIONS and all(0 < len(each) <= OPTION for each in listed)
    return listed if fits and len(set(listed)) == len(listed) else []


def default_of(declared: Mapping[str, Any]) -> str:
    value = declared.get("default")
    return "" if value is None or declared.get("secret") else written(value)


def written(value: Any) -> str:
    """Write a value as people type it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def option(value: str) -> Block:
    return {"text": plain_text(value, OPTION), "value": value}


def about(declared: Mapping[str, Any]) -> str:
    kind = str(declared.get("type") or "string")
    if in_lines(declared):
        choices = choices_of(declared.get("items") or {})
        kind = "chosen" if choices else "lines"
    shape = {
        "lines": "One entry a line.",
        "array": "A list, as JSON.",
        "object": "A map, as JSON.",
        "integer": "A whole number.",
        "number": "A number.",
    }.get(kind, "")
    return " ".join(part for part in (str(declared.get("description") or ""), shape) if part)
