"""Reads tokens into a tree, with the precedence of Jinja's expressions.

From loosest to tightest: ``x if c else y``; ``or``; ``and``; ``not``; comparisons, ``in``; ``+ -``;
``~``; ``* / // %``; signs; filters and tests; ``.`` and ``[]``.
"""

from typing import Any, Final

from workflows.language.expressions.depth import too_deep
from workflows.language.expressions.errors import InvalidExpression
from workflows.language.expressions.lexer import Token, unquote
from workflows.language.expressions.limits import DEPTH
from workflows.language.expressions.nodes import (
    Arithmetic,
    Choice,
    Comparison,
    Filtered,
    Join,
    ListOf,
    Literal,
    Logic,
    Lookup,
    MapOf,
    Name,
    Node,
    Not,
    Sign,
    Test,
)
from workflows.language.expressions.values import BIGGEST
from workflows.language.suggestions import did_you_mean

__all__ = ["TESTS", "parse"]

OR, AND, NOT, COMPARE, SUM, JOIN, PRODUCT = 1, 2, 3, 4, 5, 6, 7
BINDING: Final = {
    "or": OR, "and": AND, "==": COMPARE, "!=": COMPARE, "<": COMPARE, "<=": COMPARE, ">": COMPARE,
    ">=": COMPARE, "in": COMPARE, "not": COMPARE, "+": SUM, "-": SUM, "~": JOIN, "*": PRODUCT,
    "/": PRODUCT, "//": PRODUCT, "%": PRODUCT,
}  # fmt: skip
CONSTANTS: Final[dict[str, Any]] = {
    "true": True, "True": True, "false": False, "False": False, "none": None, "None": None,
}  # fmt: skip
WORDS: Final = frozenset({"and", "or", "not", "in", "is", "if", "else"})
TESTS: Final = ("defined", "none")
FOREIGN: Final = {
    "**": "Multiply, or compute it in an action.",
    "=": "Two values are compared with `==`.",
    "|": "A filter stands behind a value: `x | length`.",
    "{": "Braces are not needed here, this is an expression already.",
}


def parse(tokens: list[Token]) -> Node:
    """Read *tokens*, which end with `end`, as one expression.

    How deep a chain of operators nests is not looked at here: `measure` the tree before anything
    else goes down into it.

    Raises:
        InvalidExpression: with the offset of the first token that does not fit.
    """
    parser = Parser(tokens)
    if parser.peek.kind == "end":
        raise InvalidExpression("there is no expression here", offset=parser.peek.offset)
    node = parser.expression()
    if parser.peek.kind != "end":
        raise parser.unexpected()
    return node


