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
    """What it is called everywhere: small letters, digits, `_` and `-`. Once in a folder."""
    title: Line | None = None
    """What people read instead of the name."""
    description: str | None = None
    """What it does, in a sentence or two; lists and forms show it."""
    owner: str | None = None
    """Who looks after it, for people."""
    tags: list[Line] = Field(default_factory=list)
    """Words to find it by."""
    inputs: dict[Slug, Input] = Field(default_factory=dict)
    """What a run is started with, by name. They become the form in Slack and on the web, options of
    the command line, and the schema of the API."""
    vars: dict[Slug, Json] = Field(default_factory=dict)
    """Values worked out once, when the run begins, in this order; each sees those before it. A step
    with `set` changes them."""
    triggers: list[Trigger] = Field(default_factory=list)
    """What starts a run. Anybody who may can start one by hand as well."""
    settings: Settings = Settings()
    """Rules for all runs of the workflow."""
    outputs: dict[str, Json] = Field(default_factory=dict)
    """What the run gives, as templates; worked out when the steps are over, before `finally`."""

    _own_keys = model_validator(mode="before")(without_own_keys)


class Workflow(Head):
    """A workflow, as its file says it."""

    steps: list[Step] = Field(min_length=1)
    """What happens, one after the other unless `needs` says otherwise."""
    on_failure: list[Step] = Field(default_factory=list)
    """Steps that run when the others have failed, after what was done is taken back. They see
    `run.error`. What fails here changes nothing."""
    on_cancel: list[Step] = Field(default_factory=list)
    """Steps that run when the run was cancelled or rolled back. What fails here changes nothing."""
    finally_: list[Step] = Field(default_factory=list, alias="finally")
    """Steps that run in the end, whatever happened. If one of them fails, a run that was completed
    has failed."""
