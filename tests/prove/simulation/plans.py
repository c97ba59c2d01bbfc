"""The workflows of the simulated histories, made by hand so that a life begins quickly."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from tests.workflows.runtimes.bench import asks, chain, does
from workflows.core.plan import Edge, Plan, Retry, Step, Wait

RETRY = Retry(attempts=3, delay=timedelta(seconds=2))


def step(name: str, verb: object, *needs: str, **how: object) -> Step:
    """Return a step after *needs*."""
    edges = tuple(Edge(each) for each in needs)
    return Step(name, name, verb, needs=edges, **how)  # type: ignore[arg-type]


def release() -> Plan:
    """Two things at once, then a question, then what it covers."""
    return Plan(
        "demo",
        "Demo",
        "hash-demo",
        (
            step("test", does("again"), retry=RETRY),
            step("lint", does("once")),
            step("gate", asks("deploy"), "test", "lint"),
            step("deploy", does("once", say="these bytes"), "gate"),
            step("tell", does("again"), "deploy", retry=RETRY),
        ),
    )


def patient() -> Plan:
    """Timers, and an action behind a gate of its own that may be repeated."""
    return chain(
        step("first", does("once")),
        step("pause", Wait(duration=timedelta(minutes=5))),
        step("publish", does("again", say="these bytes"), gate=asks("publish")),
        step("last", does("once"), timeout=timedelta(seconds=4)),
    )


def forgiving() -> Plan:
    """A failure that is handled, and a question that the clock may answer."""
    return chain(
        step("try", does("once"), on_error="continue"),
        step("gate", asks("ship", timeout=timedelta(minutes=3), quorum=2)),
        step("ship", does("once"), retry=RETRY),
    )


PLANS: Mapping[str, Callable[[], Plan]] = {
    "release": release,
    "patient": patient,
    "forgiving": forgiving,
}
