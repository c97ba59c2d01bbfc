"""Which actions there are: a value made of connectors."""

from collections.abc import Iterable
from difflib import get_close_matches

from baton.connector import Action, Connector
from baton.errors import BatonError

__all__ = ["Registry", "UnknownAction"]


class UnknownAction(BatonError):
    """A step names an action that no connector offers."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        near = get_close_matches(name, list(known), n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "docs/reference lists them."
        super().__init__(f"There is no action {name!r}. {hint}")


class Registry:
    """The actions of some connectors, by name. Satisfies the language's `Catalogue`.

    Raises:
        ValueError: two connectors have one name, so nobody could tell whose action is meant.
    """

    def __init__(self, connectors: Iterable[Connector]) -> None:
        self._actions: dict[str, Action] = {}
        services: set[str] = set()
        for connector in connectors:
            if connector.name in services:
                raise ValueError(f"there are two connectors named {connector.name!r}")
            services.add(connector.name)
            self._actions |= {each.name: each for each in connector.actions}

    def get(self, name: str) -> Action | None:
        """Return the action *name*, or None: the language says then what was meant."""
        return self._actions.get(name)

    def require(self, name: str) -> Action:
        """Return the action *name*.

        Raises:
            UnknownAction: no connector offers it; the sentence suggests a near name.
        """
        if (found := self._actions.get(name)) is None:
            raise UnknownAction(name, self._actions)
        return found

    def names(self) -> tuple[str, ...]:
        """Return all names, sorted."""
        return tuple(sorted(self._actions))
