"""What a row of the zoo is: a flaw, the promise that it breaks, where it is planted and who has to see it."""

from dataclasses import dataclass

__all__ = ["HISTORIES", "SIMULATION", "Absent", "Change", "Planted", "Row"]

SIMULATION = "simulation"  # the catcher that plays histories
HISTORIES = 1000  # in which it has to see a flaw


@dataclass(frozen=True, slots=True)
class Change:
    """In the file *path*, *old* stands exactly once and becomes *new*."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Planted:
    """A flaw that is put into a copy of the product.

    *catcher* is the node id of one test below `tests/`, or `SIMULATION`.
    """

    number: int
    flaw: str
    breaks: str
    catcher: str
    changes: tuple[Change, ...]

    @property
    def name(self) -> str:
        return f"Z-{self.number:02}"


@dataclass(frozen=True, slots=True)
class Absent:
    """A flaw that cannot be planted, since there is nothing yet that could have it."""

    number: int
    flaw: str
    reason: str

    @property
    def name(self) -> str:
        return f"Z-{self.number:02}"


Row = Planted | Absent
