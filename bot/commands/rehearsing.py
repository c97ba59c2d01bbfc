"""What `dry-run` and `test` share: definitions that are fit to be rehearsed, with those beside them."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baton.errors import BatonError
from bot.commands.validate import neighbours_of, read
from workflows.actions.registry import Registry
from workflows.language.checks import Checked
from workflows.language.errors import InvalidDefinition, Problem
from workflows.language.loader import read_yaml
from workflows.language.together import check_together
from workflows.rehearsal import Company, of_checked

__all__ = ["Fit", "Unreadable", "complain", "fit", "read_data"]


class Unreadable(BatonError):
    """A file that a rehearsal is given cannot be read; the sentence says where and why."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A definition without errors: its name, itself with those beside it, and likely slips."""

    name: str
    company: Company
    warnings: tuple[Problem, ...]


def fit(place: Path, registry: Registry) -> Fit | tuple[Problem, ...]:
    """Return the definition at *place* ready to be rehearsed, or its problems.

    Of the files beside it only those count that it runs as children, at whatever depth.
    """
    texts, unread = read([place])
    if unread:
        return tuple(unread)
    beside, _ = read(neighbours_of(texts))
    own = str(place)
    found = check_together(texts, registry, beside=beside)
    if own not in found.checked:
        return found.problems
    checked = found.checked[own]
    children = _children(checked, beside, registry)
    if isinstance(children, tuple):
        return children
    company = {
        one.workflow.name: of_checked(one, registry) for one in (checked, *children.values())
    }
    return Fit(checked.workflow.name, company, found.problems)


def _children(
    checked: Checked, beside: Mapping[str, bytes], registry: Registry
) -> dict[str, Checked] | tuple[Problem, ...]:
    """Return the definitions that *checked* runs, and that those run; or the problems of one."""
    wanted = list(of_checked(checked, registry).plan.children)
    files = _by_name(beside) if wanted else {}
    found: dict[str, Checked] = {}
    while wanted:
        name = wanted.pop()
        if name in found or name == checked.workflow.name or name not in files:
            continue
        file = files[name]
        others = {other: text for other, text in beside.items() if other != file}
        looked = check_together({file: beside[file]}, registry, beside=others)
        if file not in looked.checked:
            return looked.problems
        found[name] = looked.checked[file]
        wanted += of_checked(found[name], registry).plan.children
    return found


def _by_name(beside: Mapping[str, bytes]) -> dict[str, str]:
    """Return which file defines which workflow, as far as they can be read."""
    found: dict[str, str] = {}
    for file, text in beside.items():
        try:
            data = read_yaml(text, file=file).data
        except InvalidDefinition:
            continue
        if isinstance(data, dict) and isinstance(data.get("name"), str):
            found.setdefault(data["name"], file)
    return found


def read_data(place: Path) -> Any:
    """Read a file of JSON or YAML.

    Raises:
        Unreadable: it is not there, or neither.
    """
    try:
        text = place.read_bytes()
    except OSError as error:
        raise Unreadable(f"{place} cannot be read: {error.strerror or error}.") from None
    if place.suffix == ".json":
        try:
            return json.loads(text)
        except ValueError as error:
            raise Unreadable(f"{place} is not JSON: {error}.") from None
    try:
        document = read_yaml(text, file=str(place))
    except InvalidDefinition as error:
        raise Unreadable(str(error)) from None
    if document.problems:
        raise Unreadable("\n".join(map(str, document.problems)))
    return document.data


def complain(problems: Iterable[Problem]) -> None:
    """Print problems where they do not mix with what a command prints."""
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
