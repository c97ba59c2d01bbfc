"""The base of all refusals, and the one that a layer above raises through a port.

They stand apart from `coordination.errors` so that the language, which knows no database, can raise
what the port `Inputs` promises.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from baton.errors import BatonError

__all__ = ["InvalidDefinition", "InvalidInputs", "Refused"]


class Refused(BatonError):
    """Somebody asked for something that Baton does not do; the sentence says why and what to do."""

    code: str = "internal"
    status: ClassVar[int] = 500


class InvalidInputs(Refused):
    """The values to start a run with do not fit; `problems` has every one: (input, sentence)."""

    code = "invalid-event"
    status = 422

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{name}: {text}" for name, text in self.problems))


class InvalidDefinition(Refused):
    """A definition that cannot be run; `problems` has every one, warnings too, in file order.

    Each has the members `severity`, `file`, `line`, `column`, `path`, `code`, `message` and `hint`.
    """

    code = "invalid-event"
    status = 422

    def __init__(self, problems: Sequence[Mapping[str, Any]], sentence: str) -> None:
        self.problems = tuple(problems)
        super().__init__(sentence)
