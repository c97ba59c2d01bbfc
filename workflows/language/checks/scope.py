"""Which names can be seen where, and whether a reference to one of them can be right."""

from collections import ChainMap
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from workflows.language.catalogue import Catalogue
from workflows.language.event_names import EVENT_FIELDS
from workflows.language.expressions import Reference
from workflows.language.model import Step
from workflows.language.suggestions import did_you_mean

__all__ = ["EVERYWHERE", "Doubt", "Scope", "refute"]

STEP_FIELDS: Final = ("attempts", "duration", "error", "output", "status")
RUN_FIELDS: Final = (
    "error", "folder", "id", "inputs", "number", "started_at", "started_by", "status",
    "thread_url", "url",
)  # fmt: skip
WORKFLOW_FIELDS: Final = ("name", "revision")
ERROR_FIELDS: Final = ("class", "message", "status", "type")
APPROVAL_OUTPUT: Final = ("at", "by", "comment", "decision", "text", "votes")
SIGNAL_OUTPUT: Final = ("at", "by", "name", "payload")
DETACHED_OUTPUT: Final = ("run_id", "url")
EVERYWHERE: Final = frozenset({"inputs", "vars", "trigger", "run", "workflow"})


class Doubt(NamedTuple):
    """Why a reference is wrong, or likely to be."""

    message: str
    hint: str | None
    severe: bool = True
    code: str = "reference"


@dataclass(frozen=True, slots=True)
class Scope:
    """The names of one place in a file.

    *steps* are those that can have run before, by id, with None for one that cannot be read;
    *hidden* are the others of this scope and those around it, *inside* says for the rest in which
    step they are. *trigger* is None where nothing is known of it. *veiled* are the inputs that are
    secret and must not be looked at here. *later* are the vars that are not worked out yet, in their
    order, or None where all of them are; *run* is what is known of the run.
    """

    names: frozenset[str]
    inputs: Collection[str] = ()
    vars: Collection[str] = ()
    trigger: Collection[str] | None = None
    steps: Mapping[str, Step | None] = field(default_factory=dict)
    hidden: Collection[str] = ()
    inside: Mapping[str, str] = field(default_factory=dict)
    veiled: Collection[str] = ()
    later: Collection[str] | None = None
    run: Collection[str] = RUN_FIELDS

    def plus(self, *names: str) -> "Scope":
        """Return this scope with more names."""
        return self._with(names=self.names.union(names))

    def only(self, *names: str) -> "Scope":
        """Return this scope with no other names."""
        return self._with(names=frozenset(names))

    def seeing(self, steps: Mapping[str, Step | None]) -> "Scope":
        """Return this scope with more steps that have run before."""
        both: Any = ChainMap({**steps}, self.steps)  # type: ignore[arg-type]  # it is only read
        return self._with(steps=both)

    def unveiled(self) -> "Scope":
        """Return this scope for what may hold secrets."""
        return self._with(veiled=()) if self.veiled else self

    def at(self, steps: Mapping[str, Step | None], hidden: Collection[str]) -> "Scope":
        """Return this scope for a step before which others have run, and others not."""
        return self._with(steps=steps, hidden=hidden)

    def _with(
        self,
        *,
        names: frozenset[str] | None = None,
        steps: Mapping[str, Step | None] | None = None,
        hidden: Collection[str] | None = None,
        veiled: Collection[str] | None = None,
    ) -> "Scope":
        """Return a copy with other parts; `dataclasses.replace` takes ten times as long."""
        return Scope(
            self.names if names is None else names,
            self.inputs,
            self.vars,
            self.trigger,
            self.steps if steps is None else steps,
            self.hidden if hidden is None else hidden,
            self.inside,
            self.veiled if veiled is None else veiled,
            self.later,
            self.run,
        )


def refute(reference: Reference, scope: Scope, catalogue: Catalogue) -> Doubt | None:
    """Return what is wrong with *reference*, whose first name is known to be in *scope*."""
    root, *rest = reference.path
    if scope.veiled and (doubt := _refute_veiled(reference.path, scope)):
        return doubt
    if root == "steps":
        return _refute_step(rest, scope, catalogue)
    if root == "vars" and scope.later is not None and (doubt := _refute_later(rest, scope.later)):
        return doubt
    known = _known(str(root), scope)
    if known is None or not rest:
        return None
    name = str(rest[0])
    if name in known:
        return None
    singular = {"inputs": "input", "vars": "var"}.get(str(root))
    message = f"there is no {singular} `{name}`" if singular else f"`{root}` has no `{name}`"
    return Doubt(message, _offer(name, known))


def _refute_veiled(path: tuple[str | int, ...], scope: Scope) -> Doubt | None:
    """Refuse a look at a secret input, or at all inputs where one of them is secret."""
    if path[0] == "inputs":
        path = path[1:]
    elif path[:2] == ("run", "inputs"):
        path = path[2:]
    else:
        return None
    if path and path[0] not in scope.veiled:
        return None
    what = f"the input `{path[0]}` is" if path else "one of the inputs is"
    hint = "Secrets exist only in the `params` of an action and in secret inputs of a child."
    return Doubt(f"{what} secret, and would be shown here", hint, code="secret")


