"""Writes ``docs/reference/expressions.md`` from the filters as they are, with examples that are evaluated."""

import inspect
import json
from collections.abc import Iterator

from workflows.language.expressions import compile_expression
from workflows.language.expressions.filters import DEFAULT, FILTERS, Filter
from workflows.language.expressions.limits import DEPTH, ITEMS, OPERATIONS, SOURCE, TEXT

HEAD = f"""# Expressions

<!-- Written by `python -m bot.reference`; a test compares. Change the code, not this page. -->

A condition is an expression; a template is text with expressions between `{{{{` and `}}}}`. A template that is nothing but one
expression gives its value with its type; any other gives text: texts as they are, all else as compact JSON.

| written | means |
|---|---|
| `1`, `2.5`, `'text'`, `true`, `none`, `[a, b]`, `{{'k': v}}` | values; a text may stand in either quotes |
| `a.b`, `a['b']`, `a[0]`, `a[-1]` | what a map holds under a key, or a list at a place; there are no attributes |
| `== != < <= > >=`, `a < b <= c` | comparison; values of different types are never equal, and have no order |
| `in`, `not in` | an item of a list, a key of a map, a part of a text |
| `and`, `or`, `not` | false, null, 0, `''`, `[]` and `{{}}` are no; `and` and `or` give the operand that decided |
| `+ - * / // %` | numbers; `+` joins two texts or two lists as well; `//` and `%` round down |
| `a ~ b` | both as text, one after the other |
| `x if c else y` | one or the other |
| `x is defined`, `x is none` | whether there is a value at all; whether it is null |
| `x \\| filter`, `x \\| filter(argument)` | the filters below |

What is missing is an error that names the expression and the place. The ways out are `x | default(y)`, for what is missing or
null, and `x is defined`.

An expression has at most {SOURCE // 1024} KiB and nests at most {DEPTH} levels. It takes at most {OPERATIONS:,} operations, and makes
no text of more than {TEXT // 1024} KiB and no list of more than {ITEMS:,} items. Whole numbers have 64 bits. Where this differs from
Jinja, and why: [Expressions and Jinja](../explanation/expressions.md).

## Filters
"""
EXAMPLES = {
    "contains": "['a', 'b'] | contains('b')",
    "date": "'2026-03-02T10:15:04Z' | date('%d.%m.%Y %H:%M', 'Europe/Berlin')",
    "default": "none | default('-')",
    "duration": "'1h30m' | duration",
    "endswith": "'a.yaml' | endswith('.yaml')",
    "first": "[3, 1] | first",
    "float": "'1.5' | float",
    "fromjson": """'{"a": [1]}' | fromjson""",
    "int": "'42' | int",
    "items": "{'a': 1} | items",
    "join": "['a', 'b'] | join(', ')",
    "keys": "{'b': 1, 'a': 2} | keys",
    "last": "[3, 1] | last",
    "length": "'build' | length",
    "lower": "'Main' | lower",
    "map": "[{'id': 1}, {'id': 2}] | map('id')",
    "matches": "'build-42' | matches('-[0-9]+$')",
    "max": "[3, 1] | max",
    "min": "[3, 1] | min",
    "reject": "[{'id': 1, 'ok': true}, {'id': 2, 'ok': false}] | reject('ok')",
    "replace": "'a-b-c' | replace('-', '/')",
    "reverse": "[3, 1] | reverse",
    "round": "2.345 | round(2)",
    "select": "[{'id': 1, 'on': 'x'}, {'id': 2, 'on': 'y'}] | select('on', 'y')",
    "slice": "[1, 2, 3, 4, 5] | slice(2)",
    "sort": "['b', 'A', 'c'] | sort(reverse=true)",
    "split": "'a,b' | split(',')",
    "startswith": "'build-42' | startswith('build')",
    "string": "[1, 'a'] | string",
    "sum": "[{'n': 1}, {'n': 2}] | sum(attribute='n')",
    "title": "'nightly build' | title",
    "tojson": "{'a': none} | tojson",
    "trim": "'  x ' | trim",
    "unique": "['b', 'B', 'a'] | unique",
    "upper": "'main' | upper",
    "values": "{'b': 1, 'a': 2} | values",
}
ABOUT_DEFAULT = "Give *default_value* where this is missing or null; with true as *boolean*, for all that is no."


def reference() -> str:
    """Return the whole page."""
    rows = "".join(
        f"| [`{usage(name, each)}`](language/filters/{name}.md) | {about(name, each)} | `{_cell(EXAMPLES[name])}` gives `{_cell(given(EXAMPLES[name]))}` |\n"
        for name, each in filters()
    )
    return f"{HEAD}\n| filter | does | so |\n|---|---|---|\n{rows}"


def filters() -> Iterator[tuple[str, Filter]]:
    """Yield the filters by name."""
    yield from sorted({**FILTERS, "default": DEFAULT}.items())


def about(name: str, declared: Filter) -> str:
    """Return what a filter does, in a sentence or two."""
    text = ABOUT_DEFAULT if name == "default" else inspect.getdoc(declared.apply) or ""
    return text.split("\n\n")[0].replace("\n", " ").replace("``", "`").replace("|", "\\|")


def given(example: str) -> str:
    """Return what an expression gives, as JSON."""
    return json.dumps(compile_expression(example)({}), ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def usage(name: str, declared: Filter) -> str:
    """Write how the filter is called: what may be left out has its default behind it, or `?`."""
    known = inspect.signature(declared.apply).parameters
    arguments = []
    for number, each in enumerate(declared.names):
        default = known[each].default if each in known else inspect.Parameter.empty
        if number < declared.required:
            arguments.append(each)
        elif type(default) in (str, int, bool):
            arguments.append(f"{each}={json.dumps(default)}")
        else:
            arguments.append(f"{each}?")
    return f"{name}({', '.join(arguments)})" if arguments else name
