"""Checks a whole definition: every problem of a file at once, before anything of it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from workflows.language.catalogue import Catalogue
from workflows.language.checks.graphs import Graph, Placed
from workflows.language.checks.scope import EVERYWHERE, Scope, event_fields
from workflows.language.checks.steps import check_steps
from workflows.language.checks.texts import Texts, refuse_stray_templates
from workflows.language.checks.triggers import check_settings, check_triggers
from workflows.language.checks.verbs import Checks
from workflows.language.errors import InvalidDefinition, Problem
from workflows.language.findings import Findings
from workflows.language.inputs import declaration_problems
from workflows.language.loader import read_yaml
from workflows.language.model import Head, Step, Workflow
from workflows.language.places import Document
from workflows.language.structure import salvage

__all__ = ["Checked", "check", "check_workflow"]

AT_START: Final = EVERYWHERE - {"vars"}


@dataclass(frozen=True, slots=True)
class Checked:
    """A definition without errors.

    *body* is its data as the file has it, *text* the file itself; *warnings* are likely slips.
    """

    workflow: Workflow
    body: Mapping[str, Any]
    text: str
    warnings: tuple[Problem, ...]


def check(text: str | bytes, catalogue: Catalogue, *, file: str) -> Checked:
    """Read the YAML *text* and check all of it.

    Args:
        text: the file.
        catalogue: the actions that steps may name.
        file: the name that the file has in problems.

    Raises:
        InvalidDefinition: with every problem of the file, warnings too.
    """
    document = read_yaml(text, file=file)
    findings = Findings(document)
    if not isinstance(document.data, dict):
        findings.add("type", (), "a workflow is a map, with `name` and `steps`")
        raise InvalidDefinition(findings.problems)
    workflow = _check_all(document.data, catalogue, findings)
    return Checked(workflow, document.data, document.text, findings.problems)


def check_workflow(body: Mapping[str, Any], catalogue: Catalogue) -> Checked:
    """Check a definition that is data already, as from Python or a store; it has no lines."""
    document = Document("", "", dict(body), {})
    findings = Findings(document)
    workflow = _check_all(dict(body), catalogue, findings)
    return Checked(workflow, body, "", findings.problems)


def _check_all(data: dict[str, Any], catalogue: Catalogue, findings: Findings) -> Workflow:
    rest = {key: value for key, value in data.items() if key != "steps"}
    head = salvage(Head, rest, (), findings) or Head(name="unnamed")
    refuse_stray_templates(data, findings)
    texts = Texts(findings, catalogue)
    scope = _scope(head, data)
    _check_head(head, scope, texts, findings)
    steps = _read_steps(data, findings)
    graph = check_steps(steps, scope, Checks(head, catalogue, findings, texts))
    _check_outputs(head, scope, graph, texts)
    if findings.failed:
        raise InvalidDefinition(findings.problems)
    return _whole(head, [placed.step for placed in steps if placed.step is not None])


def _whole(head: Head, steps: list[Step]) -> Workflow:
    """Put together what has been validated part by part."""
    parts = {name: getattr(head, name) for name in Head.model_fields}
    return Workflow.model_construct(head.model_fields_set | {"steps"}, **parts, steps=steps)


def _scope(head: Head, data: dict[str, Any]) -> Scope:
    """Return what every step sees. A part that cannot be read is taken as it is written."""
    inputs, declared = data.get("inputs"), data.get("vars")
    return Scope(
        names=EVERYWHERE | {"steps"},
        inputs=set(inputs) if isinstance(inputs, dict) else set(head.inputs),
        vars=set(declared) if isinstance(declared, dict) else set(head.vars),
        trigger=event_fields() if head.triggers or "triggers" not in data else None,
    )


def _check_head(head: Head, scope: Scope, texts: Texts, findings: Findings) -> None:
    for name, declared in head.inputs.items():
        for key, message in declaration_problems(declared):
            findings.add("value", ("inputs", name, key), f"`{key}` {message}")
    check_triggers(head, scope.only("trigger"), texts, findings)
    check_settings(head, scope.only(*EVERYWHERE), texts, findings)
    before: list[str] = []
    for name, value in head.vars.items():
        earlier = Scope(AT_START | {"vars"}, scope.inputs, tuple(before), scope.trigger)
        texts.template(("vars", name), value, earlier)
        before.append(name)


def _read_steps(data: dict[str, Any], findings: Findings) -> list[Placed]:
    raw = data.get("steps")
    if raw is None:
        findings.add_absent("missing", ("steps",), "a workflow needs the key `steps`")
    elif not isinstance(raw, list) or not raw:
        findings.add("type", ("steps",), "`steps` must be a list with at least one step")
    placed = []
    for index, each in enumerate(raw if isinstance(raw, list) else ()):
        path = ("steps", index)
        step = salvage(Step, each, path, findings)
        written = each.get("id") if isinstance(each, dict) else None
        name = step.id if step else written if isinstance(written, str) else f"(step {index})"
        placed.append(Placed(path, name, step))
    return placed


def _check_outputs(head: Head, scope: Scope, graph: Graph, texts: Texts) -> None:
    everything = {placed.id: placed.step for placed in graph.steps}
    outer = Scope(scope.names, scope.inputs, scope.vars, scope.trigger, everything)
    for name, value in head.outputs.items():
        texts.template(("outputs", name), value, outer)
