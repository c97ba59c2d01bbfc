"""Turns a tree into closures: what is known beforehand is decided once, here."""

from collections.abc import Callable
from functools import singledispatch
from typing import Any

from workflows.language.expressions import nodes
from workflows.language.expressions.errors import ExpressionFailed, InvalidExpression
from workflows.language.expressions.filters import DEFAULT, FILTERS, bind
from workflows.language.expressions.handles import Secret, join_secret
from workflows.language.expressions.limits import Budget, check_length, check_text, weigh
from workflows.language.expressions.lookups import Context, Run, constant, lookup, path
from workflows.language.expressions.nodes import Node
from workflows.language.expressions.operators import ARITHMETIC, COMPARISONS, signed
from workflows.language.expressions.values import MISSING, equal, kind_of, text_of
from workflows.language.suggestions import did_you_mean

__all__ = ["as_text", "close", "joined", "literal_path"]


def literal_path(node: Node) -> tuple[str | int, ...] | None:
    """Return the keys of a lookup that is written out from its name on, else None."""
    keys: list[str | int] = []
    while isinstance(node, nodes.Lookup):
        if not isinstance(node.key, nodes.Literal) or type(node.key.value) not in (str, int):
            return None
        keys.append(node.key.value)
        node = node.base
    return (node.name, *reversed(keys)) if isinstance(node, nodes.Name) else None


@singledispatch
def close(node: Node) -> Run:
    """Return *node* as a function of the context and the budget.

    Raises:
        InvalidExpression: a filter is unknown, or its arguments do not fit.
    """
    raise TypeError(f"not a node: {type(node)}")


def lenient(node: Node) -> Run:
    """Close what stands before ``| default`` and ``is defined``: MISSING instead of an error."""
    match node:
        case nodes.Name() | nodes.Lookup():
            return _lookup(node, lenient=True)
        case nodes.Choice(condition, then, other):
            return _choice(close(condition), lenient(then), lenient(other))
        case nodes.Filtered(name="default"):
            return _default(node, lenient(_bound(node)["default_value"]))
    return close(node)


@close.register
def _(node: nodes.Literal) -> Run:
    return constant(node.value)


@close.register(nodes.Name)
@close.register(nodes.Lookup)
def _lookup(node: nodes.Name | nodes.Lookup, *, lenient: bool = False) -> Run:
    keys = literal_path(node)
    if keys is None:
        return _computed(node, lenient=lenient)
    if keys[0] == "secrets":
        return _secret(keys, _start(node))
    return path(keys, at=_start(node), lenient=lenient)


def _computed(node: nodes.Name | nodes.Lookup, *, lenient: bool) -> Run:
    if isinstance(node, nodes.Name):
        raise TypeError("a name is always written out")
    inner = node.base
    if isinstance(inner, nodes.Name | nodes.Lookup):
        base = _lookup(inner, lenient=lenient)
    else:
        base = close(inner)
    return located(lookup(base, close(node.key), at=node.at, lenient=lenient), node.at)


def _secret(keys: tuple[str | int, ...], at: int) -> Run:
    if len(keys) != 2 or not isinstance(keys[1], str):
        raise InvalidExpression("a secret is named as `secrets.NAME`", offset=at)
    return constant(Secret(keys[1]))


def _start(node: Node) -> int:
    while isinstance(node, nodes.Lookup):
        node = node.base
    return node.at


def located(run: Run, at: int) -> Run:
    """Return *run* with the place of the node in its errors, unless they have a closer one."""

    def with_place(context: Context, budget: Budget) -> Any:
        try:
            return run(context, budget)
        except ExpressionFailed as error:
            if error.offset is None:
                error.offset = at
            raise

    return with_place


@close.register
def _(node: nodes.ListOf) -> Run:
    items = [close(each) for each in node.items]

    def run(context: Context, budget: Budget) -> Any:
        made = [item(context, budget) for item in items]
        weigh(made, budget)
        return made

    return located(run, node.at)


@close.register
def _(node: nodes.MapOf) -> Run:
    items = [(close(key), close(value)) for key, value in node.items]

    def run(context: Context, budget: Budget) -> Any:
        made = {}
        for key, value in items:
            name = key(context, budget)
            if not isinstance(name, str):
                raise ExpressionFailed(f"a key of a map must be text, not {kind_of(name)}")
            made[name] = value(context, budget)
        weigh(made, budget)
        return made

    return located(run, node.at)


@close.register
def _(node: nodes.Sign) -> Run:
    operand, sign = close(node.operand), node.sign
    return located(lambda context, budget: signed(sign, operand(context, budget)), node.at)


@close.register
def _(node: nodes.Arithmetic) -> Run:
    return _binary(ARITHMETIC[node.sign], close(node.left), close(node.right), node.at)


def _binary(compute: Callable[[Any, Any, Budget], Any], left: Run, right: Run, at: int) -> Run:
    def run(context: Context, budget: Budget) -> Any:
        try:
            return compute(left(context, budget), right(context, budget), budget)
        except ExpressionFailed as error:
            if error.offset is None:
                error.offset = at
            raise

    return run


