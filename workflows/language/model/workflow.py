"""The models of a whole file."""

from pydantic import Field, model_validator

from workflows.language.model.inputs import Input
from workflows.language.model.settings import Settings
from workflows.language.model.steps import Step
from workflows.language.model.triggers import Trigger
from workflows.language.parts import Json, Line, Part, without_own_keys
from workflows.language.scalars import Slug, WorkflowName

__all__ = ["ENDINGS", "Head", "Workflow"]

ENDINGS = ("on_failure", "on_cancel", "finally")
"""The lists of steps that run when the others are over."""


class Head(Part):
    """All of a workflow but its steps."""

    name: WorkflowName
    title: Line | None = None
    description: str | None = None
    owner: str | None = None
    tags: list[Line] = Field(default_factory=list)
    inputs: dict[Slug, Input] = Field(default_factory=dict)
    vars: dict[Slug, Json] = Field(default_factory=dict)
    """Values worked out once, at the start, in this order."""
    triggers: list[Trigger] = Field(default_factory=list)
    settings: Settings = Settings()
    outputs: dict[str, Json] = Field(default_factory=dict)
    """What the run gives, as templates."""

    _own_keys = model_validator(mode="before")(without_own_keys)


class Workflow(Head):
    """A workflow, as its file says it."""

    steps: list[Step] = Field(min_length=1)
    on_failure: list[Step] = Field(default_factory=list)
    """Steps that run when the others have failed."""
    on_cancel: list[Step] = Field(default_factory=list)
    """Steps that run when the run was cancelled."""
    finally_: list[Step] = Field(default_factory=list, alias="finally")
    """Steps that run in the end, whatever happened."""
