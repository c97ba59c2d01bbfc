"""Checks a whole definition: every problem of a file at once, before anything of it runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from workflows.language.catalogue import Catalogue
from workflows.language.checks.around import Checks
from workflows.language.checks.children import check_calls
from workflows.language.checks.scope import EVERYWHERE, Scope
from workflows.language.checks.steps import check_steps, everything
from workflows.language.checks.strays import refuse_stray_templates
from workflows.language.checks.texts import Texts
from workflows.language.checks.tree import Placed, all_steps, read_steps
from workflows.language.checks.triggers import check_settings, check_triggers, trigger_fields
from workflows.language.errors import InvalidDefinition, Problem, cut_off
from workflows.language.findings import Findings, TooManyProblems
from workflows.language.inputs import declaration_problems
from workflows.language.loader import check_data, read_yaml
from workflows.language.model import Head, Workflow
from workflows.language.model.workflow import ENDINGS
from workflows.language.neighbours import Neighbours, outline
from workflows.language.places import Document, Path
from workflows.language.structure import salvage

__all__ = ["Checked", "check", "check_document", "check_workflow"]

AT_START: Final = EVERYWHERE - {"vars"}
LISTS: Final = ("steps", *ENDINGS)


@dataclass(frozen=True, slots=True)
class Checked:
    """A definition without errors.

    *body* is its data as the file has it, *text* the file itself; *warnings* are likely slips.
    """

    workflow: Workflow
    body: Mapping[str, Any]
    text: str
    warnings: tuple[Problem, ...]


def check(
    text: str | bytes, catalogue: Catalogue, *, file: str, neighbours: Neighbours | None = None
) -> Checked:
    """Read the YAML *text* and check all of it.

    Args:
        text: the file.
        catalogue: the actions that steps may name.
        file: the name that the file has in problems.
        neighbours: the other workflows; without them, nothing can be said of children.

    Raises:
        InvalidDefinition: with every problem of the file, warnings too.
    """
    return check_document(read_yaml(text, file=file), catalogue, neighbours or Neighbours())


def check_document(document: Document, catalogue: Catalogue, neighbours: Neighbours) -> Checked:
    """Check a file that has been read.

    Raises:
        InvalidDefinition: with every problem of the file, warnings too.
    """
    findings = Findings(document)
    if not isinstance(document.data, dict):
        findings.add("type", (), "a workflow is a map", "Write `name` and `steps`.")
        raise InvalidDefinition(findings.problems)
    try:
        workflow = _check_all(document.data, catalogue, findings, neighbours)
    except TooManyProblems:
        raise InvalidDefinition(cut_off(findings.problems)) from None
    return Checked(workflow, document.data, document.text, findings.problems)


def check_workflow(
    body: Mapping[str, Any], catalogue: Catalogue, neighbours: Neighbours | None = None
) -> Checked:
    """Check a definition that is data already, as from Python or a store; it has no lines.

    Raises:
        InvalidDefinition: with every problem, warnings too.
    """
    check_data(body)
    return replace(
        check_document(Document("", "", dict(body), {}), catalogue, neighbours or Neighbours()),
        body=body,
    )


def _check_all(
    data: dict[str, Any], catalogue: Catalogue, findings: Findings, neighbours: Neighbours
) -> Workflow:
    rest = {key: value for key, value in data.items() if key not in LISTS}
    head = salvage(Head, rest, (), findings) or Head(name="unnamed")
    refuse_stray_templates(data, findings)
    checks = Checks(head, catalogue, findings, Texts(findings, catalogue), neighbours)
    lists = {
        name: _read_list(name, data, findings) for name in LISTS if name in data or name == "steps"
    }
    scope = _scope(head, data, lists)
    _check_head(head, scope, checks)
    graph = check_steps(lists["steps"], scope, checks)
    ended = everything(graph, scope)
    taken = frozenset(placed.id for placed in graph.steps)
    for name in lists.keys() & set(ENDINGS):
        check_steps(lists[name], ended, checks, taken)
    for name, value in head.outputs.items():
        checks.texts.template(("outputs", name), value, ended)
    check_calls(head.name, _calls(data, lists["steps"]), checks)
    if findings.failed:
        raise InvalidDefinition(findings.problems)
    return _whole(head, lists)


def _whole(head: Head, lists: Mapping[str, list[Placed]]) -> Workflow:
    """Put together what has been validated part by part."""
    parts: dict[str, Any] = {name: getattr(head, name) for name in Head.model_fields}
    for name in LISTS:
        field = "finally_" if name == "finally" else name
        parts[field] = [each.step for each in lists.get(name, ()) if each.step is not None]
    return Workflow.model_construct(head.model_fields_set | {"steps"}, **parts)


def _scope(head: Head, data: dict[str, Any], lists: Mapping[str, list[Placed]]) -> Scope:
    """Return what every step sees. A part that cannot be read is taken as it is written."""
    inputs, declared = data.get("inputs"), data.get("vars")
    return Scope(
        names=EVERYWHERE | {"steps"},
        inputs=set(inputs) if isinstance(inputs, dict) else set(head.inputs),
        vars=set(declared) if isinstance(declared, dict) else set(head.vars),
        trigger=trigger_fields(head.triggers) if head.triggers or "triggers" not in data else None,
        inside={name: holder for each in lists.values() for name, holder in _inside(each)},
        veiled=frozenset(name for name, each in head.inputs.items() if each.secret),
    )


def _inside(steps: Sequence[Placed], holder: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield the steps whose outputs make up that of another one, with the one at the top."""
    for placed in steps:
        if holder is not None:
            yield placed.id, holder
        for body in placed.bodies:
            if body.keys != ("on_error",):
                yield from _inside(body.steps, holder or placed.id)


def _check_head(head: Head, scope: Scope, checks: Checks) -> None:
    for name, declared in head.inputs.items():
        for key, message in declaration_problems(declared):
            checks.findings.add("value", ("inputs", name, key), f"`{key}` {message}")
    check_triggers(scope.only("trigger"), checks)
    check_settings(scope.only(*EVERYWHERE), checks)
    names = [*head.vars]
    for number, (name, value) in enumerate(head.vars.items()):
        before, later = names[:number], names[number:]
        at = replace(scope, names=AT_START | {"vars"}, vars=before, later=later, inside={})
        checks.texts.template(("vars", name), value, at)


def _read_list(name: str, data: dict[str, Any], findings: Findings) -> list[Placed]:
    raw = data.get(name)
    if name == "steps" and raw is None:
        findings.add_absent(
            "missing", ("steps",), "a workflow needs the key `steps`", "Add a list."
        )
    elif not isinstance(raw, list) or (name == "steps" and not raw):
        least = " with at least one step" if name == "steps" else " of steps"
        findings.add("type", (name,), f"`{name}` must be a list{least}")
    return read_steps(raw, (name,), findings)


def _calls(data: dict[str, Any], steps: list[Placed]) -> Iterator[tuple[Path, str]]:
    """Yield the children that this workflow starts come what may, each at its first step."""
    known = outline(data)
    places: dict[str, Path] = {}
    for placed in all_steps(steps):
        if placed.step is not None and placed.step.workflow is not None:
            places.setdefault(placed.step.workflow, (*placed.path, "workflow"))
    for name in known[1].calls if known else ():
        if name in places:
            yield places[name], name
