"""Coordination's port ``Language``: texts in, definitions or all their problems out."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any

from coordination.ports import Gain, ReadDefinition
from coordination.refusals import InvalidDefinition
from workflows.language.capabilities import gains
from workflows.language.catalogue import Catalogue
from workflows.language.definition import to_definition
from workflows.language.errors import Problem
from workflows.language.neighbours import outline
from workflows.language.together import check_together

__all__ = ["DefinitionReader"]

NOTHING: Mapping[str, str] = MappingProxyType({})


class DefinitionReader:
    """Reads definitions whose steps may use the actions of *catalogue*."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def read(
        self,
        files: Mapping[str, str | bytes],
        published: Mapping[str, Any],
        idle: Mapping[str, str] = NOTHING,
    ) -> Mapping[str, ReadDefinition | InvalidDefinition]:
        """Return what came of each file; see the port."""
        outlines = [outline(body) for body in published.values()]
        known = dict(each for each in outlines if each is not None)
        known |= {
            name: replace(each, status=idle[name]) for name, each in known.items() if name in idle
        }
        found = check_together(files, self._catalogue, published=known)
        of: dict[str, list[Problem]] = {name: [] for name in files}
        for problem in found.problems:
            of[problem.file].append(problem)
        return {
            name: ReadDefinition(to_definition(found.checked[name]), _facts(of[name]))
            if name in found.checked
            else InvalidDefinition(_facts(of[name]), "\n".join(map(str, of[name])))
            for name in files
        }

    def gains(self, before: Any, after: Any) -> tuple[Gain, ...]:
        """Say what *after* may do that *before* could not."""
        return gains(before, after)


def _facts(problems: Iterable[Problem]) -> tuple[Mapping[str, Any], ...]:
    return tuple(asdict(problem) for problem in problems)
