"""The models of ``NAME.test.yaml``: cases that a rehearsal plays, and what is expected of each."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from workflows.language.errors import InvalidDefinition
from workflows.language.findings import Findings
from workflows.language.loader import read_yaml
from workflows.language.parts import Json, Line, Part, shape, without_own_keys
from workflows.language.places import Document
from workflows.language.structure import salvage

__all__ = ["Case", "Cases", "Expect", "Said", "read_case_file"]

Status = Literal[
    "queued",
    "running",
    "waiting",
    "paused",
    "compensating",
    "unknown",
    "completed",
    "failed",
    "cancelled",
]
Paths = list[Line]


class Said(Part):
    """Something that is posted, and where."""

    text: Line
    channel: Line | None = None


Post = Annotated[
    Annotated[Line, Tag("<text>")] | Annotated[Said, Tag("<map>")], Discriminator(shape)
]


class Expect(Part):
    """What a case expects; what it does not name is not looked at, and an empty list means: none."""

    status: Status | None = None
    """How the run stands in the end."""
    outputs: dict[str, Json] | None = None
    """Outputs by name; others may be there."""
    completed: Paths | None = None
    """Paths of steps that completed."""
    skipped: Paths | None = None
    not_taken: Paths | None = None
    failed: Paths | None = None
    compensated: Paths | None = None
    """Paths of steps that were taken back."""
    posts: list[Post] | None = None
    """Texts that are said in Slack, in this order; each may be a part of what is said."""
    params: dict[Line, dict[str, Json]] | None = None
    """Params of actions by path, as they were rendered; others may be there."""

    @model_validator(mode="after")
    def _something(self) -> "Expect":
        if not self.model_fields_set:
            hint = "A case that expects nothing cannot fail."
            raise PydanticCustomError("value", "must name something", {"hint": hint})
        return self


class Case(Part):
    """One rehearsal, and what is expected of it."""

    name: Line
    inputs: dict[str, Json] = Field(default_factory=dict)
    """What the run is started with."""
    events: list[Json] = Field(default_factory=list)
    """Events, as `dry-run` takes them."""
    decide: dict[Line, Json] = Field(default_factory=dict)
    """Answers of people, by path."""
    stubs: dict[Line, Json] = Field(default_factory=dict)
    """Answers of actions, by path."""
    expect: Expect


class Cases(Part):
    """A file of cases."""

    cases: list[Case] = Field(min_length=1)

    _own_keys = model_validator(mode="before")(without_own_keys)


def read_case_file(text: str | bytes, *, file: str) -> tuple[Cases, Document]:
    """Read the cases in *text*; *file* is the name it has in problems.

    Raises:
        InvalidDefinition: with every problem and its place.
    """
    document = read_yaml(text, file=file)
    findings = Findings(document)
    if not isinstance(document.data, dict):
        findings.add("type", (), "a file of cases is a map", "Write `cases`.")
        raise InvalidDefinition(findings.problems)
    cases = salvage(Cases, document.data, (), findings)
    seen: set[str] = set()
    for number, case in enumerate(cases.cases if cases is not None else ()):
        if case.name in seen:
            at = ("cases", number, "name")
            findings.add("duplicate", at, f"there are two cases `{case.name}`", "Rename one.")
        seen.add(case.name)
    if findings.failed or cases is None:
        raise InvalidDefinition(findings.problems)
    return cases, document