class Parser:
    """One pass over the tokens of one expression."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.index = 0
        self.depth = 0

    @property
    def peek(self) -> Token:
        return self.tokens[self.index]

    def advance(self) -> Token:
        token = self.tokens[self.index]
        self.index += 1
        return token

    def expect(self, kind: str) -> Token:
        if self.peek.kind != kind:
            raise self.unexpected(f"`{kind}`")
        return self.advance()

    def at_word(self, word: str) -> bool:
        return self.peek.kind == "name" and self.peek.value == word

    def unexpected(self, wanted: str | None = None) -> InvalidExpression:
        token = self.peek
        what = (
            "the expression ends here"
            if token.kind == "end"
            else f"`{token.value}` cannot stand here"
        )
        if wanted:
            what = f"{what}, where {wanted} is expected"
        return InvalidExpression(what, offset=token.offset, hint=FOREIGN.get(token.kind))

    def expression(self) -> Node:
        """``x if c else y``, or anything that binds tighter."""
        self.enter()
        node = self.binary(OR)
        if self.at_word("if"):
            at = self.advance().offset
            condition = self.binary(OR)
            if not self.at_word("else"):
                raise InvalidExpression(
                    "this `if` has no `else`",
                    offset=at,
                    hint="Say what it is otherwise: `x if c else y`.",
                )
            self.advance()
            node = Choice(condition, node, self.expression(), at)
        self.depth -= 1
        return node

    def enter(self) -> None:
        """Count a level, and refuse one too many before Python's own stack does."""
        self.depth += 1
        if self.depth > DEPTH:
            raise too_deep(self.peek.offset)

    def binary(self, least: int) -> Node:
        """Operands joined by operators that bind at least as tight as *least*."""
        node = self.negation() if least <= NOT else self.unary()
        while True:
            token = self.peek
            binding = BINDING.get(token.value, 0) if token.kind not in ("text", "end") else 0
            if not binding or binding < least:
                return node
            node = self.operation(node, token, binding)

    def operation(self, left: Node, token: Token, binding: int) -> Node:
        """What the operator *token* makes of *left* and what follows."""
        if binding in (OR, AND):
            return self.logic(left, binding)
        if binding == COMPARE:
            return self.comparison(left)
        if binding == JOIN:
            return self.join(left)
        self.advance()
        return Arithmetic(token.value, left, self.binary(binding + 1), token.offset)

    def negation(self) -> Node:
        if not self.at_word("not"):
            return self.unary()
        at = self.advance().offset
        self.enter()
        operand = self.binary(NOT)
        self.depth -= 1
        return Not(operand, at)

    def logic(self, first: Node, binding: int) -> Node:
        token = self.peek
        operands = [first]
        while self.at_word(token.value):
            self.advance()
            operands.append(self.binary(binding + 1))
        return Logic(token.value, tuple(operands), token.offset)

    def join(self, first: Node) -> Node:
        at = self.peek.offset
        parts = [first]
        while self.peek.kind == "~":
            self.advance()
            parts.append(self.binary(JOIN + 1))
        return Join(tuple(parts), at)

    def comparison(self, first: Node) -> Node:
        at = self.peek.offset
        rest = []
        while BINDING.get(self.peek.value) == COMPARE and self.peek.kind != "text":
            token = self.advance()
            sign = token.value
            if sign == "not":
                if not self.at_word("in"):
                    raise self.unexpected("`in`")
                self.advance()
                sign = "not in"
            rest.append((sign, self.binary(COMPARE + 1), token.offset))
        return Comparison(first, tuple(rest), at)

    def unary(self, *, filters: bool = True) -> Node:
        """A sign and what it stands before, then keys, then filters and tests."""
        if self.peek.kind in ("-", "+"):
            token = self.advance()
            self.enter()
            node = _signed(token, self.unary(filters=False))
            self.depth -= 1
        else:
            node = self.primary()
        node = self.keys(node)
        return self.filters(node) if filters else node

    def keys(self, node: Node) -> Node:
        while True:
            if self.peek.kind == ".":
                self.advance()
                if self.peek.kind not in ("name", "int"):
                    raise self.unexpected("the name of a field")
                token = self.advance()
                key = (
                    int(token.value)
                    if token.kind == "int" and token.value.isdigit()
                    else token.value
                )
                node = Lookup(node, Literal(key, token.offset), token.offset)
            elif self.peek.kind == "[":
                at = self.advance().offset
                if self.peek.kind == ":":
                    raise self.unexpected("a key")
                inner = self.expression()
                self.expect("]")
                node = Lookup(node, inner, at)
            else:
                return node

    def filters(self, node: Node) -> Node:
        while True:
            if self.peek.kind == "|":
                self.advance()
                node = self.filter(node)
            elif self.at_word("is"):
                node = self.test(node)
            elif self.peek.kind == "(":
                raise InvalidExpression(
                    "there are no calls",
                    offset=self.peek.offset,
                    hint="Filters do that: `x | length`.",
                )
            else:
                return node

    def filter(self, value: Node) -> Node:
        if self.peek.kind != "name":
            raise self.unexpected("the name of a filter")
        token = self.advance()
        arguments: list[Node] = []
        named: list[tuple[str, Node]] = []
        if self.peek.kind == "(":
            self.advance()
            while self.peek.kind != ")":
                self.argument(arguments, named)
                if self.peek.kind != ")":
                    self.expect(",")
            self.advance()
        return Filtered(token.value, value, tuple(arguments), tuple(named), token.offset)

    def argument(self, arguments: list[Node], named: list[tuple[str, Node]]) -> None:
        if self.peek.kind == "name" and self.tokens[self.index + 1].kind == "=":
            name = self.advance().value
            self.advance()
            named.append((name, self.expression()))
        elif named:
            raise self.unexpected("an argument with its name")
        else:
            arguments.append(self.expression())

    def test(self, operand: Node) -> Node:
        self.advance()
        negated = self.at_word("not")
        if negated:
            self.advance()
        token = self.peek
        name = token.value.lower() if token.value in ("none", "None") else token.value
        if token.kind != "name" or name not in TESTS:
            raise InvalidExpression(
                f"there is no test `is {token.value}`",
                offset=token.offset,
                hint=did_you_mean(name, TESTS) or "There are `is defined` and `is none`.",
            )
        self.advance()
        return Test(name, operand, negated, token.offset)

    def primary(self) -> Node:
        token = self.peek
        match token.kind:
            case "name" if token.value not in WORDS:
                self.advance()
                if token.value in CONSTANTS:
                    return Literal(CONSTANTS[token.value], token.offset)
                return Name(token.value, token.offset)
            case "int" | "float":
                return _number(self.advance())
            case "text":
                return self.text()
        return self.bracketed()

    def bracketed(self) -> Node:
        match self.peek.kind:
            case "(":
                return self.group()
            case "[":
                return self.list_of()
            case "{":
                return self.map_of()
        raise self.unexpected("a value")

    def text(self) -> Node:
        """One text, or several in a row, which are one as in Jinja."""
        first = self.peek
        pieces = []
        while self.peek.kind == "text":
            pieces.append(unquote(self.advance()))
        return Literal("".join(pieces), first.offset)

    def group(self) -> Node:
        self.advance()
        if self.peek.kind == ")":
            raise self.unexpected("a value")
        node = self.expression()
        if self.peek.kind == ",":
            raise InvalidExpression(
                "a list stands in square brackets", offset=self.peek.offset, hint="Write `[a, b]`."
            )
        self.expect(")")
        return node

    def list_of(self) -> Node:
        at = self.advance().offset
        items = []
        while self.peek.kind != "]":
            items.append(self.expression())
            if self.peek.kind != "]":
                self.expect(",")
        self.advance()
        return ListOf(tuple(items), at)

    def map_of(self) -> Node:
        at = self.advance().offset
        items = []
        while self.peek.kind != "}":
            key = self.expression()
            self.expect(":")
            items.append((key, self.expression()))
            if self.peek.kind != "}":
                self.expect(",")
        self.advance()
        return MapOf(tuple(items), at)


def _signed(token: Token, operand: Node) -> Node:
    if isinstance(operand, Literal) and type(operand.value) in (int, float):
        return Literal(-operand.value if token.kind == "-" else operand.value, token.offset)
    return Sign(token.kind, operand, token.offset)


def _number(token: Token) -> Literal:
    text = token.value.replace("_", "")
    value: int | float
    if token.kind == "float":
        value = float(text)
        fits = value != float("inf")
    else:
        if text[0] == "0" and text.isdigit() and text.strip("0"):
            raise InvalidExpression(
                "a number does not begin with 0",
                offset=token.offset,
                hint=f"Write {text.lstrip('0')}.",
            )
        # Twenty digits are past 64 bits, and Python refuses to read some thousands of them.
        value = int(text[:70], 0) if not text.isdigit() else int(text[:20])
        fits = value < BIGGEST and len(text) <= 70
    if not fits:
        raise InvalidExpression("this number does not fit into 64 bits", offset=token.offset)
    return Literal(value, token.offset)
