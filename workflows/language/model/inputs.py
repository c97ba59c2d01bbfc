"""The models of what a run is started with."""

from typing import Literal

from pydantic import Field

from workflows.language.parts import Json, Part

__all__ = ["Input", "Item"]

InputType = Literal["string", "integer", "number", "boolean", "array", "object"]


class Item(Part):
    """What the items of a list, or an input, may be."""

    type: InputType
    """What kind of value it is."""
    description: str | None = None
    """What it is for. Forms, the command line and the API show it."""
    enum: list[Json] | None = Field(None, min_length=1)
    """The only values it may have."""
    pattern: str | None = None
    """A pattern that text must match somewhere; linear-time patterns only."""
    minimum: float | None = None
    """The least that a number may be."""
    maximum: float | None = None
    """The most that a number may be."""
    min_length: int | None = Field(None, ge=0)
    """Characters of text, items of a list."""
    max_length: int | None = Field(None, ge=0)
    """Characters of text, items of a list."""
    items: "Item | None" = None
    """What the items of a list are."""


class Input(Item):
    """A value that a run is started with."""

    default: Json = None
    """What it is where nobody gives it; null unless this says something else."""
    required: bool = False
    """Whether no run starts without it. Not together with `default`."""
    secret: bool = False
    """Never stored in clear or shown; only `params` of an action and secret inputs may take it."""
