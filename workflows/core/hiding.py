"""A plan under which all that its steps give is secret: that of a child whose step says so."""

from dataclasses import replace

from workflows.core.plan import Plan
from workflows.core.steps import Approval, ForEach, Parallel, Repeat, Step, Switch, Verb

__all__ = ["hidden"]


def hidden(plan: Plan) -> Plan:
    """Return *plan* with `secret_output` on every step, down to those that begin children.

    What people answer is no secret, as within a step that hides what it holds.
    """
    return replace(
        plan,
        steps=_steps(plan.steps),
        on_failure=_steps(plan.on_failure),
        on_cancel=_steps(plan.on_cancel),
        finally_=_steps(plan.finally_),
    )


def _steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(_step(each) for each in steps)


def _step(step: Step) -> Step:
    return replace(
        step,
        verb=_verb(step.verb),
        on_error=_steps(step.on_error) if isinstance(step.on_error, tuple) else step.on_error,
        secret_output=step.secret_output or not isinstance(step.verb, Approval),
    )


def _verb(verb: Verb) -> Verb:
    match verb:
        case ForEach() | Repeat():
            return replace(verb, steps=_steps(verb.steps))
        case Parallel(branches=branches):
            return replace(verb, branches=tuple((name, _steps(each)) for name, each in branches))
        case Switch(cases=cases):
            return replace(
                verb, cases=tuple(replace(each, steps=_steps(each.steps)) for each in cases)
            )
    return verb
