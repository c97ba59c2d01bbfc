"""Templates: JSON with ``{{ }}`` in its texts. Values go in once and are never parsed again."""

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from workflows.language.expressions.closures import as_text, joined
from workflows.language.expressions.errors import (
    ExpressionError,
    ExpressionFailed,
    InvalidExpression,
)
from workflows.language.expressions.expression import Parsed, read, traced
from workflows.language.expressions.lexer import lex_until_close
from workflows.language.expressions.limits import Budget, weigh
from workflows.language.expressions.lookups import Context, Run, constant
from workflows.language.expressions.references import Reference, check_names

__all__ = ["Template", "compile_template", "has_template"]

Path: TypeAlias = tuple[str | int, ...]


class Template:
    """A compiled template: call it with the names it may use.

    A text that is exactly one ``{{ }}`` gives the value with its type; any other gives text.
    """

    __slots__ = ("_cost", "_run", "constant", "references", "source")

    def __init__(
        self, source: Any, run: Run, found: tuple[Reference, ...] = (), *, cost: int = 0
    ) -> None:
        self.source = source
        self.references = found
        self.constant = cost == 0
        self._cost = cost
        self._run = run

    @property
    def names(self) -> frozenset[Path]:
        """The paths it looks up, as ``("steps", "scan", "output")``."""
        return frozenset(reference.path for reference in self.references)

    def __call__(self, context: Context) -> Any:
        """Return the value; texts may be handles of secrets.

        Raises:
            ExpressionFailed: an expression has no value; the sentence holds it and the place.
        """
        return self._run(context, Budget(self._cost))

    def __repr__(self) -> str:
        return f"Template({self.source!r})"


def has_template(text: str) -> bool:
    """Say whether *text* would be taken for a template."""
    return "{{" in text or "{%" in text


def compile_template(value: Any, *, names: Collection[str] | None = None) -> Template:
    """Compile the texts inside *value*, at any depth; keys are never templates.

    Args:
        value: any JSON value; what is not text stays as it is.
        names: the names that exist where it stands, or None to find out when it is evaluated.

    Raises:
        InvalidExpression: a text cannot be read, or uses a name that is not there.
    """
    if isinstance(value, str):
        return _text(value, names)
    if isinstance(value, dict | list):
        return _structure(value, names)
    return Template(value, constant(value))


def _structure(value: dict[str, Any] | list[Any], names: Collection[str] | None) -> Template:
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value))
    parts = [(key, compile_template(each, names=names)) for key, each in pairs]
    found = tuple(reference for _, part in parts for reference in part.references)
    cost = sum(part._cost for _, part in parts)  # noqa: SLF001  its own class, one level down
    runs = [(key, part._run) for key, part in parts]  # noqa: SLF001  the same
    as_list = isinstance(value, list)

    def run(context: Context, budget: Budget) -> Any:
        if as_list:
            return [each(context, budget) for _, each in runs]
        return {key: each(context, budget) for key, each in runs}

    def weighed(context: Context, budget: Budget) -> Any:
        made = run(context, budget)
        weigh(made, budget)
        return made

    return Template(value, weighed if cost else run, found, cost=cost)


def _text(text: str, names: Collection[str] | None) -> Template:
    try:
        template = _compile(text)
        if names is not None:
            check_names(template.references, names)
    except ExpressionError as error:
        error.source = text
        raise
    return template


@lru_cache(maxsize=4096)
def _compile(text: str) -> Template:
    if not has_template(text):
        return Template(text, constant(text))
    pieces = list(_pieces(text))
    parsed = [piece for piece in pieces if not isinstance(piece, str)]
    found = tuple(reference for piece in parsed for reference in piece.references)
    if len(pieces) == 1 and parsed:
        run = parsed[0].run
    else:
        run = joined([_part(piece) for piece in pieces])
    return Template(text, _sourced(run, text), found, cost=sum(piece.cost for piece in parsed))


def _part(piece: "str | Parsed") -> "Run | str":
    return piece if isinstance(piece, str) else as_text(piece.run, piece.at)


def _sourced(run: Run, text: str) -> Run:
    def with_source(context: Context, budget: Budget) -> Any:
        try:
            return run(context, budget)
        except ExpressionFailed as error:
            raise traced(error, text) from None

    return with_source


def _pieces(text: str) -> Iterator[str | Parsed]:
    """Cut *text* at its braces: plain pieces, and what stands between ``{{`` and ``}}``."""
    position = 0
    while position < len(text):
        start = text.find("{{", position)
        plain = text[position:] if start < 0 else text[position:start]
        if (statement := plain.find("{%")) >= 0:
            raise InvalidExpression(
                "there are no statements, only `{{ expressions }}`",
                offset=position + statement,
                hint="Write `{{ '{%' }}` for the two characters.",
            )
        if plain:
            yield plain
        if start < 0:
            return
        _refuse_trimming(text, start)
        tokens, position = lex_until_close(text, start + 2)
        yield read(tokens)


def _refuse_trimming(text: str, start: int) -> None:
    if text[start + 2 : start + 3] in ("-", "+"):
        raise InvalidExpression(
            f"`{text[start : start + 3]}` does not trim text here",
            offset=start,
            hint="Write a space behind the braces.",
        )
