"""The actions that steps may name, as the language needs to know them."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

from pydantic import BaseModel

__all__ = ["ActionSpec", "Catalogue", "Repeatable"]

Repeatable: TypeAlias = bool | Callable[[Any], bool]


class ActionSpec(Protocol):
    """A verb: its name, the models of its params and of its result, and whether it may run twice."""

    @property
    def name(self) -> str: ...

    @property
    def params(self) -> type[BaseModel]: ...

    @property
    def result(self) -> type[BaseModel] | None: ...

    @property
    def repeatable(self) -> Repeatable: ...


class Catalogue(Protocol):
    """Where actions are looked up. `workflows.actions.registry` has one, and a test may."""

    def get(self, name: str) -> ActionSpec | None:
        """Return the action *name*, or None."""

    def names(self) -> Iterable[str]:
        """Return the names of all actions, for suggestions."""
