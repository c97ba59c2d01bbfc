"""Which names an expression uses, and whether they exist where it stands."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from workflows.language.expressions import nodes
from workflows.language.expressions.closures import literal_path
from workflows.language.expressions.errors import InvalidExpression
from workflows.language.expressions.nodes import Node, children
from workflows.language.suggestions import did_you_mean

__all__ = ["Reference", "check_names", "references"]

PLACES: Final = {
    "attempt": "It exists only in `retry.if`.",
    "event": "It exists only in the `where` of a `wait_for`.",
    "error": "It exists only in `retry.if` and in the steps of an `on_error` list.",
    "inputs": None,
    "secrets": "Secrets exist only in the `params` of an action.",
    "steps": None,
    "trigger": None,
    "vars": None,
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A lookup as far as its keys are written out.

    *offset* is its place in the text. It is *guarded* where ``| default`` or ``is defined`` takes
    care of its absence.
    """

    path: tuple[str | int, ...]
    offset: int
    guarded: bool = False


def references(node: Node, *, guarded: bool = False) -> Iterator[Reference]:
    """Yield every reference of *node*, in the order of the text."""
    match node:
        case nodes.Name() | nodes.Lookup():
            yield from _lookup(node, guarded=guarded)
        case nodes.Test(name="defined", operand=operand):
            yield from references(operand, guarded=True)
        case nodes.Filtered(name="default", value=value):
            yield from references(value, guarded=True)
            for argument in children(node)[1:]:
                yield from references(argument, guarded=guarded)
        case nodes.Choice(condition, then, other):
            yield from references(then, guarded=guarded)
            yield from references(condition)
            yield from references(other, guarded=guarded)
        case _:
            for child in children(node):
                yield from references(child)


def _lookup(node: Node, *, guarded: bool) -> Iterator[Reference]:
    path = literal_path(node)
    if path is not None:
        yield Reference(path, _start(node), guarded)
    elif isinstance(node, nodes.Lookup):
        yield from references(node.base, guarded=guarded)
        yield from references(node.key)


def _start(node: Node) -> int:
    while isinstance(node, nodes.Lookup):
        node = node.base
    return node.at


def check_names(found: Collection[Reference], names: Collection[str]) -> None:
    """Refuse a reference that begins with none of *names*.

    Raises:
        InvalidExpression: at the first one, with the name it was probably meant to be.
    """
    for reference in found:
        root = str(reference.path[0])
        if root in names:
            continue
        if root in PLACES:
            message, hint = f"`{root}` cannot be used here", PLACES[root]
        else:
            message = f"there is no `{root}` here"
            hint = did_you_mean(root, [*names, "none"]) or f"There are {', '.join(sorted(names))}."
        raise InvalidExpression(message, offset=reference.offset, hint=hint)
