"""What all models of a file are made of: a map without unknown keys, and the forms of a key."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

__all__ = ["Expression", "Json", "Line", "Part", "Words", "shape", "without_own_keys"]

Json: TypeAlias = Any
Expression = Annotated[
    str,
    Field(
        description="An expression, without braces.",
        json_schema_extra={"format": "expression"},
    ),
]
Line = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """A map of the file: no unknown keys, no guessing of types."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
    )
    later: ClassVar[frozenset[str]] = frozenset()
    """Keys that a later version brings."""


def shape(value: Any) -> str | None:
    """Tell the forms of a key apart; the tags never appear in a path."""
    match value:
        case str():
            return "<text>"
        case bool():
            return None
        case int():
            return "<number>"
        case list():
            return "<list>"
        case Mapping() | BaseModel():
            return "<map>"
    return None


Words = Annotated[
    Annotated[Line, Tag("<text>")] | Annotated[list[Json], Tag("<list>")], Discriminator(shape)
]
"""A list, or a template that gives one."""


def without_own_keys(value: Any) -> Any:
    """Leave out the ``x-*`` keys, which belong to other programs."""
    if isinstance(value, Mapping):
        return {k: v for k, v in value.items() if not (isinstance(k, str) and k.startswith("x-"))}
    return value
