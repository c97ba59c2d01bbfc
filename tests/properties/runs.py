"""A host that believes nothing: it checks what each fact brought about."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from workflows.core.codec import covered_digest
from workflows.core.commands import (
    AskApproval,
    CancelAction,
    CancelRun,
    ClearTimer,
    CloseApproval,
    CloseWait,
    Command,
    CompleteRun,
    FailRun,
    OpenWait,
    RunAction,
    SetTimer,
    Tell,
)
from workflows.core.core import Core
from workflows.core.facts import (
    ApprovalDecided,
    CancelRequested,
    EventDelivered,
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
from workflows.core.plan import Plan, Retry
from workflows.core.state import FINAL, StepState

Json = Any
T0 = datetime(2026, 3, 1, tzinfo=UTC)
ENDS = (CompleteRun, FailRun, CancelRun)
SHOWN = (
    "status",
    "attempts",
    "redo",
    "input",
    "output",
    "error",
    "started_at",
    "ended_at",
    "due_at",
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
        self.waits: dict[str, OpenWait] = {}
        self.asked: dict[str, list[str]] = {}  # the digests of all questions, by path
        self.yes: dict[str, AskApproval] = {}  # by gate: the question that got it
        self.spent: set[tuple[str, str]] = set()  # (step, question): started under that yes
        self.runs: set[tuple[str, int]] = set()
        self.completed: set[tuple[str, int]] = set()
        self.unknown: set[str] = set()  # a person is asked
        self.perhaps: set[str] = set()  # cancelled in flight, and not repeatable

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
        match fact:
            case StepCompleted() | StepFailed() | StepUnknown() | EventDelivered():
                self.take_answer(fact)
            case StepStarted():
                assert self.actions.pop(fact.path).repeatable
            case TimerFired():
                assert self.timers.pop(fact.slot) <= fact.at
            case ApprovalDecided():
                self.take_decision(fact)
            case StepResolved():
                self.unknown.remove(fact.path)
                self.perhaps.discard(fact.path)
                if fact.outcome == "retry":
                    self.excuse(fact.path)
            case CancelRequested():
                self.unknown.clear()

    def take_answer(self, fact: StepCompleted | StepFailed | StepUnknown | EventDelivered) -> None:
        if isinstance(fact, EventDelivered):
            assert self.waits.pop(fact.path).attempt == fact.attempt
            return
        if isinstance(fact, StepFailed) and fact.path in self.waits:
            return  # the host did not take the wait; the core takes it back
        run = self.actions.pop(fact.path)
        assert run.attempt == fact.attempt
        if isinstance(fact, StepCompleted):
            self.completed.add((run.path, run.redo))
        elif isinstance(fact, StepFailed) and fact.error.class_ == "not_started":
            self.excuse(fact.path)

    def take_decision(self, fact: ApprovalDecided) -> None:
        question = self.questions.pop(fact.path)
        assert fact.digest in {None, question.question.digest}
        self.yes.pop(fact.path, None)
        if fact.state in {"approved", "answered"} or self.is_late_yes(fact):
            self.yes[fact.path] = question

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
                self.take_cancel(command)
            case Tell("unknown"):
                self.unknown.add(command.path)
            case SetTimer():
                self.timers[command.slot] = command.due_at
            case ClearTimer():
                del self.timers[command.slot]
            case AskApproval() | CloseApproval():
                self.take_question(command)
            case OpenWait() | CloseWait():
                self.take_wait(command)

    def take_question(self, command: AskApproval | CloseApproval) -> None:
        path = command.path
        if isinstance(command, CloseApproval):
            del self.questions[path]
            return
        assert path not in self.questions
        self.asked.setdefault(path, []).append(command.question.digest)
        self.questions[path] = command
        self.yes.pop(path, None)

    def take_wait(self, command: OpenWait | CloseWait) -> None:
        if isinstance(command, OpenWait):
            assert command.path not in self.waits
            self.waits[command.path] = command
        else:
            assert self.waits.pop(command.path).attempt == command.attempt

    def take_cancel(self, command: CancelAction) -> None:
        run = self.actions.pop(command.path)
        assert run.attempt == command.attempt
        if not run.repeatable and self.core.steps[command.path].status == "cancelled":
            self.perhaps.add(command.path)

    def take_run(self, run: RunAction) -> None:
        assert run.path not in self.actions
        assert (run.path, run.attempt) not in self.runs
        assert (run.path, run.redo) not in self.completed
        assert run.path not in self.perhaps
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
        self.check_open()
        self.check_counts()
        ends = [command for command in commands if isinstance(command, ENDS)]
        ended = core.status in {"completed", "failed", "cancelled"}
        assert len(ends) == ended
        assert bool(core.waiting) != ended
        if ended:
            assert {path: s.status for path, s in core.steps.items() if s.status not in FINAL} == {}
            assert self.timers == {}

    def check_open(self) -> None:
        """What the core says is open is what it asked for, and every timer belongs to it."""
        kinds = {waiting.path: waiting.kind for waiting in self.core.waiting}
        assert {path for path in kinds if kinds[path] == "action"} == set(self.actions)
        assert {path for path in kinds if kinds[path] == "approval"} == set(self.questions)
        assert {path for path in kinds if kinds[path] == "event"} == set(self.waits)
        assert {path for path in kinds if kinds[path] == "unknown"} == self.unknown
        assert self.core.state.timers == self.timers
        for slot in self.timers:
            kind, _, path = slot.partition(":")
            opened = {
                "timeout": {"action", "timer"},
                "wait": {"timer"},
                "event": {"event"},
                "retry": {"retry"},
            }
            assert kind == "run" or kinds[path] in opened[kind]

    def check_counts(self) -> None:
        """No edge counts twice, and only questions that are open or answered hold on to params."""
        for path, step in self.core.steps.items():
            node = self.plan.graph.nodes.get(path)
            if node is not None:
                assert step.held + step.missed <= len(node.step.needs)
                assert step.cleared <= len(node.guards)
        for pin in self.core.state.pins.values():
            assert pin.gates
            assert set(pin.gates) <= {*self.questions, *self.yes}

    def something_happens(self) -> None:
        self.now += timedelta(seconds=self.chance.choice([0, 1, 40]))
        if self.core.waiting:
            likely = [self.answer, self.answer, self.answer, self.decide, self.decide]
            happen = self.chance.choice([*likely, self.event, self.fire, self.person, self.lie])
        else:
            happen = self.chance.choice([self.person, self.lie])
        happen()

    def pick(self, among: Mapping[str, Json]) -> str | None:
        return self.chance.choice(sorted(among)) if among else None

    def answer(self) -> None:
        path = self.pick(self.actions)
        if path is not None:
            self.tell(self.outcome(path, self.actions[path].attempt))

    def outcome(self, path: str, attempt: int) -> Fact:
        kind = self.chance.randrange(9)
        if kind < 4:
            output = self.chance.choice([None, 0, "", False, [], {"ok": kind}])
            return StepCompleted(self.now, path, attempt, output)
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

    def event(self) -> None:
        path = self.pick(self.waits)
        if path is None:
            return
        attempt = self.waits[path].attempt
        if self.chance.randrange(5):
            self.tell(EventDelivered(self.now, path, attempt, {"id": "e"}))
        else:
            error = StepError("limit", "too many", "not_started")
            self.tell(StepFailed(self.now, path, attempt, error))

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
        elif self.core.waiting and self.chance.randrange(6) == 0:
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
            EventDelivered(self.now, path, number, {"id": "lie"}),
            TimerFired(T0, self.chance.choice(["run", f"wait:{path}", f"timeout:{path}", "x"])),
            ApprovalDecided(self.now, path, "approved", "approve", "@eve", digest="lie"),
            *(
                ApprovalDecided(self.now, old.path, "approved", "x", "@eve", digest=digest)
                for old in list(self.questions.values())[-1:]
                for digest in self.asked.get(old.path, ())
            ),
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
            elif kind == "event":
                self.tell(EventDelivered(self.now, path, self.waits[path].attempt, {"id": "e"}))
            elif kind == "unknown":
                self.tell(StepResolved(self.now, path, "done", "@ada", {"ok": 1}))
            else:
                self.fire()
        raise AssertionError("the run does not end")


def shown(step: StepState) -> Json:
    assert set(SHOWN) <= {field.name for field in fields(step)}
    return [getattr(step, name) for name in SHOWN]
