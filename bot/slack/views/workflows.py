"""Workflows in Slack: the list, and one of them with what it is started with."""

from collections.abc import Mapping
from typing import Any

from bot.slack.blocks import Shown, context, fields, fit, lines, section
from bot.slack.text import code, escape, head, one_line, plain, sentence
from bot.slack.views.triggers import starts_on
from coordination.definitions import WorkflowView
from handlers.slack.answers import WorkflowList, WorkflowPage

MOST = 20
TITLE = 120
PROBLEMS = 5
PLACE = ("file", "line", "column")


def workflow_list(answer: WorkflowList) -> Shown:
    """Draw all workflows, a line each."""
    if not answer.workflows:
        text = "There are no workflows yet. Put a YAML file into the folder of BATON_WORKFLOWS."
        return fit(text, [section(text, "h")])
    rows = [row(each) for each in answer.workflows]
    blocks = [
        section("*Workflows*", "h"),
        section(lines(rows, MOST), "l"),
        context(
            "`/baton describe &lt;name&gt;` says more, `/baton start &lt;name&gt;` starts one.", "c"
        ),
    ]
    return fit(f"{len(rows)} workflows.", blocks)


def row(view: WorkflowView) -> str:
    status = "" if view.status == "active" else f" _{escape(view.status)}_"
    broken = (
        " · :warning: its file is broken, the last good revision is used" if view.problems else ""
    )
    what = one_line(view.definition.description, 160) or escape(view.title[:TITLE])
    return f"{code(view.name)}{status} {what}{broken}"


def workflow_page(answer: WorkflowPage) -> Shown:
    """Draw one workflow: what it does, what starts it, who may, and its inputs."""
    view = answer.workflow
    definition = view.definition
    title = f"{code(view.name)} {escape(view.title[:TITLE])}"
    blocks = [section(f"*{title}*\n{escape(head(plain(definition.description), 1_500))}", "h")]
    blocks.append(
        fields(
            [
                ("State", state(view)),
                (
                    "Starts by itself on",
                    lines([starts_on(each, answer.upcoming) for each in definition.triggers]),
                ),
                ("Who may start it", sentence(", ".join(definition.start_by)) or "everybody"),
                ("Channel", escape(definition.channel or "")),
            ],
            "w",
        )
    )
    declared = definition.body.get("inputs") or {}
    if declared:
        rows = [an_input(name, each) for name, each in declared.items()]
        blocks.append(section(f"*Inputs*\n{lines(rows, MOST)}", "i"))
    if view.problems:
        blocks.append(section(f":warning: Its file is broken since:\n{broken(view.problems)}", "b"))
    blocks.append(context(f"`/baton start {escape(view.name)}`", "c"))
    return fit(f"{escape(view.name)}: {one_line(definition.description, 200)}", blocks)


def state(view: WorkflowView) -> str:
    """Say where a workflow stands, and whose it is."""
    file = f", of the file {escape(view.file)}" if view.file else ""
    draft = f"; revision {view.draft} is a draft" if view.draft is not None else ""
    return f"{escape(view.status)}, revision {view.revision}{file}{draft}"


def an_input(name: str, spec: Any) -> str:
    declared: Mapping[str, Any] = spec if isinstance(spec, Mapping) else {}
    needed = "required" if declared.get("required") else given_by_itself(declared)
    about = one_line(str(declared.get("description") or ""), 160)
    kind = escape(str(declared.get("type") or "string"))
    secret = "secret" if declared.get("secret") else ""
    return " · ".join(part for part in (f"{code(name)} {kind}", needed, secret, about) if part)


def given_by_itself(declared: Mapping[str, Any]) -> str:
    if declared.get("default") is None or declared.get("secret"):
        return ""
    return f"else {code(head(str(declared['default']), 80))}"


def broken(problems: Any) -> str:
    """Say where, what, and what to do, for the first few problems of a file."""
    listed = problems if isinstance(problems, list) else [problems]
    return lines([f"• {problem_line(each)}" for each in listed], PROBLEMS)


def problem_line(problem: Any) -> str:
    if not isinstance(problem, Mapping):
        return one_line(str(problem), 300)
    place = ":".join(str(problem[name]) for name in PLACE if problem.get(name))
    said = f"{problem.get('message') or 'it cannot be used'}. {problem.get('hint') or ''}"
    return one_line(f"{place}: {said}" if place else said, 300)
