"""What has to be known before a child can be begun: whether its inputs fit, and on which terms it starts."""

from collections.abc import Iterable
from dataclasses import replace

from coordination.admission import terms_of
from coordination.children import NewChild, trigger_of
from coordination.errors import InvalidInputs
from workflows.core.commands import Command, StartChild
from workflows.language.definition import InputCheck
from workflows.language.expressions import Evaluator
from workflows.runs import RunRecord
from workflows.runtimes.host.parts import Parts

__all__ = ["children_of"]


async def children_of(
    parts: Parts, run: RunRecord, commands: Iterable[Command]
) -> tuple[NewChild, ...]:
    """Return the children that *commands* begin, outside of the writer, with what is wrong of each."""
    wanted = [each for each in commands if isinstance(each, StartChild)]
    return tuple([await _child(parts, run, each) for each in wanted])


async def _child(parts: Parts, run: RunRecord, command: StartChild) -> NewChild:
    child = NewChild(
        path=command.path,
        attempt=command.attempt,
        workflow=command.workflow,
        hash=command.revision,
        inputs=command.inputs,
        detach=command.detach,
        public_url=parts.settings.public_url,
    )
    definition = await parts.definition(command.revision)
    if definition is None:
        return replace(child, problem=f"its revision {command.revision} is not stored")
    try:
        inputs = InputCheck().check(definition, command.inputs)
        names = {
            "inputs": inputs,
            "trigger": trigger_of(run.id, run.trigger, child),
            "run": {"inputs": inputs, "started_by": run.started_by},
            "workflow": {"name": definition.name, "revision": definition.hash},
        }
        terms = terms_of(definition, Evaluator(), names, (run.workflow,))
    except (InvalidInputs, ValueError) as error:
        return replace(child, problem=str(error))
    return replace(child, inputs=inputs, terms=terms)
