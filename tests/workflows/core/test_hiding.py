"""A plan of which all that it gives is secret: every step says so, at any depth, and nothing else changes."""

from tests.workflows.runtimes.bench import asks, does, step
from workflows.core.hiding import hidden
from workflows.core.plan import (
    Case,
    Child,
    Fail,
    ForEach,
    Parallel,
    Plan,
    Repeat,
    Step,
    Switch,
    Undo,
    Wait,
)

CALL = does("again")


def every(steps: tuple[Step, ...]) -> dict[str, bool]:
    """Return which steps are secret, those inside others too."""
    found = {}
    for each in steps:
        found[each.id] = each.secret_output
        if isinstance(each.on_error, tuple):
            found |= every(each.on_error)
        match each.verb:
            case ForEach(steps=inner) | Repeat(steps=inner):
                found |= every(inner)
            case Parallel(branches=branches):
                for _, inner in branches:
                    found |= every(inner)
            case Switch(cases=cases):
                for case in cases:
                    found |= every(case.steps)
    return found


def whole() -> Plan:
    loop = ForEach(lambda _: [1], (step("in_loop", CALL), step("asked", asks())))
    again = Repeat(lambda _: True, (step("in_turn", Child("kid", lambda _: {})),), most=2)
    branches = Parallel((("x", (step("in_branch", CALL),)), ("y", (step("again", again),))))
    cases = Switch((Case("else", None, (step("in_case", branches),)),))
    return Plan(
        "demo",
        "Demo",
        "hash-demo",
        (
            step("loop", loop),
            step("cases", cases, on_error=(step("mend", CALL),)),
            step("call", CALL, undo=Undo(CALL), gate=asks()),
            step("ask", asks()),
        ),
        on_failure=(step("tell", CALL),),
        on_cancel=(step("drop", Wait(duration=lambda _: 1.0)),),
        finally_=(step("tidy", Fail(lambda _: "no")),),
    )


def test_every_step_is_secret_but_what_people_answer() -> None:
    plan = whole()
    veiled = hidden(plan)
    found = every((*veiled.steps, *veiled.on_failure, *veiled.on_cancel, *veiled.finally_))
    assert {name for name, secret in found.items() if not secret} == {"asked", "ask"}
    assert len(found) == 14
    assert veiled.graph.nodes["call"].step.secret_output
    assert not any(every(plan.steps).values())


def test_a_plan_that_is_secret_already_stays_as_it_is() -> None:
    veiled = hidden(whole())
    assert hidden(veiled) == veiled
