"""Hands a checked definition to coordination, and reads inputs on its behalf."""

from collections.abc import Mapping
from typing import Any

from coordination.ports import Definition, TriggerSpec
from coordination.refusals import InvalidInputs
from workflows.language.checks import Checked
from workflows.language.compile import revision_of
from workflows.language.errors import InvalidInputs as NotFitting
from workflows.language.errors import Problem
from workflows.language.event_names import pattern_of
from workflows.language.inputs import check_inputs
from workflows.language.model import Input, Workflow
from workflows.language.schema import inputs_schema

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
        triggers=_triggers(workflow),
        inputs_schema=inputs_schema(workflow.inputs),
        channel=settings.channel,
        start_by=tuple(settings.start_by or ()),
        approvers=tuple(settings.approvers or ()),
    )


def _triggers(workflow: Workflow) -> tuple[TriggerSpec, ...]:
    return tuple(
        TriggerSpec(
            id=trigger.id or str(index),
            kind="event",
            event=pattern_of(trigger.event),
            source=trigger.source,
            where=trigger.where,
            inputs=trigger.inputs,
            enabled=trigger.enabled,
        )
        for index, trigger in enumerate(workflow.triggers)
        if trigger.event is not None
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
