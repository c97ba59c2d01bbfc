"""From a checked `wait_for` to the core's verb: what an event must hold, and what its `where` needs."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from coordination.wait_keys import text_of
from workflows.core import plan
from workflows.core.codec import canonical
from workflows.language.event_names import pattern_of, place_of
from workflows.language.expressions import (
    Equality,
    ExpressionFailed,
    Template,
    compile_expression,
    compile_template,
    equalities,
)
from workflows.language.waiting import WaitFor

__all__ = ["compile_wait_for"]

Names: TypeAlias = Mapping[str, Any]
Pairs: TypeAlias = list[list[Any]]
LARGEST = 64 * 1024  # bytes of the values that a `where` takes along from the run
LONGEST = 1_000  # characters of a value to compare with


def compile_wait_for(wait: WaitFor) -> plan.WaitFor | plan.WaitForSignal:
    """Return *wait* with closures in place of its templates.

    Raises:
        InvalidExpression: one of them cannot be read, so the definition was not checked.
        ValueError: it names neither an event nor a signal.
    """
    if wait.signal is not None:
        return plan.WaitForSignal(wait.signal, wait.timeout, wait.on_timeout)
    if wait.event is None:
        raise ValueError("a `wait_for` names nothing, so the definition was not checked")
    return plan.WaitFor(
        event=pattern_of(wait.event),
        correlate=_pairs(wait),
        where=wait.where,
        names=None if wait.where is None else _taken_along(wait.where),
        since=wait.since,
        timeout=wait.timeout,
        on_timeout=wait.on_timeout,
        reads=_reads(wait),
    )


def _templates(wait: WaitFor) -> list[tuple[str, tuple[str, ...], Template]]:
    """Return what an event must hold: as it is written, where that is, and what gives its value."""
    written = wait.correlate if isinstance(wait.correlate, dict) else {"key": wait.correlate}
    return [
        (name, place_of(name) or (name,), compile_template(value))
        for name, value in written.items()
        if value is not None
    ]


def _reads(wait: WaitFor) -> tuple[tuple[tuple[str, ...], frozenset[str]], ...]:
    """Return by place which steps give what an event must hold, and those that `where` looks at."""
    found = [(place, template.names) for _, place, template in _templates(wait)]
    if wait.where is not None:
        found += [(each.path, each.known.names) for each in equalities(wait.where, "event")]
        found.append(((), compile_expression(wait.where).names))
    return tuple((place, _steps(paths)) for place, paths in found)


def _steps(paths: Iterable[tuple[str | int, ...]]) -> frozenset[str]:
    """Return the steps that *paths* look at; `*` stands for one that only the run knows."""
    return frozenset(str(each[1]) if len(each) > 1 else "*" for each in paths if each[0] == "steps")


def _pairs(wait: WaitFor) -> Callable[[Names], Pairs]:
    templates = _templates(wait)
    demanded = () if wait.where is None else equalities(wait.where, "event")

    def pairs(names: Names) -> Pairs:
        found = {place: _wanted(name, template(names)) for name, place, template in templates}
        for each in demanded:
            known = _known(each, names)
            if known is not None:
                found.setdefault(each.path, known)
        return [[list(place), text] for place, text in sorted(found.items())]

    return pairs


def _wanted(name: str, value: Any) -> str:
    text = text_of(value)
    if not text:
        raise ExpressionFailed(f"`correlate` has no text or number for `{name}`")
    if len(text) > LONGEST:
        raise ExpressionFailed(f"`correlate` has more than {LONGEST:,} characters for `{name}`")
    return text


def _known(equality: Equality, names: Names) -> str | None:
    """Return what the event must hold there, or None where that cannot be compared by its text."""
    try:
        text = text_of(equality.known(names))
    except ExpressionFailed:
        return None  # the condition itself says so, of each event
    return text if text is not None and len(text) <= LONGEST else None


def _taken_along(where: str) -> Callable[[Names], Any]:
    """Return what picks the values of the run that *where* looks up; what is missing is left out."""
    used = {ref.path for ref in compile_expression(where).references if ref.path[0] != "event"}
    paths = [path for path in used if not any(path[:end] in used for end in range(1, len(path)))]

    def names_of(names: Names) -> Any:
        found: dict[str, Any] = {}
        for path in paths:
            _copy(path, names, found)
        if len(canonical(found)) > LARGEST:
            raise ExpressionFailed(
                f"`where` takes more than {LARGEST:,} bytes along from the run",
                hint="Put what it compares with into a var of its own.",
            )
        return found

    return names_of


def _copy(path: tuple[str | int, ...], source: Names, into: dict[str, Any]) -> None:
    """Copy what stands at *path*; from the first list on, as a whole."""
    here: Any = source
    for depth, key in enumerate(path):
        if not isinstance(here, Mapping) or not isinstance(key, str) or key not in here:
            return
        here = here[key]
        whole = depth == len(path) - 1 or not isinstance(here, Mapping)
        if whole:
            into[key] = here
            return
        into = into.setdefault(key, {})
