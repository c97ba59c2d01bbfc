"""What an expression is once it has been read: a tree of these. ``at`` is the offset of each."""

from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = [
    "Arithmetic",
    "Choice",
    "Comparison",
    "Filtered",
    "Join",
    "ListOf",
    "Literal",
    "Logic",
    "Lookup",
    "MapOf",
    "Name",
    "Node",
    "Not",
    "Sign",
    "Test",
    "children",
]


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """``base.key`` and ``base[key]``; *key* is a literal in both of them where it is written out."""

    base: "Node"
    key: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class ListOf:
    items: "tuple[Node, ...]"
    at: int


@dataclass(frozen=True, slots=True)
class MapOf:
    items: "tuple[tuple[Node, Node], ...]"
    at: int


@dataclass(frozen=True, slots=True)
class Sign:
    """``-x`` or ``+x``."""

    sign: str
    operand: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``+ - * / // %``."""

    sign: str
    left: "Node"
    right: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class Join:
    """``a ~ b ~ c``."""

    parts: "tuple[Node, ...]"
    at: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """``a < b <= c``: each operand is evaluated once."""

    first: "Node"
    rest: "tuple[tuple[str, Node, int], ...]"
    at: int


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class Logic:
    """``and`` or ``or`` over two or more operands; gives the operand that decided."""

    word: str
    operands: "tuple[Node, ...]"
    at: int


@dataclass(frozen=True, slots=True)
class Choice:
    """``then if condition else other``."""

    condition: "Node"
    then: "Node"
    other: "Node"
    at: int


@dataclass(frozen=True, slots=True)
class Test:
    """``x is defined`` or ``x is none``, and both with ``not``."""

    name: str
    operand: "Node"
    negated: bool
    at: int


@dataclass(frozen=True, slots=True)
class Filtered:
    """``value | name(arguments)``."""

    name: str
    value: "Node"
    arguments: "tuple[Node, ...]"
    named: "tuple[tuple[str, Node], ...]"
    at: int


Node: TypeAlias = (
    Literal
    | Name
    | Lookup
    | ListOf
    | MapOf
    | Sign
    | Arithmetic
    | Join
    | Comparison
    | Not
    | Logic
    | Choice
    | Test
    | Filtered
)


def children(node: Node) -> tuple[Node, ...]:  # noqa: C901, PLR0911  one line for each kind of node
    """Return the nodes directly inside *node*, in the order of the text."""
    match node:
        case Lookup(base, key):
            return (base, key)
        case ListOf(items):
            return items
        case MapOf(pairs):
            return tuple(each for pair in pairs for each in pair)
        case Sign(_, operand) | Not(operand) | Test(_, operand):
            return (operand,)
        case Arithmetic(_, left, right):
            return (left, right)
        case Join(parts) | Logic(_, parts):
            return parts
        case Comparison(first, rest):
            return (first, *(operand for _, operand, _ in rest))
        case Choice(condition, then, other):
            return (then, condition, other)
        case Filtered(_, value, arguments, named):
            return (value, *arguments, *(argument for _, argument in named))
    return ()
