"""What the core raises. Nothing here is a failure of a step: each means that the run must stop."""

from workflows.core.plan import Json


class ReplayDiverged(Exception):
    """What is stored does not fit this plan or this core: the run is faulted."""


class InvariantBroken(Exception):
    """The core found itself in a state that must not be: the run is faulted."""

    def __init__(self, name: str, facts: dict[str, Json]) -> None:
        self.name, self.facts = name, facts
        shown = ", ".join(f"{key}={value!r}" for key, value in sorted(facts.items()))
        super().__init__(f"broken invariant {name!r} ({shown})")


class UnknownFact(ValueError):
    """A journal holds a kind of fact, or a shape of one, that this core does not know."""


def invariant(holds: object, name: str, **facts: Json) -> None:
    """Check what must be true, under ``python -O`` too.

    Raises:
        InvariantBroken: *holds* is false; carries *name* and *facts*.
    """
    if not holds:
        raise InvariantBroken(name, facts)
