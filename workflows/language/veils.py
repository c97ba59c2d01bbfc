"""Lets what may hold secrets see the handles of secret inputs. Everything else never sees a value."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from coordination.handles import PREFIX
from workflows.language.expressions import Secret

__all__ = ["unveiling"]

Names: TypeAlias = Mapping[str, Any]


def unveiling(secret: Collection[str]) -> Callable[[Names], Names]:
    """Return what puts handles into the names of a run, in place of what stands for its secret inputs.

    Args:
        secret: the inputs that the definition declares secret; one that is null stays so.
    """

    def veiled(inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: Secret(PREFIX + name) if name in secret and value is not None else value
            for name, value in inputs.items()
        }

    def seen(names: Names) -> Names:
        run = names["run"]
        return {
            **names,
            "inputs": veiled(names["inputs"]),
            "run": {**run, "inputs": veiled(run["inputs"])},
        }

    return seen if secret else lambda names: names
