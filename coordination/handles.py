"""What stands for the value of a secret input in rows, journals and expressions. Pure."""

from collections.abc import Mapping
from typing import Any

__all__ = ["PREFIX", "handle", "holds_any", "secret_inputs"]

PREFIX = (
    "inputs."  # of the names that these handles have; those of secrets in the store have no dot
)


def secret_inputs(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the inputs that the definition *body* declares secret."""
    declared = body.get("inputs") or {}
    return frozenset(
        name
        for name, each in declared.items()
        if isinstance(each, Mapping) and bool(each.get("secret"))
    )


def handle(name: str) -> dict[str, str]:
    """Return what stands for the value of the secret input *name*, as the language writes handles."""
    return {"$secret": PREFIX + name}


def holds_any(inputs: Mapping[str, Any]) -> bool:
    """Say whether a handle of its own stands among the inputs of a run."""
    return any(value == handle(name) for name, value in inputs.items())
