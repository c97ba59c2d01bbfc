"""Checks files that belong together: each of them, and what they say about one another."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath

from workflows.language.catalogue import Catalogue
from workflows.language.checks import Checked, check_document
from workflows.language.errors import InvalidDefinition, Problem, in_order
from workflows.language.findings import Findings
from workflows.language.loader import read_yaml
from workflows.language.neighbours import Known, Neighbours, outline
from workflows.language.places import Document

__all__ = ["Together", "check_together"]


@dataclass(frozen=True, slots=True)
class Together:
    """What came of files: those without errors, and all problems of all of them, in their order."""

    checked: Mapping[str, Checked]
    problems: tuple[Problem, ...]

    @property
    def failed(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


def check_together(
    files: Mapping[str, str | bytes],
    catalogue: Catalogue,
    *,
    beside: Mapping[str, str | bytes] | None = None,
    published: Mapping[str, Known] | None = None,
) -> Together:
    """Check *files*, by name, in the light of each other.

    Args:
        files: what is checked.
        catalogue: the actions that steps may name.
        beside: other files of the same folders; they are known, and their own problems left alone.
        published: all workflows there are besides. With it, a child that is not among them is an
            error; without it, a warning.
    """
    documents, refused = _read(files)
    others, _ = _read(beside or {})
    known = {**(published or {}), **_outlines(others)}
    known |= {name: _standing(each, known.get(name)) for name, each in _outlines(documents).items()}
    neighbours = Neighbours(known, complete=published is not None)
    checked: dict[str, Checked] = {}
    problems: list[Problem] = []
    twice = _twice({**documents, **others})
    for file in files:
        found = list(refused.get(file, ()))
        if file in documents:
            try:
                checked[file] = check_document(documents[file], catalogue, neighbours)
                found = list(checked[file].warnings)
            except InvalidDefinition as error:
                found = list(error.problems)
        if file in twice:
            checked.pop(file, None)
            found.append(twice[file])
        problems.extend(in_order(found))
    return Together(checked, tuple(problems))


def _read(
    files: Mapping[str, str | bytes],
) -> tuple[dict[str, Document], dict[str, tuple[Problem, ...]]]:
    documents, refused = {}, {}
    for file, text in files.items():
        try:
            documents[file] = read_yaml(text, file=file)
        except InvalidDefinition as error:
            refused[file] = error.problems
    return documents, refused


def _outlines(documents: Mapping[str, Document]) -> dict[str, Known]:
    found = [outline(document.data) for document in documents.values()]
    return dict(each for each in found if each is not None)


def _standing(read: Known, before: Known | None) -> Known:
    """Return a definition as it will stand: published anew, what is paused or archived stays so."""
    kept = before is not None and before.status in ("paused", "archived")
    return replace(read, status=before.status) if before is not None and kept else read


def _twice(documents: Mapping[str, Document]) -> dict[str, Problem]:
    """Return for each file a problem if another one of its folder has the same workflow."""
    first: dict[tuple[PurePath, str], str] = {}
    found: dict[str, Problem] = {}
    for file, document in documents.items():
        named = outline(document.data)
        if named is None:
            continue
        other = first.setdefault((PurePath(file).parent, named[0]), file)
        if other != file:
            findings = Findings(document)
            message = f"`{PurePath(other).name}` defines a workflow `{named[0]}` as well"
            findings.add("duplicate", ("name",), message, "Give one of them another name.")
            found[file] = findings.problems[-1]
    return found
