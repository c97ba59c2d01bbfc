"""Checks what a step waits for: the name of the event, and what it must hold."""

from typing import Any, Final

from workflows.language.checks.events import check_event_name
from workflows.language.checks.scope import Scope
from workflows.language.checks.texts import Texts
from workflows.language.event_names import place_of, places
from workflows.language.expressions import InvalidExpression, equalities
from workflows.language.findings import Findings
from workflows.language.places import Path
from workflows.language.suggestions import did_you_mean
from workflows.language.waiting import WaitFor

__all__ = ["check_wait_for"]

SCANNING: Final = (
    'Say in `correlate` what it must hold, as `run: "{{ run.id }}"`, or in `where` with `==`.'
)


def check_wait_for(
    path: Path, wait: WaitFor, scope: Scope, texts: Texts, findings: Findings
) -> None:
    """Check the `wait_for` at *path*, whose templates see *scope*."""
    if wait.event is not None:
        check_event_name((*path, "event"), wait.event, findings)
    elif wait.signal is not None:
        _check_signal(path, wait, findings)
    elif not _tries(findings.document.get(path)):
        findings.add_absent(
            "missing",
            (*path, "event"),
            "this step does not say what it waits for",
            "Write `event: test.completed`, or another name of an event.",
        )
    if wait.where is not None:
        texts.expression((*path, "where"), wait.where, scope.plus("event"))
    _check_correlate((*path, "correlate"), wait.correlate, scope, texts, findings)
    if wait.timeout is None and wait.on_timeout == "continue":
        message = "without a `timeout` this never happens"
        findings.warn("no_effect", (*path, "on_timeout"), message, "Add `timeout`.")
    if wait.event is not None and wait.correlate is None and not _has_key(wait.where):
        findings.warn(
            "scanning",
            (*path, "event"),
            f"every `{wait.event[:80]}` is looked at, whatever it is about",
            SCANNING,
        )


def _tries(written: Any) -> bool:
    """Say whether it names something that was wrong, and has been complained about."""
    keys = written if isinstance(written, dict) else {}
    return any(keys.get(key) is not None for key in ("event", "signal"))


def _check_signal(path: Path, wait: WaitFor, findings: Findings) -> None:
    for key in WaitFor.of_events:
        if key in wait.model_fields_set:
            findings.add_key(
                "misplaced", (*path, key), f"`{key}` does not go with `signal`",
                "It belongs to `event`: a signal has nothing but its name.",
            )  # fmt: skip


def _check_correlate(
    path: Path, correlate: Any, scope: Scope, texts: Texts, findings: Findings
) -> None:
    texts.template(path, correlate, scope)
    for name, value in correlate.items() if isinstance(correlate, dict) else ():
        if place_of(name) is None:
            findings.add_key(
                "reference",
                (*path, name),
                f"an event has no `{name[:80]}` to compare with",
                did_you_mean(name, places()) or f"There are {', '.join(places())}.",
            )
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            findings.add("type", (*path, name), f"`{name}` must be text or a number")
        elif value == "":
            findings.add("value", (*path, name), f"`{name}` must not be empty")


def _has_key(where: str | None) -> bool:
    try:
        return where is not None and bool(equalities(where, "event"))
    except InvalidExpression:
        return True  # noted already
