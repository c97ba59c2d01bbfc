"""What a step waits for and nobody may see: which values of it come from where all is secret."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from coordination.secrets import Secrets
from coordination.wait_keys import Place, text_of
from coordination.wait_veils import Veil
from workflows.core.commands import Command, OpenWait
from workflows.core.core import Core
from workflows.core.layout import Body
from workflows.core.plan import Node, Plan, WaitFor
from workflows.runtimes.host.masks import HIDDEN

__all__ = ["blank", "hides", "secret_steps", "shown_wait", "veils"]

NAMES: Place = ()  # where the steps stand that the `where` of a wait looks at
EVERY = "*"  # a step that is not named: any of them


def veils(
    core: Core, commands: Iterable[Command], cover: Callable[[Any], Any], secrets: Secrets
) -> Mapping[str, Veil]:
    """Return by path what must not stand in clear of the waits that *commands* open."""
    found: dict[str, Veil] = {}
    for each in commands:
        if isinstance(each, OpenWait):
            hidden = _places(core, core.node(each.path), each.correlate, cover)
            names = _hides_names(core, core.node(each.path), each.names, cover)
            if hidden or names:
                found[each.path] = Veil(secrets, hidden, names)
    return found


def shown_wait(core: Core, node: Node, asked: Any, cover: Callable[[Any], Any]) -> Any:
    """Return what a step waits for as people may see it: where, and not which secret."""
    if not isinstance(asked, Mapping):
        return asked
    pairs = tuple((tuple(place), text) for place, text in asked["correlate"])
    hidden = _places(core, node, pairs, cover)
    return {
        **asked,
        "correlate": [[list(place), HIDDEN if place in hidden else text] for place, text in pairs],
    }


def secret_steps(plan: Plan) -> frozenset[str]:
    """Return the ids of the steps of *plan* whose output nobody may see, or of something in it."""
    bodies = (plan.graph.top, *plan.graph.phases.values())
    return frozenset(node.step.id for body in bodies for node in _nodes(body) if hides(node))


def hides(node: Node) -> bool:
    """Say whether the output of a step is hidden: its own, or that of a step inside it."""
    if node.step.secret_output or not node.bodies:
        return node.step.secret_output
    return any(hides(inner) for body in node.bodies.values() for inner in body.nodes)


def blank(value: Any) -> Any:
    """Return *value* with nothing in it but its names."""
    if isinstance(value, Mapping):
        return {name: blank(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [blank(each) for each in value]
    return value if value is None or isinstance(value, bool) else HIDDEN


def _places(
    core: Core,
    node: Node,
    pairs: Iterable[tuple[Place, str]],
    cover: Callable[[Any], Any],
) -> frozenset[Place]:
    """Return where an event must hold what nobody may see.

    That is all of it for a step that hides itself; else what is worked out from a secret output, and
    what is equal to a part of one, on whichever way it came.
    """
    if node.step.secret_output:
        return frozenset(place for place, _ in pairs)
    secret = secret_steps(core.plan)
    if not secret:
        return frozenset()
    read, given = _read(node, secret), _given(core)
    return frozenset(
        place for place, text in pairs if place in read or text in given or cover(text) != text
    )


def _hides_names(
    core: Core, node: Node, names: Mapping[str, Any], cover: Callable[[Any], Any]
) -> bool:
    """Say whether what `where` takes along from the run holds what nobody may see."""
    if not names:
        return False
    secret = secret_steps(core.plan)
    if node.step.secret_output or NAMES in _read(node, secret):
        return True
    return bool(secret) and (
        cover(names) != names or not _given(core).isdisjoint(_scalars(dict(names)))
    )


def _read(node: Node, secret: frozenset[str]) -> frozenset[Place]:
    """Return the places whose values are worked out from one of the *secret* steps."""
    verb = node.step.verb
    if not isinstance(verb, WaitFor) or not secret:
        return frozenset()
    return frozenset(
        place for place, steps in verb.reads if EVERY in steps or not steps.isdisjoint(secret)
    )


def _given(core: Core) -> frozenset[str]:
    """Return every value in what secret steps gave, as an event is compared with it."""
    return frozenset(
        text
        for path, state in core.steps.items()
        if state.output is not None
        and core.node(path).step.secret_output
        and not core.is_gate(path)
        for text in _scalars(state.output)
    )


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _scalars(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _scalars(each)
    elif not isinstance(value, bool):
        text = text_of(value)
        if text:
            yield text


def _nodes(body: Body) -> Iterator[Node]:
    for node in body.nodes:
        yield node
        for inner in node.bodies.values():
            yield from _nodes(inner)
