"""How a filter is declared, and how the arguments of a call find their names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.language.expressions.errors import InvalidExpression
from workflows.language.expressions.nodes import Filtered, Node
from workflows.language.suggestions import did_you_mean

__all__ = ["Filter", "bind"]


def _nothing(given: Mapping[str, Any], at: int) -> None:
    """Most filters have nothing to check beforehand."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter: *apply* takes the value, the budget and the arguments by name.

    *check* is shown the arguments that are written out, when the expression is read.
    """

    apply: Callable[..., Any]
    names: tuple[str, ...] = ()
    required: int = 0
    check: Callable[[Mapping[str, Any], int], None] = _nothing


def bind(declared: Filter, node: Filtered) -> dict[str, Node]:
    """Return the arguments of *node* by name.

    Raises:
        InvalidExpression: too many, too few, twice or by a name that the filter does not have.
    """
    allowed = declared.names
    if len(node.arguments) > len(allowed):
        count = f"at most {len(allowed)}" if allowed else "no"
        raise InvalidExpression(
            f"the filter `{node.name}` takes {count} arguments, not {len(node.arguments)}",
            offset=node.at,
        )
    bound = dict(zip(allowed, node.arguments, strict=False))
    for name, argument in node.named:
        if name not in allowed:
            raise InvalidExpression(
                f"the filter `{node.name}` has no argument `{name}`",
                offset=argument.at,
                hint=did_you_mean(name, allowed),
            )
        if name in bound:
            raise InvalidExpression(f"`{name}` is given twice", offset=argument.at)
        bound[name] = argument
    for name in allowed[: declared.required]:
        if name not in bound:
            raise InvalidExpression(
                f"the filter `{node.name}` needs its argument `{name}`", offset=node.at
            )
    return bound
