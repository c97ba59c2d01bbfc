"""Cuts the text of an expression into tokens. The end of an expression is found here, by lexing."""

import re
from typing import Final, NamedTuple

from workflows.language.expressions.errors import InvalidExpression
from workflows.language.expressions.limits import SOURCE

__all__ = ["Token", "lex", "lex_until_close", "unquote"]

TOKEN: Final = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<float>(?<!\.)\d+(?:_\d+)*(?:\.\d+(?:_\d+)*(?:[eE][-+]?\d+)?|[eE][-+]?\d+))
    | (?P<int>0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|\d+(?:_\d+)*)
    | (?P<name>[^\W\d]\w*)
    | (?P<text>'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")
    | (?P<sign>==|!=|<=|>=|//|\*\*|[-+*/%~|.,:()\[\]{}<>=])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
PLAIN_ESCAPES: Final = {
    "\\": "\\", "'": "'", '"': '"', "\n": "",
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v",
}  # fmt: skip
OPENING: Final = frozenset("([{")
CLOSING: Final = frozenset(")]}")


class Token(NamedTuple):
    """A piece of an expression; *kind* is `name`, `int`, `float`, `text`, `end`, or the sign itself."""

    kind: str
    value: str
    offset: int


def lex(source: str) -> list[Token]:
    """Cut all of *source*; the last token is `end`.

    Raises:
        InvalidExpression: with the offset of what cannot be read.
    """
    tokens, _ = _cut(source, 0, closed=False)
    return tokens


def lex_until_close(source: str, start: int) -> tuple[list[Token], int]:
    """Cut from *start*, just behind a ``{{``, up to the ``}}`` that closes it.

    Returns the tokens and the offset behind the ``}}``. Inside brackets ``}}`` closes maps.

    Raises:
        InvalidExpression: with the offset of what cannot be read, or of a ``{{`` without its end.
    """
    return _cut(source, start, closed=True)


def _cut(source: str, start: int, *, closed: bool) -> tuple[list[Token], int]:
    tokens: list[Token] = []
    position, open_brackets, length = start, 0, len(source)
    while position < length:
        if closed and not open_brackets and source.startswith("}}", position):
            _check_size(source[start:position], start)
            tokens.append(Token("end", "", position))
            return tokens, position + 2
        match = TOKEN.match(source, position)
        kind = match.lastgroup if match else None
        if match is None or kind is None:
            raise _unreadable(source, position)
        if kind == "sign":
            sign = match.group()
            open_brackets += (sign in OPENING) - (sign in CLOSING)
            tokens.append(Token(sign, sign, position))
        elif kind != "space":
            tokens.append(Token(kind, match.group(), position))
        position = match.end()
        if position - start > SOURCE * 2:
            break
    _check_size(source[start:position], start)
    if closed:
        raise InvalidExpression(
            "this `{{` is never closed",
            offset=start - 2,
            hint="Close it with `}}`, or write `{{ '{{' }}` for the two characters.",
        )
    tokens.append(Token("end", "", length))
    return tokens, length


def _check_size(source: str, start: int) -> None:
    if len(source) * 4 > SOURCE and len(source.encode("utf-8", "replace")) > SOURCE:
        raise InvalidExpression(
            f"this expression is longer than {SOURCE // 1024} KiB",
            offset=start,
            hint="Expressions are for small things: give the work to an action.",
        )


def _unreadable(source: str, position: int) -> InvalidExpression:
    character = source[position]
    if character in "'\"":
        return InvalidExpression(
            "this text is never closed", offset=position, hint=f"Close it with {character}."
        )
    mends = {"&": "Write `and`.", "!": "Write `not`.", "^": "There is no such operator."}
    return InvalidExpression(
        f"{character!r} means nothing here", offset=position, hint=mends.get(character)
    )


def unquote(token: Token) -> str:
    """Return the text that a `text` token stands for.

    Raises:
        InvalidExpression: it holds an escape that the language does not have.
    """
    body = token.value[1:-1]
    if "\\" not in body:
        return body
    return ESCAPE.sub(
        lambda match: _escaped(match.group(1), token.offset + 1 + match.start()), body
    )


def _escaped(escape: str, offset: int) -> str:
    if len(escape) > 1:
        code = int(escape[1:], 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise InvalidExpression("this escape names no character", offset=offset)
        return chr(code)
    if escape in "01234567NxuU":
        raise InvalidExpression(
            "this escape is not part of the language",
            offset=offset,
            hint="Write `\\u` and four digits.",
        )
    return PLAIN_ESCAPES.get(escape, "\\" + escape)  # as in Jinja: `\d` stays `\d`
