"""Compiles the verbs that others are made of: actions, and the steps that hold steps."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from coordination.wait_keys import text_of
from workflows.core import plan
from workflows.core.codec import read_back
from workflows.language.catalogue import ActionSpec, Catalogue
from workflows.language.expressions import (
    ExpressionFailed,
    compile_expression,
    compile_template,
    from_json,
    has_template,
    kind_of,
    mask,
    to_json,
)
from workflows.language.model import Branch, Settings, Step
from workflows.language.veils import unveiling

__all__ = ["Around", "compile_action", "compile_child", "compile_container", "condition"]

SHELL = "shell.run"
TURNS = 16  # of a `for_each` that go on at once, unless it says how many


@dataclass(frozen=True, slots=True)
class Around:
    """What a step is compiled with; *step* compiles one, given the id of the one before it.

    *secret* are the inputs of the workflow that only params and secret inputs of children may hold.
    *hides* is said of what stands inside a step with `secret_output`.
    """

    settings: Settings
    catalogue: Catalogue
    step: "Callable[[Step, str | None, Around], plan.Step]"
    secret: frozenset[str] = frozenset()
    hides: bool = False

    def steps(self, steps: Sequence[Step]) -> tuple[plan.Step, ...]:
        """Compile a list of steps."""
        previous = [None, *(step.id for step in steps)]
        return tuple(
            self.step(step, before, self) for step, before in zip(steps, previous, strict=False)
        )


def condition(text: str | None) -> plan.Evaluate | None:
    """Compile *text* as a yes or no, where there is one."""
    return None if text is None else holds(text)


def holds(text: str) -> plan.Evaluate:
    """Compile *text* as a yes or no."""
    expression = compile_expression(text)
    return lambda names: bool(expression(names))


def compile_action(
    name: str, params: Mapping[str, Any], around: Around, *, repeatable: bool | None = None
) -> plan.Action:
    """Compile a call of the action *name*; its params keep secrets as handles."""
    template, unveiled = compile_template(dict(params)), unveiling(around.secret)
    constant = _copied(to_json(dict(params))) if template.constant else None
    programs = around.settings.programs if _has_open_program(name, params) else None

    def rendered(names: Mapping[str, Any]) -> Any:
        given = template(unveiled(names))
        if programs is not None:
            _check_program(given["argv"][0], programs)
        return to_json(given)

    reads = {
        str(path[1]) if path[0] == "steps" and len(path) > 1 else str(path[0])
        for path in template.names
        if path[0] in ("steps", "vars")
    }
    again = _repeatable(around.catalogue.get(name)) if repeatable is None else repeatable
    return plan.Action(name, constant or rendered, again, frozenset(reads))


def _copied(value: Any) -> plan.Evaluate:
    """Return what gives a fresh copy of *value*, which holds no expression and keeps its order."""
    written = json.dumps(value).encode()
    return lambda _: read_back(written)


def compile_child(step: Step, around: Around) -> plan.Child:
    """Compile a step that starts another workflow; its inputs keep secrets as handles."""
    template, unveiled = compile_template(step.inputs or {}), unveiling(around.secret)

    def rendered(names: Mapping[str, Any]) -> Any:
        return to_json(template(unveiled(names)))

    return plan.Child(str(step.workflow), rendered, step.detach)


def _has_open_program(name: str, params: Mapping[str, Any]) -> bool:
    argv = params.get("argv")
    first = argv[0] if isinstance(argv, list) and argv else None
    return name == SHELL and isinstance(first, str) and has_template(first)


def _check_program(program: Any, programs: list[str]) -> None:
    if program not in programs:
        raise ExpressionFailed(
            f"{str(program)[:80]!r} is not one of the programs that this workflow may run",
            hint="They are listed under `settings.programs`.",
        )


def _repeatable(spec: ActionSpec | None) -> bool | Callable[[Any], bool]:
    """Return what the action itself says of it; one that is gone may not run twice."""
    if spec is None:
        return False
    if isinstance(spec.repeatable, bool):
        return spec.repeatable
    asked, model = spec.repeatable, spec.params

    def repeatable(params: Any) -> bool:
        try:
            return bool(asked(model.model_validate(mask(from_json(params)))))
        except ValidationError:
            return False  # the action itself will say what is wrong with them

    return repeatable


def compile_container(step: Step, around: Around) -> plan.Verb | None:
    """Compile a step that holds others; return None for any other."""
    if step.for_each is not None:
        return _for_each(step, step.for_each, around)
    if step.parallel is not None:
        branches = tuple((name, around.steps(each)) for name, each in step.parallel.items())
        join = 1 if step.join == "any" else None if step.join == "all" else step.join
        return plan.Parallel(branches, join)
    if step.switch is not None:
        return plan.Switch(
            tuple(_case(number, each, around) for number, each in enumerate(step.switch))
        )
    if step.repeat is not None:
        again = step.repeat
        steps = around.steps(step.steps or ())
        return plan.Repeat(holds(again.until), steps, most=again.max, delay=again.delay)
    return None


def _case(number: int, branch: Branch, around: Around) -> plan.Case:
    if branch.else_ is not None:
        return plan.Case("else", None, around.steps(branch.else_))
    return plan.Case(str(number), condition(branch.if_), around.steps(branch.steps or ()))


def _for_each(step: Step, items: Any, around: Around) -> plan.ForEach:
    return plan.ForEach(
        items=_list(items),
        steps=around.steps(step.steps or ()),
        name=step.as_ or "item",
        key=None if step.key is None else _key(step.key),
        concurrency=step.concurrency or TURNS,
        collect=None if step.collect is None else compile_template(step.collect),
    )


def _list(items: Any) -> plan.Evaluate:
    template = compile_template(items)

    def rendered(names: Mapping[str, Any]) -> Any:
        found = template(names)
        if not isinstance(found, list):
            raise ExpressionFailed(
                f"`for_each` needs a list, not {kind_of(found)}",
                hint="Of a map, take `| items`, `| keys` or `| values`.",
            )
        return found

    return rendered


def _key(key: str) -> plan.Evaluate:
    template = compile_template(key)

    def rendered(names: Mapping[str, Any]) -> str:
        text = text_of(template(names))
        if not text:
            raise ExpressionFailed("`key` must give a text or a number for each item")
        return text

    return rendered
