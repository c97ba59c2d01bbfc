"""Tiny plans made by hand, and a host of three lines that plays facts against them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from workflows.core.commands import AskApproval, Command, RunAction, Tell
from workflows.core.core import Core
from workflows.core.facts import (
    ApprovalDecided,
    CancelRequested,
    ChildCompleted,
    ChildFailed,
    Fact,
    PauseRequested,
    ResumeRequested,
    RetryRequested,
    RollbackRequested,
    RunStarted,
    SignalReceived,
    SkipRequested,
    StepCompleted,
    StepError,
    StepFailed,
    StepResolved,
    StepUnknown,
    TimerFired,
)
from workflows.core.plan import (
    Action,
    Approval,
    Edge,
    Evaluate,
    EvaluationFailed,
    On,
    Plan,
    Step,
    Verb,
)

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
Json = Any
C = TypeVar("C")


def const(value: Json) -> Evaluate:
    return lambda _: value


def look(path: str) -> Evaluate:
    """Stand for ``{{ path }}``: look names up, one after the other; a missing one has no value."""

    def find(names: Mapping[str, Json]) -> Json:
        value: Json = names
        for part in path.split("."):
            if not isinstance(value, Mapping) or part not in value:
                raise EvaluationFailed(f"{path} is missing")
            value = value[part]
        return value

    return find


def action(params: Evaluate | None = None, *, repeatable: bool = True, reads: str = "") -> Action:
    return Action("ops.do", params or const({}), repeatable, frozenset(reads.split()))


def approval(**changes: Json) -> Approval:
    given = {
        "title": const("Deploy?"),
        "description": None,
        "show": None,
        "approvers": const(["@ada"]),
    }
    return Approval(**{**given, **changes})


def step(name: str, verb: Verb | None = None, needs: Json = (), **keys: Json) -> Step:
    """Make a step; a need is an id, or ``id:failure`` and the like."""
    edges = tuple(edge(need) for need in ([needs] if isinstance(needs, str | Edge) else needs))
    return Step(id=name, name=name, verb=verb or action(), needs=edges, **keys)


def edge(need: str | Edge) -> Edge:
    if isinstance(need, Edge):
        return need
    name, _, on = need.partition(":")
    return Edge(name, On(on) if on else On.DEFAULT)


def line(*steps: Step) -> tuple[Step, ...]:
    """Let each step need the one before it, as in a file that says nothing."""
    return tuple(
        one if number == 0 else Step(**{**fields_of(one), "needs": (Edge(steps[number - 1].id),)})
        for number, one in enumerate(steps)
    )


def fields_of(one: Step) -> dict[str, Json]:
    return {name: getattr(one, name) for name in one.__slots__}


class Story:
    """One run. Every method is one fact; what it brought about is kept."""

    def __init__(self, *steps: Step, **plan: Json) -> None:
        self.plan = Plan(name="story", title="Story", revision="r1", steps=steps, **plan)
        self.core = Core(self.plan)
        self.children = {"lint": "rev_lint"}  # what the run finds when it begins
        self.now = T0
        self.rows: list[tuple[Fact, Json]] = []
        self.commands: list[Command] = []
        self.every: list[Command] = []

    def tell(self, fact: Fact) -> list[Command]:
        self.commands = self.core.apply(fact)
        self.rows.append((fact, dict(self.core.derived)))
        self.every += self.commands
        return self.commands

    def start(self, inputs: Json = None, **trigger: Json) -> list[Command]:
        run, workflow = {"id": "run_1"}, {"name": "story", "revision": 1}
        given = (inputs or {}, trigger, run, workflow, "seed")
        return self.tell(RunStarted(self.now, *given, children=self.children))

    def later(self, **duration: float) -> "Story":
        self.now += timedelta(**duration)
        return self

    def done(self, path: str, output: Json = None, attempt: int | None = None) -> list[Command]:
        number = attempt or self.core.steps[path].attempts
        return self.tell(StepCompleted(self.now, path, number, output))

    def fail(self, path: str, kind: str = "boom", class_: Json = "failed", **more: Json) -> Json:
        error = StepError(kind, f"{path} broke", class_, **more)
        return self.tell(StepFailed(self.now, path, self.core.steps[path].attempts, error))

    def lose(self, path: str) -> list[Command]:
        return self.tell(
            StepUnknown(self.now, path, self.core.steps[path].attempts, "the server died")
        )

    def fire(self, slot: str) -> list[Command]:
        return self.tell(TimerFired(self.now, slot))

    def decide(self, path: str, state: Json = "approved", **more: Json) -> list[Command]:
        given = {"decision": "approve" if state == "approved" else "reject", "by": "@ada", **more}
        return self.tell(ApprovalDecided(self.now, path, state, **given))

    def cancel(self, mode: Json = "now") -> list[Command]:
        return self.tell(CancelRequested(self.now, "@ada", "changed my mind", mode))

    def pause(self) -> list[Command]:
        return self.tell(PauseRequested(self.now, "@ada"))

    def resume(self) -> list[Command]:
        return self.tell(ResumeRequested(self.now, "@ada"))

    def skip(self, path: str) -> list[Command]:
        return self.tell(SkipRequested(self.now, path, "@ada"))

    def rollback(self) -> list[Command]:
        return self.tell(RollbackRequested(self.now, "@ada", "it was wrong"))

    def signal(self, name: str, payload: Json = None) -> list[Command]:
        return self.tell(SignalReceived(self.now, name, payload, "@ada"))

    def child_done(self, path: str, outputs: Json = None) -> list[Command]:
        attempt = self.core.steps[path].attempts
        return self.tell(ChildCompleted(self.now, path, attempt, "run_2", outputs))

    def child_failed(self, path: str, class_: Json = "failed") -> list[Command]:
        error = StepError("child", "the child failed", class_)
        attempt = self.core.steps[path].attempts
        return self.tell(ChildFailed(self.now, path, attempt, "run_2", error))

    def retry(self, from_path: str | None = None) -> list[Command]:
        return self.tell(RetryRequested(self.now, "@ada", from_path))

    def resolve(self, path: str, outcome: Json, output: Json = None) -> list[Command]:
        return self.tell(StepResolved(self.now, path, outcome, "@ada", output))

    @property
    def running(self) -> list[str]:
        """The paths of the actions that the last fact began."""
        return [command.path for command in self.of(RunAction)]

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(command.kind, command.path) for command in self.of(Tell)]

    @property
    def asked(self) -> AskApproval:
        (question,) = self.of(AskApproval)
        return question

    def of(self, kind: type[C]) -> list[C]:
        return [command for command in self.commands if isinstance(command, kind)]

    def stands(self, path: str) -> str:
        return str(self.core.steps[path].status)

    @property
    def statuses(self) -> dict[str, str]:
        return {path: str(state.status) for path, state in self.core.steps.items()}

    @property
    def open(self) -> list[tuple[str, str]]:
        return [(one.path, one.kind) for one in self.core.waiting]


Check = Callable[[Story], None]