@close.register
def _(node: nodes.Comparison) -> Run:
    if len(node.rest) == 1:
        sign, right, at = node.rest[0]
        if sign == "==" and isinstance(right, nodes.Literal) and type(right.value) is str:
            return _equals_text(close(node.first), right.value, at)
        return _binary(COMPARISONS[sign], close(node.first), _compared(right), at)
    first = close(node.first)
    rest = [(COMPARISONS[sign], close(operand)) for sign, operand, _ in node.rest]

    def run(context: Context, budget: Budget) -> Any:
        left = first(context, budget)
        for compare, operand in rest:
            right = operand(context, budget)
            if not compare(left, right, budget):
                return False
            left = right
        return True

    return located(run, node.at)


def _compared(node: Node) -> Run:
    """Close what is only looked at, so that a list of literals is made once and for all."""
    if isinstance(node, nodes.ListOf) and all(isinstance(n, nodes.Literal) for n in node.items):
        return constant([each.value for each in node.items if isinstance(each, nodes.Literal)])
    return close(node)


def _equals_text(left: Run, text: str, at: int) -> Run:
    """The commonest condition of all, so it has a closure of its own."""

    def run(context: Context, budget: Budget) -> Any:
        value = left(context, budget)
        return value == text if type(value) is str else equal(value, text, budget)

    return located(run, at)


@close.register
def _(node: nodes.Not) -> Run:
    operand = close(node.operand)
    return lambda context, budget: not operand(context, budget)


@close.register
def _(node: nodes.Logic) -> Run:
    *before, last = [close(each) for each in node.operands]
    decides = node.word == "or"

    def run(context: Context, budget: Budget) -> Any:
        for operand in before:
            value = operand(context, budget)
            if bool(value) is decides:
                return value
        return last(context, budget)

    return run


@close.register
def _(node: nodes.Choice) -> Run:
    return _choice(close(node.condition), close(node.then), close(node.other))


def _choice(condition: Run, then: Run, other: Run) -> Run:
    def run(context: Context, budget: Budget) -> Any:
        return (then if condition(context, budget) else other)(context, budget)

    return run


@close.register
def _(node: nodes.Test) -> Run:
    negated = node.negated
    if node.name == "defined":
        operand = lenient(node.operand)
        return lambda context, budget: (operand(context, budget) is MISSING) is negated
    value = close(node.operand)
    return lambda context, budget: (value(context, budget) is None) is not negated


@close.register
def _(node: nodes.Join) -> Run:
    return located(joined([as_text(close(part), part.at) for part in node.parts]), node.at)


def as_text(run: Run, at: int) -> Run:
    """Return *run* with its value turned into text, or into a handle."""

    def text(context: Context, budget: Budget) -> Any:
        value = run(context, budget)
        if type(value) is str:
            return value
        try:
            return text_of(value, budget)
        except ExpressionFailed as error:
            if error.offset is None:
                error.offset = at
            raise

    return text


def joined(parts: list[Run | str]) -> Run:
    """Return the text of *parts*, one after the other; with a secret in it, a handle."""
    laid = [part if isinstance(part, str) else "" for part in parts]
    runs = [(at, part) for at, part in enumerate(parts) if not isinstance(part, str)]

    def run(context: Context, budget: Budget) -> Any:
        texts: list[Any] = laid.copy()
        for at, part in runs:
            texts[at] = part(context, budget)
        try:
            length = sum(map(len, texts))
        except TypeError:  # a handle of a secret has no length
            return join_secret(texts)
        check_length(length)
        budget.charge_text(length)
        return check_text("".join(texts))

    return run


@close.register
def _(node: nodes.Filtered) -> Run:
    if node.name == "default":
        return _default(node, close(_bound(node)["default_value"]))
    found = FILTERS.get(node.name)
    if found is None:
        raise InvalidExpression(
            f"there is no filter `{node.name}`",
            offset=node.at,
            hint=did_you_mean(node.name, [*FILTERS, "default"]),
        )
    arguments = bind(found, node)
    value = close(node.value)
    known = {n: a.value for n, a in arguments.items() if isinstance(a, nodes.Literal)}
    found.check(known, node.at)
    computed = [(name, close(each)) for name, each in arguments.items() if name not in known]
    return located(_applied(found.apply, value, known, computed), node.at)


def _applied(
    apply: Callable[..., Any], value: Run, known: dict[str, Any], computed: list[tuple[str, Run]]
) -> Run:
    """Return a filter with its arguments: those that are *known* are no work any more."""
    if computed:
        return lambda context, budget: apply(
            value(context, budget),
            budget,
            **known,
            **{name: argument(context, budget) for name, argument in computed},
        )
    if known:
        return lambda context, budget: apply(value(context, budget), budget, **known)
    return lambda context, budget: apply(value(context, budget), budget)


def _bound(node: nodes.Filtered) -> dict[str, Node]:
    return bind(DEFAULT, node)


def _default(node: nodes.Filtered, other: Run) -> Run:
    """``x | default(y)``: for missing and null; with ``true`` as the second, for all that is falsy."""
    value = lenient(node.value)
    boolean = _bound(node).get("boolean")
    falsy = close(boolean) if boolean else None

    def run(context: Context, budget: Budget) -> Any:
        found = value(context, budget)
        if found is MISSING or found is None:
            return other(context, budget)
        if falsy is not None and not found and falsy(context, budget):
            return other(context, budget)
        return found

    return run