def _refute_later(rest: list[str | int], later: Collection[str]) -> Doubt | None:
    """Refuse a look at a var that is worked out below, or at all of them before they are there."""
    if not rest:
        text = "`vars` are not all there yet, as this is one of them"
        return Doubt(text, "Name one of those above it, as `vars.a`.")
    if rest[0] not in later:
        return None
    text = f"the var `{rest[0]}` has no value yet: vars are worked out in the order of the file"
    itself = rest[0] == next(iter(later))
    return Doubt(text, "It cannot use itself." if itself else f"Move `{rest[0]}` above this one.")


def _known(root: str, scope: Scope) -> Collection[str] | None:
    return {
        "inputs": scope.inputs,
        "vars": scope.vars,
        "trigger": scope.trigger,
        "run": scope.run,
        "workflow": WORKFLOW_FIELDS,
        "error": ERROR_FIELDS,
        "event": EVENT_FIELDS,
    }.get(root)


def _offer(name: str, known: Collection[str]) -> str | None:
    return did_you_mean(name, known) or (
        f"There are {', '.join(sorted(known))}." if known else None
    )


def _refute_step(rest: list[str | int], scope: Scope, catalogue: Catalogue) -> Doubt | None:
    if not rest:
        return Doubt("`steps` alone is no value", "Name one of them, as `steps.tests.output`.")
    name = str(rest[0])
    if name not in scope.steps:
        return _refute_name(name, scope)
    if len(rest) == 1:
        return Doubt(f"a step is no value: say what of `{name}`", f"Write `steps.{name}.output`.")
    if rest[1] not in STEP_FIELDS:
        part = str(rest[1])
        hint = f"Did you mean `steps.{name}.output.{part}`?"
        return Doubt(f"a step has no `{part}`", did_you_mean(part, STEP_FIELDS) or hint)
    if len(rest) > 2:
        return _refute_part(str(rest[1]), rest[2], scope.steps[name], catalogue)
    return None


def _refute_name(name: str, scope: Scope) -> Doubt:
    if name in scope.hidden:
        return Doubt(
            f"the step `{name}` cannot have run before this",
            f"Let this need `{name}`, or something behind it.",
        )
    if name in scope.inside:
        holder = scope.inside[name]
        message = f"the step `{name}` is inside `{holder}`, and cannot be seen from here"
        return Doubt(message, f"Use what `steps.{holder}.output` holds.")
    return Doubt(f"there is no step `{name}`", did_you_mean(name, [*scope.steps, *scope.hidden]))


def _refute_part(
    part: str, key: str | int, step: Step | None, catalogue: Catalogue
) -> Doubt | None:
    if part == "error" and key not in ERROR_FIELDS:
        return Doubt(f"an error has no `{key}`", _offer(str(key), ERROR_FIELDS))
    if part == "output" and step is not None:
        return _refute_output(step, key, catalogue)
    return None


def _refute_output(step: Step, key: str | int, catalogue: Catalogue) -> Doubt | None:
    known = _output_fields(step, catalogue)
    if known is None or key in known:
        return None
    if not known:
        return Doubt(f"the step `{step.id}` has no output", None, severe=False)
    what = f"`{step.action}`" if step.action else OUTPUTS[_kind(step)][0]
    return Doubt(f"the output of {what} has no `{key}`", _offer(str(key), known), severe=False)


def _kind(step: Step) -> str:
    """Return its verb, or a closer word where there are two outputs of one verb."""
    if step.wait_for is not None and step.wait_for.signal is not None:
        return "signal"
    return "detached" if step.detach and step.workflow else str(step.verb)


OUTPUTS: Final[Mapping[str, tuple[str, Collection[str]]]] = {
    "approval": ("an approval", APPROVAL_OUTPUT),
    "wait_for": ("an event", EVENT_FIELDS),
    "signal": ("a signal", SIGNAL_OUTPUT),
    "detached": ("a detached child", DETACHED_OUTPUT),
    "parallel": ("`parallel`", ()),
}
OPEN: Final = frozenset({"for_each", "switch", "repeat", "workflow"})
"""Verbs whose output is what the steps inside them give."""


def _output_fields(step: Step, catalogue: Catalogue) -> Collection[str] | None:
    """Return the fields of its output, or None where they are not known."""
    if step.action is not None:
        spec = catalogue.get(step.action)
        return None if spec is None else _fields_of(spec.result)
    if step.parallel is not None:
        return [*step.parallel, "winner"]
    kind = _kind(step)
    return None if kind in OPEN else OUTPUTS.get(kind, ("", ()))[1]


def _fields_of(model: Any) -> Collection[str] | None:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return None
    if model.model_config.get("extra") == "allow":
        return None
    return [
        info.serialization_alias or info.alias or name for name, info in model.model_fields.items()
    ]
