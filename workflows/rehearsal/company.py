"""The workflows of a rehearsal: the one that is rehearsed, and those that it may run as children."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from coordination.ports import Definition
from workflows.core.plan import Plan
from workflows.language.catalogue import Catalogue
from workflows.language.checks import Checked
from workflows.language.compile import compile_workflow
from workflows.language.definition import to_definition
from workflows.language.model import Workflow

__all__ = ["Company", "Rehearsable", "of_checked", "of_definition"]


@dataclass(frozen=True, slots=True)
class Rehearsable:
    """A definition that can be rehearsed, compiled."""

    definition: Definition
    workflow: Workflow
    plan: Plan


Company: TypeAlias = Mapping[str, Rehearsable]
"""By name."""


def of_checked(checked: Checked, catalogue: Catalogue) -> Rehearsable:
    """Take a file that was checked just now."""
    definition = to_definition(checked)
    plan = compile_workflow(checked.workflow, catalogue, revision=definition.hash)
    return Rehearsable(definition, checked.workflow, plan)


def of_definition(definition: Definition, catalogue: Catalogue) -> Rehearsable:
    """Take a revision that was published.

    Raises:
        ValueError: it does not have the shape of a definition any more.
    """
    body: dict[str, Any] = dict(definition.body)
    workflow = Workflow.model_validate(body)
    plan = compile_workflow(workflow, catalogue, revision=definition.hash)
    return Rehearsable(definition, workflow, plan)
