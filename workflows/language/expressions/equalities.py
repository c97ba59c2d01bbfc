"""What a condition demands of one name: the equalities that must hold for it to hold at all."""

from collections.abc import Iterator
from dataclasses import dataclass

from workflows.language.expressions import nodes
from workflows.language.expressions.closures import close, literal_path
from workflows.language.expressions.depth import measure
from workflows.language.expressions.expression import Expression
from workflows.language.expressions.lexer import lex
from workflows.language.expressions.nodes import Node
from workflows.language.expressions.parser import parse
from workflows.language.expressions.references import references

__all__ = ["Equality", "equalities"]


@dataclass(frozen=True, slots=True)
class Equality:
    """``<root>.path == known``, where *known* can be worked out without the root."""

    path: tuple[str, ...]
    known: Expression


def equalities(text: str, root: str) -> tuple[Equality, ...]:
    """Return the equalities on *root* among the terms of *text* that `and` joins at its top.

    Raises:
        InvalidExpression: *text* cannot be read.
    """
    whole = parse(lex(text))
    measure(whole)  # what nests too deep is refused before anything goes down into it
    return tuple(found for term in _terms(whole) for found in _equality(term, text, root))


def _terms(node: Node) -> Iterator[Node]:
    if isinstance(node, nodes.Logic) and node.word == "and":
        for operand in node.operands:
            yield from _terms(operand)
    else:
        yield node


def _equality(node: Node, text: str, root: str) -> Iterator[Equality]:
    if not isinstance(node, nodes.Comparison) or len(node.rest) != 1 or node.rest[0][0] != "==":
        return
    left, right = node.first, node.rest[0][1]
    for looked_up, other in ((left, right), (right, left)):
        path = literal_path(looked_up) or ()
        named = tuple(key for key in path[1:] if isinstance(key, str))
        if path[:1] == (root,) and named and len(named) == len(path) - 1:
            used = tuple(references(other))
            if all(reference.path[0] != root for reference in used):
                yield Equality(named, Expression(text, close(other), used, measure(other)))
                return
