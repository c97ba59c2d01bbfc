"""How large a tree is, and how deep it may be."""

from workflows.language.expressions.errors import InvalidExpression
from workflows.language.expressions.limits import DEPTH
from workflows.language.expressions.nodes import Literal, Name, Node, children

__all__ = ["measure", "too_deep"]


def measure(node: Node) -> int:
    """Return how many nodes there are in *node*, itself among them.

    Raises:
        InvalidExpression: it nests too deep.
    """
    count, level = 0, [node]
    for _ in range(DEPTH):
        count += len(level)
        below: list[Node] = []
        for each in level:
            if type(each) is not Literal and type(each) is not Name:
                below.extend(children(each))
        if not below:
            return count
        level = below
    raise too_deep(level[0].at)


def too_deep(offset: int) -> InvalidExpression:
    return InvalidExpression(
        f"this expression nests more than {DEPTH} levels",
        offset=offset,
        hint="Split it over several vars.",
    )
