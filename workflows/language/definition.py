"""Hands a checked definition to coordination, and reads inputs on its behalf."""

from collections.abc import Mapping
from typing import Any

from coordination.ports import Definition
from coordination.refusals import InvalidInputs
from workflows.language.checks import Checked
from workflows.language.compile import revision_of
from workflows.language.errors import InvalidInputs as NotFitting
from workflows.language.errors import Problem
from workflows.language.inputs import check_inputs
from workflows.language.model import Input
from workflows.language.schema import inputs_schema
from workflows.language.trigger_specs import trigger_specs

__all__ = ["InputCheck", "to_definition"]


def to_definition(checked: Checked) -> Definition:
    """Return *checked* as coordination stores it."""
    workflow = checked.workflow
    settings = workflow.settings
    return Definition(
        name=workflow.name,
        title=workflow.title or workflow.name,
        description=workflow.description or "",
        hash=revision_of(checked.body),
        body=dict(checked.body),
        source=checked.text,
        triggers=trigger_specs(workflow),
        inputs_schema=inputs_schema(workflow.inputs),
        channel=settings.channel,
        start_by=tuple(settings.start_by or ()),
        approvers=tuple(settings.approvers or ()),
    )


class InputCheck:
    """Coordination's port ``Inputs``."""

    def check(self, definition: Definition, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return *values* with defaults filled in.

        Raises:
            InvalidInputs: that of coordination, with every problem of every input.
        """
        declared = definition.body.get("inputs") or {}
        inputs = {name: Input.model_validate(each) for name, each in declared.items()}
        try:
            return check_inputs(inputs, values)
        except NotFitting as error:
            raise InvalidInputs([_sentence(problem) for problem in error.problems]) from error


def _sentence(problem: Problem) -> tuple[str, str]:
    hint = f" {problem.hint}" if problem.hint else ""
    return problem.path.removeprefix("inputs."), f"{problem.message}.{hint}"
