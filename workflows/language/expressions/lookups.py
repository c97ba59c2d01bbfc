"""Looking things up: ``a.b`` and ``a['b']`` find a key in a map, ``a[0]`` an item, and nothing else.

There are no attributes: what a value can do in Python cannot be reached from here.
"""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeAlias

from workflows.language.expressions.errors import ExpressionFailed, MissingValue
from workflows.language.expressions.limits import Budget
from workflows.language.expressions.values import MISSING, kind_of

__all__ = ["Context", "Run", "constant", "find", "lookup", "path"]

Context: TypeAlias = Mapping[str, Any]
Run: TypeAlias = Callable[[Context, Budget], Any]
DEFAULT_HINT = "Where it may be missing, write `| default(…)` behind it."


def constant(value: Any) -> Run:
    """Return the closure of what is always *value*."""
    return lambda _context, _budget: value


def find(value: Any, key: Any) -> Any:
    """Return what *value* holds under *key*, or MISSING."""
    if isinstance(value, Mapping):
        return value.get(key, MISSING) if isinstance(key, str) else _wrong_key(value, key)
    if isinstance(value, list | str):
        if type(key) is int:
            return value[key] if -len(value) <= key < len(value) else MISSING
        return MISSING if isinstance(key, str) else _wrong_key(value, key)
    return MISSING


def _wrong_key(value: Any, key: Any) -> Any:
    if type(key) is int and isinstance(value, Mapping):
        return MISSING
    raise ExpressionFailed(f"{kind_of(key)} is no key of {kind_of(value)}")


def path(keys: tuple[str | int, ...], *, at: int, lenient: bool) -> Run:
    """Return the lookup of *keys*, all written out; the first is a name of the context.

    A lenient one gives MISSING for what is not there; any other raises MissingValue.
    """
    root, rest = keys[0], keys[1:]

    def run(context: Context, _budget: Budget) -> Any:
        try:
            value = context[root]  # type: ignore[index]  # the first key is always a name
        except KeyError:
            return MISSING if lenient else _report(context, keys, at)
        for key in rest:
            try:
                value = value[key] if type(value) is dict else find(value, key)
            except KeyError:
                value = MISSING
            if value is MISSING:
                return MISSING if lenient else _report(context, keys, at)
        return value

    straight = _STRAIGHT.get(len(keys))
    if straight is None or any(type(key) is not str for key in keys):
        return run
    return straight(keys, run)


def _one(keys: tuple[Any, ...], otherwise: Run) -> Run:
    (a,) = keys

    def run(context: Context, budget: Budget) -> Any:
        try:
            return context[a]
        except KeyError:
            return otherwise(context, budget)

    return run


def _two(keys: tuple[Any, ...], otherwise: Run) -> Run:
    a, b = keys

    def run(context: Context, budget: Budget) -> Any:
        try:
            return context[a][b]
        except (KeyError, TypeError):
            return otherwise(context, budget)

    return run


def _three(keys: tuple[Any, ...], otherwise: Run) -> Run:
    a, b, c = keys

    def run(context: Context, budget: Budget) -> Any:
        try:
            return context[a][b][c]
        except (KeyError, TypeError):
            return otherwise(context, budget)

    return run


def _four(keys: tuple[Any, ...], otherwise: Run) -> Run:
    a, b, c, d = keys

    def run(context: Context, budget: Budget) -> Any:
        try:
            return context[a][b][c][d]
        except (KeyError, TypeError):
            return otherwise(context, budget)

    return run


_STRAIGHT: Mapping[int, Callable[[tuple[Any, ...], Run], Run]] = {
    1: _one,
    2: _two,
    3: _three,
    4: _four,
}
"""Nearly every lookup is one of these, of names only: nothing but a map takes a name as its key."""


def lookup(base: Run, key: Run, *, at: int, lenient: bool) -> Run:
    """Return the lookup of a key that is computed, or in a value that is; *base* is as lenient."""

    def run(context: Context, budget: Budget) -> Any:
        value = base(context, budget)
        if value is MISSING:
            return value
        wanted = key(context, budget)
        found = find(value, wanted)
        if found is MISSING and not lenient:
            raise MissingValue(_sentence("this value", value, wanted), offset=at, hint=DEFAULT_HINT)
        return found

    return run


def _report(context: Context, keys: tuple[str | int, ...], at: int) -> NoReturn:
    """Say which of *keys* is the first that is not there."""
    value: Any = context
    for index, key in enumerate(keys):
        found = find(value, key)
        if found is MISSING:
            if index == 0:
                raise MissingValue(f"there is no `{key}` here", offset=at)
            raise MissingValue(
                _sentence(f"`{dotted(keys[:index])}`", value, key), offset=at, hint=DEFAULT_HINT
            )
        value = found
    raise MissingValue(f"`{dotted(keys)}` is missing", offset=at, hint=DEFAULT_HINT)


def _sentence(name: str, value: Any, key: Any) -> str:
    if isinstance(value, Mapping):
        return f"{name} has no `{str(key)[:100]}`"
    if isinstance(value, list | str) and type(key) is int:
        unit = "items" if isinstance(value, list) else "characters"
        return f"{name} has {len(value)} {unit}, so none at {key}"
    return f"{name} is {kind_of(value)} and has no `{str(key)[:100]}`"


def dotted(keys: tuple[str | int, ...]) -> str:
    """Write *keys* as in the language: ``steps.scan.output[0]``."""
    return str(keys[0]) + "".join(
        f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys[1:]
    )
