"""From a checked definition to the core's plan: templates and conditions become closures."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from workflows.core import plan
from workflows.core.codec import digest_of
from workflows.language.catalogue import ActionSpec, Catalogue
from workflows.language.durations import InvalidDuration, parse_duration
from workflows.language.expressions import (
    ExpressionFailed,
    compile_expression,
    compile_template,
    from_json,
    has_template,
    mask,
    to_json,
)
from workflows.language.model import AnyOf, Approval, Edge, Retry, Settings, Step, Until, Workflow
from workflows.language.waits import compile_wait_for

__all__ = ["compile_body", "compile_workflow", "revision_of"]

SHELL = "shell.run"


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
    return plan.Plan(
        name=workflow.name,
        title=workflow.title or workflow.name,
        revision=revision,
        steps=_steps(workflow.steps, settings, catalogue),
        vars=tuple((name, compile_template(value)) for name, value in workflow.vars.items()),
        outputs=tuple((name, compile_template(value)) for name, value in workflow.outputs.items()),
        timeout=settings.timeout,
        notify=settings.notify,
    )


def _steps(
    steps: Sequence[Step], settings: Settings, catalogue: Catalogue
) -> tuple[plan.Step, ...]:
    previous = [None, *(step.id for step in steps)]
    return tuple(
        _step(step, before, settings, catalogue)
        for step, before in zip(steps, previous, strict=False)
    )


def _step(step: Step, previous: str | None, settings: Settings, catalogue: Catalogue) -> plan.Step:
    return plan.Step(
        id=step.id,
        name=step.name or step.id,
        verb=_verb(step, settings, catalogue),
        needs=_needs(step, previous),
        any_of=isinstance(step.needs, AnyOf),
        condition=_condition(step.condition),
        timeout=step.timeout,
        retry=plan.Retry() if step.retry is None else _retry(step.retry),
        on_error=_on_error(step, settings, catalogue),
        gate=_gate(step, settings) if step.requires_approval else None,
        notify=step.notify,
        secret_output=step.secret_output,
    )


def _on_error(step: Step, settings: Settings, catalogue: Catalogue) -> Any:
    if isinstance(step.on_error, list):
        return _steps(step.on_error, settings, catalogue)
    return step.on_error


def _needs(step: Step, previous: str | None) -> tuple[plan.Edge, ...]:
    if step.needs is None:
        return () if previous is None else (plan.Edge(previous),)
    edges = step.needs.any if isinstance(step.needs, AnyOf) else step.needs
    return tuple(_edge(edge) for edge in edges)


def _edge(edge: Edge) -> plan.Edge:
    on = plan.On.DEFAULT if edge.on is None else plan.On(edge.on)
    return plan.Edge(edge.step, on, _condition(edge.if_))


def _retry(retry: Retry) -> plan.Retry:
    return plan.Retry(
        attempts=retry.attempts,
        delay=retry.delay,
        backoff=retry.backoff,
        max_delay=retry.max_delay,
        jitter=retry.jitter,
        on=None if retry.on is None else tuple(retry.on),
        condition=_condition(retry.if_),
    )


def _condition(text: str | None) -> plan.Evaluate | None:
    if text is None:
        return None
    expression = compile_expression(text)
    return lambda names: bool(expression(names))


def _template(value: Any) -> plan.Evaluate | None:
    return None if value is None else compile_template(value)


def _verb(step: Step, settings: Settings, catalogue: Catalogue) -> plan.Verb:
    if step.action is not None:
        return _action(step, step.action, settings, catalogue)
    if step.approval is not None:
        return _approval(step.approval, settings)
    return _plain_verb(step)


def _plain_verb(step: Step) -> plan.Verb:
    if step.wait is not None:
        return _wait(step.wait)
    if step.wait_for is not None:
        return compile_wait_for(step.wait_for)
    if step.set_ is not None:
        return plan.SetVars(tuple((n, compile_template(v)) for n, v in step.set_.items()))
    if step.fail is not None:
        return plan.Fail(compile_template(step.fail))
    if step.stop is not None:
        return plan.Stop(compile_template(step.stop))
    raise ValueError(f"the step {step.id!r} does nothing, so the definition was not checked")


def _action(step: Step, name: str, settings: Settings, catalogue: Catalogue) -> plan.Action:
    template = compile_template(step.params or {})
    programs = settings.programs if _has_open_program(step, name) else None

    def params(names: Mapping[str, Any]) -> Any:
        rendered = template(names)
        if programs is not None:
            _check_program(rendered["argv"][0], programs)
        return to_json(rendered)

    reads = {
        str(path[1]) if path[0] == "steps" and len(path) > 1 else str(path[0])
        for path in template.names
        if path[0] in ("steps", "vars")
    }
    return plan.Action(name, params, _repeatable(step, catalogue.get(name)), frozenset(reads))


def _has_open_program(step: Step, name: str) -> bool:
    argv = (step.params or {}).get("argv")
    first = argv[0] if isinstance(argv, list) and argv else None
    return name == SHELL and isinstance(first, str) and has_template(first)


def _check_program(program: Any, programs: list[str]) -> None:
    if program not in programs:
        raise ExpressionFailed(
            f"{str(program)[:80]!r} is not one of the programs that this workflow may run",
            hint="They are listed under `settings.programs`.",
        )


def _repeatable(step: Step, spec: ActionSpec | None) -> Any:
    if step.repeatable is not None or spec is None:
        return bool(step.repeatable)
    if isinstance(spec.repeatable, bool):
        return spec.repeatable
    asked, model = spec.repeatable, spec.params

    def repeatable(params: Any) -> bool:
        try:
            return bool(asked(model.model_validate(mask(from_json(params)))))
        except ValidationError:
            return False  # the action itself will say what is wrong with them

    return repeatable


def _approval(approval: Approval, settings: Settings) -> plan.Approval:
    return plan.Approval(
        title=compile_template(approval.title),
        description=_template(approval.description),
        show=_template(approval.written("show")),
        approvers=compile_template(approval.approvers or settings.approvers or []),
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
            (each.after, compile_template(each.to))
            for each in sorted(approval.escalate or (), key=lambda each: each.after)
        ),
    )


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
