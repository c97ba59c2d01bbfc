"""Random plans, and a host that believes nothing: it checks what each fact brought about."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from workflows.core.codec import covered_digest
from workflows.core.commands import (
    AskApproval,
    CancelAction,
    CancelRun,
    ClearTimer,
    CloseApproval,
    Command,
    CompleteRun,
    FailRun,
    RunAction,
    SetTimer,
)
from workflows.core.core import Core
from workflows.core.facts import (
    ApprovalDecided,
    CancelRequested,
    Fact,
    RetryRequested,
    RunStarted,
    StepCompleted,
    StepError,
    StepFailed,
    StepResolved,
    StepStarted,
    StepUnknown,
    TimerFired,
)
from workflows.core.plan import (
    Action,
    Approval,
    Edge,
    Evaluate,
    EvaluationFailed,
    Fail,
    On,
    Plan,
    Retry,
    SetVars,
    Step,
    Stop,
    Verb,
    Wait,
)
from workflows.core.state import FINAL, StepState

Json = Any
T0 = datetime(2026, 3, 1, tzinfo=UTC)
ENDS = (CompleteRun, FailRun, CancelRun)
SHOWN = ("status", "attempts", "redo", "input", "output", "error", "started_at", "ended_at", "due_at")


class Plans:
    """Draws plans. Values come from a counter, so that rendering twice would be seen."""

    def __init__(self, chance: Random, values: Callable[[], int]) -> None:
        self.chance, self.values = chance, values

    def one_in(self, number: int) -> bool:
        return self.chance.randrange(number) == 0

    def template(self, *, breaks: int = 15) -> Evaluate:
        if self.one_in(breaks):
            return self.broken
        return lambda names: {"n": self.values(), "seen": len(names["steps"])}

    def broken(self, _: Mapping[str, Json]) -> Json:
        raise EvaluationFailed("a name is missing")

    def truth(self) -> Evaluate:
        if self.one_in(8):
            return self.broken
        answer = self.chance.choice([True, True, False, 0, "yes"])
        return lambda _: answer

    def text(self) -> Evaluate:
        return self.broken if self.one_in(20) else lambda _: f"text {self.values()}"

    def steps(self, number: int, depth: int = 0) -> tuple[Step, ...]:
        drawn: list[Step] = []
        for index in range(number):
            drawn.append(self.step(f"s{depth}{index}", drawn, number, depth))
        return tuple(drawn)

    def step(self, name: str, before: list[Step], number: int, depth: int) -> Step:
        verb = self.verb([f"s{depth}{n}" for n in range(number)])
        needs = self.needs(before)
        asks = isinstance(verb, Approval)
        gate = self.approval(None) if isinstance(verb, Action) and self.one_in(4) else None
        return Step(
            id=name,
            name=name,
            verb=verb,
            needs=needs,
            any_of=self.one_in(4),
            condition=self.truth() if self.one_in(4) else None,
            timeout=timedelta(minutes=1) if self.one_in(3) and not asks else None,
            retry=self.retry() if self.one_in(3) else Retry(),
            on_error=self.on_error(depth),
            gate=gate,
        )

    def needs(self, before: list[Step]) -> tuple[Edge, ...]:
        if not before or self.one_in(4):
            return ()
        chosen = self.chance.sample(before, self.chance.randint(1, min(3, len(before))))
        return tuple(self.edge(step.id) for step in chosen)

    def edge(self, name: str) -> Edge:
        on = self.chance.choice([On.DEFAULT, On.DEFAULT, On.DEFAULT, *On])
        return Edge(name, on, self.truth() if self.one_in(6) else None)

    def on_error(self, depth: int) -> Json:
        if depth < 2 and self.one_in(4):
            return self.steps(self.chance.randint(1, 3), depth + 1)
        return self.chance.choice(["fail", "fail", "continue"])

    def retry(self) -> Retry:
        return Retry(
            attempts=self.chance.randint(1, 3),
            delay=timedelta(seconds=self.chance.choice([0, 5])),
            jitter=self.chance.choice([0.0, 0.5]),
            on=self.chance.choice([None, None, ("failed",), ("timeout", "boom")]),
            condition=self.truth() if self.one_in(4) else None,
        )

    def verb(self, names: list[str]) -> Verb:
        kind = self.chance.randrange(16)
        if kind < 8:
            return self.action()
        if kind < 11:
            covers = tuple(self.chance.sample(names, 1)) if self.one_in(4) else None
            return self.approval(covers)
        if kind == 11:
            return SetVars((("x", self.template()),))
        if kind == 12:
            return Fail(self.text())
        if kind == 13:
            return Stop(self.text())
        if kind == 14:
            return Wait(until=self.chance.choice([self.text(), lambda _: "2026-03-01T00:30:00Z"]))
        return Wait(duration=timedelta(seconds=self.chance.choice([0, 30])))

    def action(self) -> Action:
        repeatable = self.chance.choice([True, False, lambda params: params["n"] % 2 == 0])
        reads = frozenset({"vars"}) if self.one_in(3) else frozenset()
        return Action("ops.do", self.template(), repeatable, reads)

    def approval(self, covers: tuple[str, ...] | None) -> Approval:
        return Approval(
            title=self.text(),
            description=self.text() if self.one_in(3) else None,
            show=None,
            approvers=lambda _: ["@ada"],
            timeout=timedelta(hours=1) if self.one_in(3) else None,
            on_timeout=self.chance.choice(["reject", "fail", "later"]),
            covers=covers,
        )


def random_plan(chance: Random, values: Callable[[], int] | None = None) -> Plan:
    plans = Plans(chance, values or count().__next__)
    return Plan(
        name="random",
        title="Random",
        revision="r1",
        steps=plans.steps(chance.randint(0, 7)),
        vars=(("x", plans.template(breaks=40)),),
        outputs=(("y", plans.template()),),
        timeout=timedelta(hours=3) if plans.one_in(3) else None,
    )


class Host:
    """Plays facts, true and false ones, and keeps its own books from the commands alone."""

    def __init__(self, plan: Plan, chance: Random) -> None:
        self.plan, self.chance, self.now = plan, chance, T0
        self.core = Core(plan)
        self.rows: list[tuple[Fact, Json, list[Command]]] = []
        self.actions: dict[str, RunAction] = {}
        self.timers: dict[str, datetime] = {}
        self.questions: dict[str, AskApproval] = {}
        self.yes: dict[str, AskApproval] = {}  # by gate: the question that got it
        self.spent: set[tuple[str, str]] = set()  # (step, question): started under that yes
        self.runs: set[tuple[str, int]] = set()
        self.completed: set[str] = set()

    def start(self) -> None:
        self.tell(RunStarted(self.now, {}, {}, {"id": "r"}, {"name": "w"}, "seed"))

    def tell(self, fact: Fact) -> None:
        before = {path: shown(step) for path, step in self.core.steps.items()}
        blob = self.core.snapshot()
        commands = self.core.apply(fact)
        self.rows.append((fact, dict(self.core.derived), commands))
        if self.core.warning is not None:
            assert commands == []
            assert self.core.snapshot() == blob
            return
        self.take_fact(fact)
        for command in commands:
            self.take_command(command)
        self.check(before, commands)

    def take_fact(self, fact: Fact) -> None:
        """Close in the books what the fact, which was accepted, has answered."""
        if isinstance(fact, StepCompleted | StepFailed | StepUnknown):
            run = self.actions.pop(fact.path)
            assert run.attempt == fact.attempt
            if isinstance(fact, StepCompleted):
                self.completed.add(fact.path)
            elif isinstance(fact, StepFailed) and fact.error.class_ == "not_started":
                self.excuse(fact.path)
        elif isinstance(fact, StepStarted):
            assert self.actions.pop(fact.path).repeatable
        elif isinstance(fact, TimerFired):
            assert self.timers.pop(fact.slot) <= fact.at
        elif isinstance(fact, ApprovalDecided):
            question = self.questions.pop(fact.path)
            self.yes.pop(fact.path, None)
            if fact.state in {"approved", "answered"} or self.is_late_yes(fact):
                self.yes[fact.path] = question
        elif isinstance(fact, StepResolved) and fact.outcome == "retry":
            self.excuse(fact.path)

    def is_late_yes(self, fact: ApprovalDecided) -> bool:
        return fact.state == "expired" and self.core.steps[fact.path].status == "completed"

    def excuse(self, path: str) -> None:
        """Let the step start again under the same yes: it is known not to have happened."""
        self.spent = {spent for spent in self.spent if spent[0] != path}

    def take_command(self, command: Command) -> None:
        match command:
            case RunAction():
                self.take_run(command)
            case CancelAction():
                assert self.actions.pop(command.path).attempt == command.attempt
            case SetTimer():
                self.timers[command.slot] = command.due_at
            case ClearTimer():
                del self.timers[command.slot]
            case AskApproval():
                assert command.path not in self.questions
                self.questions[command.path] = command
                self.yes.pop(command.path, None)
            case CloseApproval():
                del self.questions[command.path]

    def take_run(self, run: RunAction) -> None:
        assert run.path not in self.actions
        assert (run.path, run.attempt) not in self.runs
        assert run.path not in self.completed
        self.runs.add((run.path, run.attempt))
        self.actions[run.path] = run
        node = self.plan.graph.nodes[run.path]
        for gate in node.guards:
            assert gate in self.yes or self.core.steps[gate].status == "skipped"
        if node.step.gate is not None:
            assert run.covered is not None
        if run.covered is not None:
            self.take_covered(run, node.step.retry)

    def take_covered(self, run: RunAction, retry: Retry) -> None:
        assert run.covered == covered_digest(run.path, run.action, run.params)
        shown_by = [
            question
            for question in self.yes.values()
            if any((c.path, c.digest) == (run.path, run.covered) for c in question.question.covers)
        ]
        assert shown_by
        if not run.repeatable and retry.on is None:
            started = {(run.path, question.question.digest) for question in shown_by}
            assert not started & self.spent
            self.spent |= started

    def check(self, before: dict[str, Json], commands: list[Command]) -> None:
        core = self.core
        after = {path: shown(step) for path, step in core.steps.items()}
        assert {path for path in after if after[path] != before.get(path)} <= core.changed
        waiting = core.waiting
        assert {w.path for w in waiting if w.kind == "action"} == set(self.actions)
        assert {w.path for w in waiting if w.kind == "approval"} == set(self.questions)
        assert core.state.timers == self.timers
        ends = [command for command in commands if isinstance(command, ENDS)]
        ended = core.status in {"completed", "failed", "cancelled"}
        assert len(ends) == ended
        assert bool(waiting) != ended
        if ended:
            assert {path: s.status for path, s in core.steps.items() if s.status not in FINAL} == {}
            assert self.timers == {}
            assert set(self.plan.graph.scopes[None]) <= set(core.steps)

    def something_happens(self) -> None:
        self.now += timedelta(seconds=self.chance.choice([0, 1, 40]))
        happen = self.chance.choice(
            [self.answer, self.answer, self.answer, self.decide, self.fire, self.person, self.lie]
        )
        happen()

    def pick(self, among: Mapping[str, Json]) -> str | None:
        return self.chance.choice(sorted(among)) if among else None

    def answer(self) -> None:
        path = self.pick(self.actions)
        if path is not None:
            self.tell(self.outcome(path, self.actions[path].attempt))

    def outcome(self, path: str, attempt: int) -> Fact:
        kind = self.chance.randrange(8)
        if kind < 4:
            return StepCompleted(self.now, path, attempt, {"ok": kind})
        if kind == 4:
            return StepUnknown(self.now, path, attempt, "the server died")
        if kind == 5:
            return StepStarted(self.now, path, attempt + 1)
        type_, class_ = self.chance.choice(
            [("boom", "failed"), ("dns", "not_started"), ("reset", "unknown")]
        )
        return StepFailed(self.now, path, attempt, StepError(type_, "no", class_))

    def decide(self) -> None:
        path = self.pick(self.questions)
        if path is not None:
            state = self.chance.choice(
                ["approved"] * 4 + ["answered", "rejected", "expired", "superseded", "withdrawn"]
            )
            digest = self.questions[path].question.digest
            self.tell(ApprovalDecided(self.now, path, state, "x", "@ada", digest=digest))

    def fire(self) -> None:
        slot = self.pick(self.timers)
        if slot is not None:
            self.now = max(self.now, self.timers[slot])
            self.tell(TimerFired(self.now, slot))

    def person(self) -> None:
        unknown = {w.path: w for w in self.core.waiting if w.kind == "unknown"}
        path = self.pick(unknown)
        if path is not None:
            outcome = self.chance.choice(["retry", "done", "fail"])
            self.tell(StepResolved(self.now, path, outcome, "@ada"))
        elif self.chance.randrange(6) == 0:
            self.tell(CancelRequested(self.now, "@ada", "enough"))
        else:
            self.tell(RetryRequested(self.now, "@ada"))

    def lie(self) -> None:
        """Tell something late, early, doubled or made up."""
        paths = [*self.core.steps, "nobody", "s00~approval", "s00~error.s10"]
        path, number = self.chance.choice(paths), self.chance.randint(0, 3)
        facts = [
            StepCompleted(self.now, path, number, "lie"),
            StepFailed(self.now, path, number, StepError("lie", "lie")),
            StepUnknown(self.now, path, number, "lie"),
            StepStarted(self.now, path, number),
            TimerFired(T0, self.chance.choice(["run", f"wait:{path}", f"timeout:{path}", "x"])),
            ApprovalDecided(self.now, path, "approved", "approve", "@eve", digest="lie"),
            RetryRequested(self.now, "@eve", path),
            *(fact for fact, _, _ in self.rows[-3:]),
        ]
        self.tell(self.chance.choice(facts))

    def answer_everything(self) -> None:
        """Be kind: everything asked for succeeds. However it stands, the run must come to its end."""
        for _ in range(200):
            waiting = self.core.waiting
            if not waiting:
                return
            path, kind = waiting[0].path, waiting[0].kind
            if kind == "action":
                self.tell(StepCompleted(self.now, path, self.actions[path].attempt, {"ok": 1}))
            elif kind == "approval":
                self.tell(ApprovalDecided(self.now, path, "approved", "approve", "@ada"))
            elif kind == "unknown":
                self.tell(StepResolved(self.now, path, "done", "@ada", {"ok": 1}))
            else:
                self.fire()
        raise AssertionError("the run does not end")


def shown(step: StepState) -> Json:
    assert set(SHOWN) <= {field.name for field in fields(step)}
    return [getattr(step, name) for name in SHOWN]
