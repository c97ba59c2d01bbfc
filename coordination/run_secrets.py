"""Secret inputs: sealed before anything is stored, with handles in their place in all that is."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from coordination.database import Reader, Transaction
from coordination.errors import InvalidInputs
from coordination.handles import PREFIX, handle, secret_inputs
from coordination.ports import Definition
from coordination.secrets import Secrets
from coordination.store import run_secrets as store

__all__ = ["KEPT", "Concealed", "SealedInput", "conceal", "is_the_same", "keep", "opened"]

KEPT = timedelta(days=7)  # after the end of a run that somebody may still retry or take back
LARGEST = 64 * 1024  # characters


@dataclass(frozen=True, slots=True)
class SealedInput:
    """The value of one secret input; *mark* tells a repeated start from another one."""

    name: str
    sealed: str
    mark: str


@dataclass(frozen=True, slots=True)
class Concealed:
    """Inputs as rows, journals and expressions may hold them, and apart from them what is sealed."""

    inputs: Mapping[str, Any]
    sealed: tuple[SealedInput, ...] = ()


def conceal(
    definition: Definition, inputs: Mapping[str, Any], secrets: Secrets | None, *, about: str
) -> Concealed:
    """Seal what is secret among *inputs*, which were checked. What is null stays null.

    Args:
        definition: says which of them are.
        inputs: with their values.
        secrets: seals them.
        about: what the marks are bound to, as the id of the request: elsewhere the same value has
            another mark, so that nobody can see that two runs were given the same.

    Raises:
        InvalidInputs: a value is too large, or there is no key here.
    """
    named = [name for name in secret_inputs(definition.body) if inputs.get(name) is not None]
    if not named:
        return Concealed(inputs)
    if secrets is None:
        raise InvalidInputs([(name, "is secret, and there is no key to seal it") for name in named])
    large = [name for name in named if len(str(inputs[name])) > LARGEST]
    if large:
        raise InvalidInputs([(name, f"has more than {LARGEST:,} characters") for name in large])
    sealed = [
        SealedInput(name, secrets.seal(text), secrets.mark(about, name, text))
        for name, text in ((name, str(inputs[name])) for name in sorted(named))
    ]
    return Concealed({**inputs, **{name: handle(name) for name in named}}, tuple(sealed))


def keep(tx: Transaction, run_key: int, sealed: tuple[SealedInput, ...]) -> None:
    """Store what is sealed, in the unit that begins the run."""
    for each in sealed:
        store.put(tx, run_key, each.name, each.sealed, each.mark)


def is_the_same(tx: Transaction, run_key: int, sealed: tuple[SealedInput, ...]) -> bool:
    """Say whether a run began with these values, also when they are forgotten."""
    known = store.marks(tx, run_key)
    given = {each.name: each.mark for each in sealed}
    return known.keys() == given.keys() and all(
        hmac.compare_digest(known[name], given[name]) for name in known
    )


async def opened(reader: Reader, run_key: int, secrets: Secrets | None) -> dict[str, str]:
    """Return the values of a run by the names of their handles; what is gone is left out."""
    if secrets is None:
        return {}
    held = await store.held(reader, run_key)
    found = {PREFIX + name: secrets.unseal(each) for name, each in held.items()}
    return {name: text for name, text in found.items() if text is not None}
