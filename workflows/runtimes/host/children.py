"""What has to be known before a child can be begun: whether its inputs fit, and on which terms it starts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from coordination.admission import terms_of
from coordination.children import NewChild, child_id, trigger_of
from coordination.errors import InvalidInputs
from coordination.handles import secret_inputs
from coordination.ports import Definition
from coordination.run_secrets import conceal, opened
from workflows.core.commands import Command, StartChild
from workflows.core.core import Core
from workflows.language.definition import InputCheck
from workflows.language.expressions import Evaluator, from_json, reveal, secret_names
from workflows.runs import RunRecord
from workflows.runtimes.host.parts import Parts
from workflows.runtimes.host.records import Cover

__all__ = ["children_of"]


async def children_of(
    parts: Parts, run: RunRecord, commands: Iterable[Command], core: Core, cover: Cover
) -> tuple[NewChild, ...]:
    """Return the children that *commands* begin, outside of the writer, with what is wrong of each.

    *core* is of the run, and says whether all that a child gives is secret. *cover* hides what steps with `secret_output` gave: nothing of it comes into an input that shows.
    """
    wanted = [each for each in commands if isinstance(each, StartChild)]
    hidden = [core.node(each.path).step.secret_output for each in wanted]
    return tuple(
        [
            await _child(parts, run, each, cover, hides)
            for each, hides in zip(wanted, hidden, strict=True)
        ]
    )


async def _child(
    parts: Parts,
    run: RunRecord,
    command: StartChild,
    cover: Cover,
    hides: bool,  # noqa: FBT001 - said by the step
) -> NewChild:
    child = NewChild(
        path=command.path,
        attempt=command.attempt,
        workflow=command.workflow,
        hash=command.revision,
        inputs=command.inputs,
        detach=command.detach,
        public_url=parts.settings.public_url,
        hidden=hides,
    )
    definition = await parts.definition(command.revision)
    if definition is None:
        return replace(child, problem=f"its revision {command.revision} is not stored")
    try:
        given = await _revealed(parts, run, _passable(definition, command, cover))
        checked = InputCheck().check(definition, given)
        about = child_id(run.id, command.path, command.attempt)
        hidden = conceal(definition, checked, parts.sealing, about=about)
        names = {
            "inputs": hidden.inputs,
            "trigger": trigger_of(run.id, run.trigger, child),
            "run": {"inputs": hidden.inputs, "started_by": run.started_by},
            "workflow": {"name": definition.name, "revision": definition.hash},
        }
        terms = terms_of(definition, Evaluator(), names, (run.workflow,))
        channel = _channel(definition, names)
    except (InvalidInputs, ValueError) as error:
        return replace(child, problem=str(error), inputs={})
    return replace(child, inputs=hidden.inputs, terms=terms, sealed=hidden.sealed, channel=channel)


def _channel(definition: Definition, names: Mapping[str, Any]) -> str | None:
    """Return the channel that a definition names for its runs. Raises: ValueError."""
    if definition.channel is None:
        return None
    channel = Evaluator().template(definition.channel)(names)
    if not isinstance(channel, str):
        raise ValueError(f"{definition.channel!r} gives no channel")  # noqa: TRY004  # as the others
    return channel


def _passable(definition: Definition, command: StartChild, cover: Cover) -> Mapping[str, Any]:
    """Return what the child is given, once nothing secret is among what it would show.

    Raises:
        ValueError: something is.
    """
    given: Mapping[str, Any] = from_json(dict(command.inputs))
    hidden = secret_inputs(definition.body)
    for name, value in given.items():
        if name not in hidden and (secret_names(value) or cover(value) != value):
            raise ValueError(
                f"its input `{name}` is not declared secret, and would be given what is"
            )
    return given


async def _revealed(parts: Parts, run: RunRecord, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the child is given, with the values of secrets.

    Raises:
        ValueError: one of them is not kept any more.
    """
    if not secret_names(given):
        return given
    held = await parts.door.read(lambda reader: opened(reader, run.key, parts.sealing))
    try:
        revealed: Mapping[str, Any] = reveal(given, held.__getitem__)
    except KeyError as error:
        raise ValueError(f"what {error} held is not kept any more") from None
    return revealed
