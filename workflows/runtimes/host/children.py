"""What has to be known before a child can be begun: which revision, and whether its inputs fit it."""

from collections.abc import Iterable, Mapping
from typing import Any

from coordination.children import NewChild
from workflows.core.commands import Command, StartChild
from workflows.language.errors import InvalidInputs
from workflows.language.inputs import check_inputs
from workflows.runtimes.host.parts import Parts

__all__ = ["children_of"]


async def children_of(parts: Parts, commands: Iterable[Command]) -> tuple[NewChild, ...]:
    """Return the children that *commands* begin, outside of the writer, with what is wrong of each."""
    return tuple([await _child(parts, each) for each in commands if isinstance(each, StartChild)])


async def _child(parts: Parts, command: StartChild) -> NewChild:
    inputs, problem = await _checked(parts, command)
    return NewChild(
        path=command.path,
        attempt=command.attempt,
        workflow=command.workflow,
        hash=command.revision,
        inputs=inputs,
        detach=command.detach,
        problem=problem,
        public_url=parts.settings.public_url,
    )


async def _checked(parts: Parts, command: StartChild) -> tuple[Mapping[str, Any], str | None]:
    declared = await parts.inputs(command.revision)
    if declared is None:
        return {}, f"its revision {command.revision} is not stored"
    try:
        return check_inputs(declared, command.inputs), None
    except InvalidInputs as error:
        return {}, "; ".join(problem.message for problem in error.problems)
