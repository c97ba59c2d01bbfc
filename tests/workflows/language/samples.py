"""A small catalogue of actions, and short ways to read a file and to look at its problems."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from workflows.language.checks import Checked, check
from workflows.language.errors import InvalidDefinition, Problem


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Command(Strict):
    argv: list[str] = Field(min_length=1)
    cwd: str = "."
    env: dict[str, str] = Field(default_factory=dict)


class Ended(BaseModel):
    exit_code: int
    stdout: str


class Request(Strict):
    url: str = Field(pattern="^https?://")
    method: str = "GET"
    tries: int = 1
    headers: dict[str, str] = Field(default_factory=dict)


class Log(Strict):
    message: str = Field(max_length=20)
    level: str | None = None

    @model_validator(mode="after")
    def _no_shouting(self) -> "Log":
        if self.message.isupper() and self.level == "quiet":
            raise ValueError("do not shout")
        return self


@dataclass(frozen=True)
class Spec:
    name: str
    params: type[BaseModel]
    result: type[BaseModel] | None = None
    repeatable: Any = False


SPECS = {
    spec.name: spec
    for spec in (
        Spec("shell.run", Command, Ended),
        Spec("http.request", Request, None, lambda params: params.method == "GET"),
        Spec("baton.log", Log, None, repeatable=True),
        Spec("ops.deploy", Log),
    )
}


class Catalogue:
    def get(self, name: str) -> Spec | None:
        return SPECS.get(name)

    def names(self) -> Iterable[str]:
        return list(SPECS)


def read(text: str) -> Checked:
    return check(text, Catalogue(), file="flow.yaml")


def problems(text: str) -> list[Problem]:
    """Everything that is said about *text*, warnings too."""
    try:
        return list(read(text).warnings)
    except InvalidDefinition as refused:
        return list(refused.problems)


def places(text: str) -> list[tuple[int, int, str]]:
    """Line, column and code of every problem."""
    return [(each.line, each.column, each.code) for each in problems(text)]


def steps(text: str, head: str = "") -> str:
    """A workflow with these steps; the first of them stands in line 3 (more with *head*)."""
    indented = "".join(f"  {line}\n" if line else "\n" for line in text.strip("\n").split("\n"))
    return f"name: flow\n{head}steps:\n{indented}"
