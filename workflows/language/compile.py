"""From a checked definition to the core's plan: templates and conditions become closures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from workflows.core import plan
from workflows.core.codec import digest_of
from workflows.language.catalogue import Catalogue
from workflows.language.checks.approvals import FORMS, SOMEBODY
from workflows.language.compiling import (
    Around,
    compile_action,
    compile_child,
    compile_container,
    condition,
)
from workflows.language.durations import InvalidDuration, parse_duration
from workflows.language.expressions import ExpressionFailed, compile_template, has_template
from workflows.language.model import AnyOf, Approval, Edge, Retry, Settings, Step, Until, Workflow
from workflows.language.vars_order import vars_in_order
from workflows.language.waits import compile_wait_for

__all__ = ["compile_body", "compile_workflow", "revision_of"]


def revision_of(body: Mapping[str, Any]) -> str:
    """Return the content hash of a definition: SHA-256, in hex, over the canonical JSON of *body*."""
    return digest_of(body)


def compile_body(revision: str, body: Mapping[str, Any], catalogue: Catalogue) -> plan.Plan:
    """Compile a stored definition. It was checked when it was published, and is not refused now.

    Raises:
        ValueError: it does not have the shape of a definition any more.
    """
    return compile_workflow(Workflow.model_validate(dict(body)), catalogue, revision=revision)


def compile_workflow(workflow: Workflow, catalogue: Catalogue, *, revision: str) -> plan.Plan:
    """Return the plan of *workflow*; *revision* is its content hash.

    Raises:
        InvalidExpression: an expression cannot be read, so the definition was not checked.
    """
    settings = workflow.settings
    secret = frozenset(name for name, each in workflow.inputs.items() if each.secret)
    around = Around(settings, catalogue, _step, secret)
    lists = [workflow.steps, workflow.on_failure, workflow.on_cancel, workflow.finally_]
    return plan.Plan(
        name=workflow.name,
        title=workflow.title or workflow.name,
        revision=revision,
        steps=around.steps(workflow.steps),
        vars=vars_in_order(workflow.vars),
        outputs=tuple((name, compile_template(value)) for name, value in workflow.outputs.items()),
        timeout=settings.timeout,
        notify=settings.notify,
        on_failure=around.steps(workflow.on_failure),
        on_cancel=around.steps(workflow.on_cancel),
        finally_=around.steps(workflow.finally_),
        children=tuple(dict.fromkeys(name for each in lists for name in _children(each))),
    )


def _children(steps: Sequence[Step]) -> Iterator[str]:
    """Yield the workflows that *steps* start, and those inside them."""
    for step in steps:
        if step.workflow is not None:
            yield step.workflow
        for body in step.bodies():
            yield from _children(body.steps)


def _step(step: Step, previous: str | None, outside: Around) -> plan.Step:
    around = replace(outside, hides=outside.hides or step.secret_output)
    return plan.Step(
        id=step.id,
        name=step.name or step.id,
        verb=_verb(step, around),
        needs=_needs(step, previous),
        any_of=isinstance(step.needs, AnyOf),
        condition=condition(step.condition),
        timeout=step.timeout,
        retry=_retry(step.retry),
        on_error=around.steps(step.on_error) if isinstance(step.on_error, list) else step.on_error,
        gate=_gate(step, around.settings) if step.requires_approval else None,
        notify=step.notify,
        secret_output=step.secret_output or (outside.hides and step.approval is None),
        undo=_undo(step, around),
    )


def _undo(step: Step, around: Around) -> plan.Undo | None:
    undo = step.compensate
    if undo is None:
        return None
    action = compile_action(undo.action, undo.params, around)
    return plan.Undo(action, undo.timeout, _retry(undo.retry))


def _needs(step: Step, previous: str | None) -> tuple[plan.Edge, ...]:
    if step.needs is None:
        return () if previous is None else (plan.Edge(previous),)
    edges = step.needs.any if isinstance(step.needs, AnyOf) else step.needs
    return tuple(_edge(edge) for edge in edges)


def _edge(edge: Edge) -> plan.Edge:
    on = plan.On.DEFAULT if edge.on is None else plan.On(edge.on)
    return plan.Edge(edge.step, on, condition(edge.if_))


def _retry(retry: Retry | None) -> plan.Retry:
    if retry is None:
        return plan.Retry()
    return plan.Retry(
        attempts=retry.attempts,
        delay=retry.delay,
        backoff=retry.backoff,
        max_delay=retry.max_delay,
        jitter=retry.jitter,
        on=None if retry.on is None else tuple(retry.on),
        condition=condition(retry.if_),
    )


def _template(value: Any) -> plan.Evaluate | None:
    return None if value is None else compile_template(value)


def _verb(step: Step, around: Around) -> plan.Verb:
    if step.action is not None:
        params = step.params or {}
        return compile_action(step.action, params, around, repeatable=step.repeatable)
    if step.approval is not None:
        return _approval(step.approval, around.settings)
    held = compile_container(step, around)
    return _plain_verb(step, around) if held is None else held


def _plain_verb(step: Step, around: Around) -> plan.Verb:
    if step.wait is not None:
        return _wait(step.wait)
    if step.wait_for is not None:
        return compile_wait_for(step.wait_for)
    if step.workflow is not None:
        return compile_child(step, around)
    if step.set_ is not None:
        return plan.SetVars(tuple((n, compile_template(v)) for n, v in step.set_.items()))
    if step.fail is not None:
        return plan.Fail(compile_template(step.fail))
    if step.stop is not None:
        return plan.Stop(compile_template(step.stop))
    raise ValueError(f"the step {step.id!r} does nothing, so the definition was not checked")


def _approval(approval: Approval, settings: Settings) -> plan.Approval:
    return plan.Approval(
        title=compile_template(approval.title),
        description=_template(approval.description),
        show=_template(approval.written("show")),
        approvers=_people(approval.approvers or settings.approvers or []),
        quorum=approval.quorum,
        decisions=tuple(approval.decisions),
        answer=approval.answer,
        require_reason=approval.require_reason,
        allow_self=approval.allow_self,
        timeout=approval.timeout,
        on_timeout=approval.on_timeout,
        channel=_template(approval.channel),
        covers=None if approval.covers is None else tuple(approval.covers),
        remind=tuple(sorted(set(approval.remind or ()))),
        escalate=tuple(
            (each.after, _people(each.to))
            for each in sorted(approval.escalate or (), key=lambda each: each.after)
        ),
    )


def _people(written: Any) -> plan.Evaluate:
    """Compile who is asked; what a template gives has to name people as the file has to."""
    template = compile_template(written)

    def rendered(names: Mapping[str, Any]) -> Any:
        found = template(names)
        listed = found if isinstance(found, list) else [found]
        flat = [one for part in listed for one in (part if isinstance(part, list) else [part])]
        nobody = [each for each in flat if isinstance(each, str) and not SOMEBODY.fullmatch(each)]
        if nobody:
            raise ExpressionFailed(f"{nobody[0][:80]!r} names nobody who could answer", hint=FORMS)
        return found

    return rendered


def _gate(step: Step, settings: Settings) -> plan.Approval:
    """Return the question before a step with ``requires_approval: true``."""
    return plan.Approval(
        title=_constant(f"Run {step.id}?"),
        description=None if step.description is None else _constant(step.description),
        show=None,
        approvers=_constant(list(settings.approvers or [])),
        covers=(step.id,),
    )


def _constant(value: Any) -> plan.Evaluate:
    return lambda _names: value


def _wait(wait: str | Until) -> plan.Wait:
    if isinstance(wait, Until):
        return plan.Wait(until=compile_template(wait.until))
    if not has_template(wait):
        return plan.Wait(duration=parse_duration(wait))
    template = compile_template(wait)

    def seconds(names: Mapping[str, Any]) -> float:
        written = template(names)
        if not isinstance(written, str):
            raise ExpressionFailed(
                "`wait` needs a duration, as `10m`", hint="A number has no unit."
            )
        try:
            return parse_duration(written, zero=True).total_seconds()
        except InvalidDuration as error:
            raise ExpressionFailed(error.message, hint=error.hint) from None

    return plan.Wait(duration=seconds)
