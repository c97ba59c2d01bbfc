"""Writes values as YAML that reads back as the same values, here and in a browser."""

import re
from typing import Any, Final

import yaml

from workflows.language.loader import FLOAT, INTEGER, NO_NUMBER

__all__ = ["block", "flow"]

WIDTH: Final = 100
LONG: Final = 1_000_000  # a value in braces stays on its line
NULL: Final = ("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL)?$"))
BOOLEAN: Final = ("tag:yaml.org,2002:bool", re.compile("(?:true|True|TRUE|false|False|FALSE)$"))
NUMBERS: Final = re.compile(f"(?:{INTEGER.pattern}|{FLOAT.pattern}|{NO_NUMBER.pattern})$")
NUMBER: Final = ("tag:yaml.org,2002:float", NUMBERS)
WHOLE: Final = ("tag:yaml.org,2002:int", re.compile(f"(?:{INTEGER.pattern})$"))


def _text(printer: Any, data: str) -> Any:
    """Write a text of several lines as such."""
    style = "|" if "\n" in data.strip("\n") and _fits_block(data) else None
    if "\x85" in data:
        style = '"'  # the library takes it for the end of a line, and does not escape it
    return printer.represent_scalar("tag:yaml.org,2002:str", data, style=style)


class _Printer(yaml.SafeDumper):
    """Quotes every text that would be read as something else, by the rules of YAML 1.2."""

    yaml_implicit_resolvers = {  # noqa: RUF012  it is the form that the library looks for
        **{first: [WHOLE, NUMBER] for first in "-+.0123456789"},
        **{first: [NULL] for first in "~nN"},
        **{first: [BOOLEAN] for first in "tTfF"},
        "": [NULL],
    }
    yaml_representers = {**yaml.SafeDumper.yaml_representers, str: _text}  # noqa: RUF012  as above

    def ignore_aliases(self, _data: Any) -> bool:
        """Write a value again instead: definitions have no aliases."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002  the library calls it so
        """Indent lists below their key."""
        super().increase_indent(flow, False)  # noqa: FBT003  as above


def _fits_block(text: str) -> bool:
    lines = text.split("\n")
    return not any(line != line.rstrip() or "\t" in line or "\r" in line for line in lines)


def block(value: Any) -> str:
    """Write *value* as lines; the last one ends with a newline."""
    return _print(value, flow=False, width=WIDTH)


def flow(value: Any) -> str:
    """Write *value* into one line, so that it can stand inside braces."""
    return _print([value], flow=True, width=LONG).strip()[1:-1]


def _print(value: Any, *, flow: bool, width: int) -> str:
    printed: str = yaml.dump(
        value,
        Dumper=_Printer,
        default_flow_style=flow,
        sort_keys=False,
        allow_unicode=True,
        width=width,
    )
    return printed
