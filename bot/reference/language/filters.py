"""Writes a page for each filter, with an example that is evaluated and one that fails."""

from collections.abc import Mapping
from typing import Final

from bot.reference.expressions import EXAMPLES, about, filters, given, usage
from bot.reference.language.words import NOTE
from workflows.language.expressions import ExpressionFailed, compile_expression

__all__ = ["pages"]

WRONG: Final = ("5", "true", "{'a': 1}", "[[1]]", "'?'", "[]", "''")
"""Values of all kinds; most filters cannot take most of them."""


def pages() -> Mapping[str, str]:
    return {f"filters/{name}.md": _page(name) for name, _ in filters()}


def _page(name: str) -> str:
    declared = dict(filters())[name]
    example = EXAMPLES[name]
    return (
        f"# `{name}`\n{NOTE}\nA filter of expressions: `value | {usage(name, declared)}`.\n\n"
        f"{about(name, declared)}\n\n`{example}` gives `{given(example)}`.\n{_arguments(name)}{_failing(name)}"
        "\n## More\n\n- [Expressions, and all filters](../../expressions.md)\n"
        "- [Expressions and Jinja](../../../explanation/expressions.md)\n"
    )


def _arguments(name: str) -> str:
    declared = dict(filters())[name]
    lines = "".join(
        f"| `{each}` | {'required' if number < declared.required else 'may be left out'} |\n"
        for number, each in enumerate(declared.names)
    )
    return f"\n| argument | |\n|---|---|\n{lines}" if lines else ""


def _failing(name: str) -> str:
    """Show what is said of a value that the filter cannot take, if there is one."""
    call = EXAMPLES[name].partition(" | ")[2]
    for value in WRONG:
        try:
            compile_expression(f"{value} | {call}")({})
        except ExpressionFailed as error:
            return f"\nWhat it cannot take is an error of the step, never an empty result. `{value} | {call}`:\n\n```text\n{error.message}\n```\n"
    return ""
