"""Writes a page for each code of a problem: a definition that has it, what is said, and the mend."""

import difflib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from bot.commands.validate import read
from bot.reference.language.examples import ROOT
from bot.reference.language.mends import MENDS, mended
from bot.reference.language.words import NOTE
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.codes import CODES
from workflows.language.errors import InvalidDefinition, Problem
from workflows.language.model import Input
from workflows.language.neighbours import Known, Neighbours

__all__ = ["CASES", "cases_of", "pages", "problems_of", "text_of"]

CASES: Final = ROOT / "tests" / "cases" / "problems"
HEADER: Final = 3
"""The lines at the top of a case that say what is expected of it."""
FILE: Final = "flow.yaml"


def pages() -> Mapping[str, str]:
    return {f"errors/{code}.md": _page(code) for code in CODES}


def cases_of(code: str) -> list[Path]:
    """Return the definitions that have this problem; the plainest of them is first."""
    found = [file for file in CASES.glob("*.yaml") if _code(file) == code]
    return sorted(found, key=lambda file: (file.stem != code, file.stem))


def problems_of(text: str) -> Sequence[Problem]:
    """Return what is wrong with the *text* of a case, warnings too."""
    child = Known(
        inputs={"host": Input(type="string", required=True), "port": Input(type="integer")}
    )
    asleep = Known(status="paused")
    known = {"child": child, "asleep": asleep, "flow": Known(calls=("flow",))}
    beside = Neighbours(known, complete=True)
    try:
        return check(text, _registry(), file=FILE, neighbours=beside).warnings
    except InvalidDefinition as refused:
        return refused.problems


@cache
def _registry() -> Registry:
    return Registry(built_in(environment={}))


def text_of(file: Path) -> str:
    """Return a case without what is expected of it."""
    return file.read_text(encoding="utf-8").split("\n", HEADER)[HEADER]


def _code(file: Path) -> str:
    return file.read_text(encoding="utf-8").split(" ", 3)[2]


def _page(code: str) -> str:
    cases = cases_of(code)
    shown = "".join(_case(file) for file in cases) if cases else _unread()
    return f"# `{code}`\n{NOTE}\n{CODES[code]}\n{shown}{_more()}"


def _case(file: Path) -> str:
    text = text_of(file)
    problems = problems_of(text)
    own = next(each for each in problems if each.code == _code(file))
    kind = "an error" if own.severity == "error" else "a warning"
    said = "".join(f"{each}\n" for each in problems)
    return (
        f"\n## {own.message}\n\n```yaml\n{text}```\n\nThis is {kind}:\n\n```text\n{said}```\n"
        f"{_mend(file.stem, text)}"
    )


def _mend(name: str, text: str) -> str:
    if name not in MENDS:
        return ""  # the sentence says what to do
    return f"\nThis mends it:\n\n```diff\n{_difference(text, mended(name, text))}```\n"


def _difference(before: str, after: str) -> str:
    """Return the lines that go, and those that come, between those around them."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    shown = [line for line in lines if not line.startswith("?")]
    return "".join(f"{line[0]}{line[2:]}".rstrip() + "\n" for line in shown)


def _unread() -> str:
    _, (problem,) = read([Path("nowhere.yaml")])
    return f"\n```text\n{problem}\n```\n"


def _more() -> str:
    return (
        "\n## More\n\n- [All codes](../index.md#errors)\n"
        "- `python -m bot validate FILE --json` prints the code of each problem.\n"
    )
