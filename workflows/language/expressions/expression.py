"""An expression that stands alone, as in ``condition`` and ``where``."""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from workflows.language.expressions.closures import close
from workflows.language.expressions.depth import measure
from workflows.language.expressions.errors import (
    ExpressionError,
    ExpressionFailed,
    InvalidExpression,
)
from workflows.language.expressions.lexer import Token, lex
from workflows.language.expressions.limits import Budget
from workflows.language.expressions.lookups import Context, Run
from workflows.language.expressions.parser import parse
from workflows.language.expressions.references import Reference, check_names, references

__all__ = ["Expression", "Parsed", "compile_expression", "predicate", "read", "traced"]


class Expression:
    """A compiled expression: call it with the names it may use.

    Values in the context are JSON, and the context is any mapping. What comes back may share parts
    with it, so neither is to be changed.
    """

    __slots__ = ("_cost", "_run", "references", "source")

    def __init__(self, source: str, run: Run, found: tuple[Reference, ...], cost: int) -> None:
        self.source = source
        self.references = found
        self._run = run
        self._cost = cost

    @property
    def names(self) -> frozenset[tuple[str | int, ...]]:
        """The paths it looks up, as ``("steps", "scan", "output")``."""
        return frozenset(reference.path for reference in self.references)

    def __call__(self, context: Context) -> Any:
        """Return the value.

        Raises:
            ExpressionFailed: it has none; the sentence holds the expression and the place.
        """
        try:
            return self._run(context, Budget(self._cost))
        except ExpressionFailed as error:
            raise traced(error, self.source) from None

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"


def traced(error: ExpressionFailed, source: str) -> ExpressionFailed:
    """Return *error* with the text it happened in."""
    if error.source is None:
        error.source = source
    return error


class Parsed(NamedTuple):
    """What has been read: the closure, its references, what it costs at least, and where it is."""

    run: Run
    references: tuple[Reference, ...]
    cost: int
    at: int


def read(tokens: list[Token]) -> Parsed:
    """Read *tokens* as one expression.

    Raises:
        InvalidExpression: with the offset of what is wrong.
    """
    node = parse(tokens)
    cost = measure(node)  # first, since what follows goes down as deep as the tree
    return Parsed(close(node), tuple(references(node)), cost, tokens[0].offset)


def compile_expression(text: str, *, names: Collection[str] | None = None) -> Expression:
    """Compile *text*; the same text is compiled once.

    Args:
        text: the bare expression, without braces.
        names: the names that exist where it stands, or None to find out when it is evaluated.

    Raises:
        InvalidExpression: it cannot be read, or uses a name that is not there.
    """
    try:
        expression = _compile(text)
        if names is not None:
            check_names(expression.references, names)
    except ExpressionError as error:
        error.source = text
        raise
    return expression


@lru_cache(maxsize=2048)
def _compile(text: str) -> Expression:
    tokens = lex(text)
    _refuse_braces(tokens, text)
    parsed = read(tokens)
    return Expression(text, parsed.run, parsed.references, parsed.cost)


def _refuse_braces(tokens: list[Token], text: str) -> None:
    """Refuse the braces of a template, which are none of a map: no map is the key of another."""
    for token, after in pairwise(tokens):
        if token.kind == "{" == after.kind and after.offset == token.offset + 1:
            bare = " ".join(text.replace("{{", " ").replace("}}", " ").split())
            raise InvalidExpression(
                "this is an expression already, without braces",
                offset=token.offset,
                hint=f"Write `{bare[:200]}`.",
            )


def predicate(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """Compile *text* as a yes or no: false, null, 0, "", [] and {} are no.

    Raises:
        InvalidExpression: it cannot be read.
    """
    expression = compile_expression(text)
    return lambda context: bool(expression(context))
