"""The workflows of the simulated histories, made by hand so that a life begins quickly.

Each has four steps or more, and a question. Their steps say by their names what may happen twice:
those in `ONCE` may not without a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from coordination.ports import TriggerSpec
from tests.workflows.runtimes.bench import asks, chain, does
from workflows.core.plan import (
    Action,
    Child,
    Edge,
    ForEach,
    Parallel,
    Plan,
    Repeat,
    Retry,
    Step,
    Undo,
    Wait,
    WaitFor,
)

RETRY = Retry(attempts=3, delay=timedelta(seconds=2))
TWO_MINUTES = timedelta(minutes=2)
GROUP, CHEER = "S0SHIP", "rocket"  # whom a question is put to, and what starts a workflow
TICK = 40  # s between two slots of the schedule
INPUTS = {"sha": {"type": "string"}, "build": {"type": "string"}}
SECRET = {"sha": {"type": "string"}, "token": {"type": "string", "secret": True}}


def step(name: str, verb: object, *needs: str, **how: object) -> Step:
    """Return a step after *needs*."""
    edges = tuple(Edge(each) for each in needs)
    return Step(name, name, verb, needs=edges, **how)  # type: ignore[arg-type]


def plan(name: str, *steps: Step, **how: Any) -> Plan:
    """Return a plan in which each step needs the one before it."""
    return Plan(name, name.title(), f"hash-{name}", chain(*steps).steps, **how)


def undone(name: str) -> Step:
    return step(name, does("once"), undo=Undo(does("once"), retry=Retry(attempts=3)))


def says(*names: str) -> Action:
    """Return an action that is told secrets, which come back in what it gives."""
    told = {"inputs": {"$secret": "inputs.token"}, "store": {"$secret": "TOKEN"}}
    said = {name: told[name] for name in names}
    return Action("test.once", lambda scope: {"say": said}, repeatable=False)


def release() -> Plan:
    """Two things at once, then a question, then what it covers."""
    return Plan(
        "release",
        "Release",
        "hash-release",
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
    return plan(
        "patient",
        step("first", does("once")),
        step("pause", Wait(duration=timedelta(seconds=50))),
        step("publish", does("again", say="these bytes"), gate=asks("publish")),
        step("last", does("once"), timeout=timedelta(seconds=4)),
    )


def forgiving() -> Plan:
    """A failure that is handled, and a question that the clock may answer."""
    return plan(
        "forgiving",
        step("try", does("once"), on_error="continue"),
        step("gate", asks("ship", timeout=timedelta(minutes=3), quorum=2)),
        step("ship", does("once"), retry=RETRY),
        step("tell", does("again"), retry=RETRY),
    )


def fan() -> Plan:
    """The same for each of several things, and a poll."""
    turn = (step("check", does("again"), retry=RETRY),)
    return plan(
        "fan",
        step("fan", ForEach(lambda n: [1, 2, 3], (step("post", does("once")),), concurrency=2)),
        step("poll", Repeat(lambda n: n["index"] == 1, turn, 3, timedelta(seconds=3))),
        step("gate", asks("ship")),
        step("ship", does("once")),
    )


def race() -> Plan:
    """Two ways, of which the slower one is cancelled."""
    quick = chain(step("nap", Wait(duration=timedelta(seconds=5))), step("work", does("once")))
    slow = (step("wait", WaitFor("test.failed", lambda names: [], timeout=TWO_MINUTES)),)
    return plan(
        "race",
        step("race", Parallel((("quick", quick.steps), ("slow", slow)), join=1)),
        step("gate", asks("deploy")),
        step("deploy", does("once")),
        step("tell", does("again"), retry=RETRY),
    )


def family() -> Plan:
    """A run that starts another one and goes on with what it gives."""
    return plan(
        "family",
        step("first", does("once")),
        step("call", Child("kid", lambda names: {})),
        step("gate", asks("deploy")),
        step("deploy", does("once")),
        children=("kid",),
        finally_=(step("tidy", does("once")),),
    )


def grouped() -> Plan:
    """A question to a user group, whose members change while it is open."""
    gate = replace(asks("deploy"), approvers=lambda names: [GROUP])
    return plan(
        "grouped",
        step("first", does("once")),
        step("gate", gate),
        step("deploy", does("once")),
        step("tell", does("again"), retry=RETRY),
    )


def cheered() -> Plan:
    """What a reaction starts."""
    return plan("cheered", step("work", does("once")), step("tell", does("again"), retry=RETRY))


def kid() -> Plan:
    return plan(
        "kid",
        step("nap", Wait(duration=timedelta(seconds=5))),
        step("work", does("once")),
        outputs=(("sum", lambda names: 7),),
    )


def saga() -> Plan:
    """What was done is taken back when somebody says No, or cancels it with compensation."""
    return plan(
        "saga",
        undone("book"),
        undone("pay"),
        step("gate", asks("deploy")),
        undone("deploy"),
        step("nap", Wait(duration=timedelta(seconds=20))),
        step("last", does("once")),
        on_cancel=(step("sorry", does("once")),),
        finally_=(step("tidy", does("once")),),
    )


def waiter() -> Plan:
    """A wait for what another tool reports, which may have come before it or comes after it."""
    return plan(
        "waiter",
        step("first", does("once")),
        step(
            "tested",
            WaitFor(
                "test.completed",
                lambda names: [[["subject", "environment"], names["inputs"]["build"]]],
            ),
        ),
        step("gate", asks("deploy")),
        step("deploy", does("once")),
    )


def secretive() -> Plan:
    """Secrets of the store and of the start go into steps and come back in what they give."""
    return plan(
        "secretive",
        step("login", says("inputs")),
        step("push", says("inputs", "store"), on_error="continue"),
        step("gate", asks("ship")),
        step("ship", says("store")),
        step("tell", does("again"), retry=RETRY),
    )


def ticking() -> Plan:
    """What a schedule starts."""
    return plan(
        "ticking",
        step("first", does("once")),
        step("nap", Wait(duration=timedelta(seconds=3))),
        step("work", does("once")),
        step("tell", does("again"), retry=RETRY),
    )


MAKERS = (release, patient, forgiving, fan, race, family, saga, waiter, grouped)
MAKERS += (secretive, ticking, kid, cheered)
PLANS: Mapping[str, Plan] = {made.revision: made for made in (make() for make in MAKERS)}
NAMES: Sequence[str] = tuple(made.name for made in PLANS.values())
BUILT = ("release", "patient", "forgiving", "fan", "race", "family", "saga", "waiter", "grouped")
ONCE = frozenset(
    (
        *("lint", "deploy", "first", "last", "try", "ship", "work", "book", "pay", "login", "push"),
        *("book~undo", "pay~undo", "deploy~undo", "on_cancel.sorry", "finally.tidy"),
        *("fan[0].post", "fan[1].post", "fan[2].post", "race.quick.work"),
    )
)
GATED = {
    (name, path): gate
    for name, path, gate in (
        *(("release", "deploy", "gate"), ("patient", "publish", "publish~approval")),
        *(("forgiving", "ship", "gate"), ("fan", "ship", "gate"), ("race", "deploy", "gate")),
        *(("family", "deploy", "gate"), ("saga", "deploy", "gate"), ("waiter", "deploy", "gate")),
        ("grouped", "deploy", "gate"),
        ("secretive", "ship", "gate"),
    )
}


def triggers(name: str, catch_up: str = "latest") -> tuple[TriggerSpec, ...]:
    """Return what starts the workflow *name*: a report of a build of that name, or the clock."""
    if name in BUILT:
        inputs = {"sha": "{{ trigger.result.sha }}", "build": "{{ trigger.process_id }}"}
        where = f"trigger.name == 'build {name}'"
        return (TriggerSpec("0", "event", "process.completed", None, where, inputs),)
    if name == "ticking":
        keys = {"every": TICK, "catch_up": catch_up}
        return (TriggerSpec("0", "every", "baton.every", None, None, {}, keys=keys),)
    if name == "cheered":
        keys = {"slack": {"reaction": CHEER}}
        return (TriggerSpec("0", "slack", "baton.slack", None, None, {}, keys=keys),)
    return ()


def body(name: str) -> dict[str, Any]:
    """Return what stands in the definition of the workflow *name*, as far as anybody reads it."""
    inputs = {"secretive": SECRET, "kid": {}, "ticking": {}, "cheered": {}}.get(name, INPUTS)
    return {"name": name, "inputs": inputs}


__all__ = ["BUILT", "CHEER", "GATED", "GROUP", "NAMES", "ONCE", "PLANS", "TICK", "body", "triggers"]
