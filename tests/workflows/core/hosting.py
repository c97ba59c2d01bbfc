"""A host that believes nothing, for plans of every verb: it keeps its own books and checks each fact."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from tests.properties.runs import T0, Host
from tests.workflows.core.nested import CHILDREN, SIGNALS
from workflows.core.commands import CancelChild, Command, RunAction, StartChild
from workflows.core.facts import (
    ApprovalDecided,
    CancelRequested,
    ChildCompleted,
    ChildFailed,
    EventDelivered,
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
    StepResolved,
    TimerFired,
)
from workflows.core.plan import Plan

Json = Any
OPENED = {
    "timeout": {"action", "timer", "child"},
    "wait": {"timer"},
    "turn": {"timer"},
    "event": {"event", "signal"},
    "retry": {"retry"},
}


class NestedHost(Host):
    """Plays facts of every kind, true and false ones."""

    def __init__(self, plan: Plan, chance: Random) -> None:
        super().__init__(plan, chance)
        self.children: dict[str, StartChild] = {}

    def start(self) -> None:
        self.tell(
            RunStarted(self.now, {}, {}, {"id": "r"}, {"name": "w"}, "seed", children=CHILDREN)
        )

    # What the books take in

    def take_fact(self, fact: Fact) -> None:
        if isinstance(fact, ChildCompleted | ChildFailed):
            assert self.children.pop(fact.path).attempt == fact.attempt
        elif isinstance(fact, SkipRequested):
            self.unknown.discard(fact.path)
            self.perhaps.discard(fact.path)
        elif isinstance(fact, RollbackRequested):
            self.unknown.clear()
        super().take_fact(fact)

    def take_command(self, command: Command) -> None:
        if isinstance(command, StartChild):
            assert command.path not in self.children
            assert command.revision == CHILDREN[command.workflow]
            self.children[command.path] = command
        elif isinstance(command, CancelChild):
            assert self.children.pop(command.path).attempt == command.attempt
        super().take_command(command)

    def take_run(self, run: RunAction) -> None:
        assert run.path not in self.actions
        assert (run.path, run.attempt) not in self.runs
        assert (run.path, run.redo) not in self.completed
        assert run.path not in self.perhaps
        self.runs.add((run.path, run.attempt))
        self.actions[run.path] = run
        node = self.core.node(run.path)
        for gate in node.guards:
            assert gate in self.yes or self.core.steps[gate].status == "skipped"
        if node.step.gate is not None:
            assert run.covered is not None
        if run.covered is not None:
            self.take_covered(run, node.step.retry)

    # What must be true after each fact

    def check_open(self) -> None:
        kinds = {waiting.path: waiting.kind for waiting in self.core.waiting}
        assert (kinds.pop("", None) == "pause") == (self.core.state.paused_at is not None)
        books = {
            "action": set(self.actions),
            "approval": set(self.questions),
            "event": set(self.waits),
            "child": set(self.children),
            "unknown": self.unknown,
        }
        for kind, paths in books.items():
            assert {path for path in kinds if kinds[path] == kind} == paths
        assert self.core.state.timers == self.timers
        for slot in self.timers:
            kind, _, path = slot.partition(":")
            if kind == "run":
                assert self.core.state.phase == "work"
                assert self.core.state.paused_at is None
            elif path in kinds:
                assert kinds[path] in OPENED[kind]
            else:
                assert (kind, self.core.steps[path].status) == ("timeout", "running")
        for path in [*kinds, *(slot.partition(":")[2] for slot in self.timers if ":" in slot)]:
            if kinds.get(path) != "unknown":
                self.check_parents(path)

    def check_parents(self, path: str) -> None:
        """Nothing is open under what is closed: no wait, timer, question, action or child."""
        for prefix, frame in self.around(path):
            assert frame.over is None, (path, prefix)
            if frame.owner is not None:
                owner = self.core.steps[frame.owner]
                assert owner.handling or (owner.status == "running" and prefix in open_of(owner))

    def around(self, path: str) -> Iterator[tuple[str, Json]]:
        node = self.core.node(path)
        if node.scope == "~undo":
            assert self.core.state.phase == "compensating"
            return
        while node.scope:
            frame = self.core.state.frames[node.scope]
            yield node.scope, frame
            if frame.owner is None:
                assert self.core.state.phase == node.scope[:-1]
                return
            node = self.core.nodes[frame.owner]

    def check_counts(self) -> None:
        """The counts of the core are what counting gives, and only open questions hold params."""
        core = self.core
        for prefix, frame in core.state.frames.items():
            if frame.over is None:
                inside = [path for path, node in core.nodes.items() if node.scope == prefix]
                assert frame.left == sum(not core.steps[path].settled for path in inside)
        for path, step in core.steps.items():
            if path in core.nodes:
                assert step.held + step.missed <= len(core.nodes[path].step.needs)
                assert step.cleared <= len(core.nodes[path].guards)
        for pin in core.state.pins.values():
            assert pin.gates
            assert set(pin.gates) <= {*self.questions, *self.yes}

    # What happens

    def something_happens(self) -> None:
        self.now += timedelta(seconds=self.chance.choice([0, 1, 40]))
        usual = [self.answer, self.answer, self.answer, self.decide, self.decide, self.child]
        rare = [self.event, self.fire, self.fire, self.person, self.lie, self.signal, self.steer]
        self.chance.choice([*usual, *rare] if self.core.waiting else [self.person, self.lie])()

    def child(self) -> None:
        path = self.pick(self.children)
        if path is None:
            return
        attempt = self.children[path].attempt
        if self.chance.randrange(3):
            self.tell(ChildCompleted(self.now, path, attempt, "run_2", {"ok": 1}))
        else:
            class_ = self.chance.choice(["failed", "not_started"])
            error = StepError("child", "it failed", class_)
            self.tell(ChildFailed(self.now, path, attempt, None, error))

    def signal(self) -> None:
        self.tell(SignalReceived(self.now, self.chance.choice(SIGNALS), {"n": 1}, "@ada"))

    def steer(self) -> None:
        """Pause, resume, leave a step out, or end the run in one way or another."""
        kind = self.chance.randrange(9)
        if kind < 3:
            self.tell(PauseRequested(self.now, "@ada"))
        elif kind < 5:
            self.tell(ResumeRequested(self.now, "@ada"))
        elif kind < 7:
            path = self.chance.choice([*self.core.steps, "nobody"])
            self.tell(SkipRequested(self.now, path, "@ada"))
        elif kind == 7:
            mode = self.chance.choice(["compensate", "now"])
            self.tell(CancelRequested(self.now, "@ada", "enough", mode))
        else:
            self.tell(RollbackRequested(self.now, "@ada", "it was wrong"))

    def person(self) -> None:
        path = self.pick(dict.fromkeys(self.unknown))
        if path is not None:
            outcome = self.chance.choice(["retry", "done", "fail"])
            self.tell(StepResolved(self.now, path, outcome, "@ada"))
        elif self.chance.randrange(4) == 0:
            self.steer()
        else:
            path = self.chance.choice([None, *self.core.steps])
            self.tell(RetryRequested(self.now, "@ada", path))

    def lie(self) -> None:
        """Tell something late, early, doubled or made up."""
        path, number = self.chance.choice([*self.core.steps, "nobody"]), self.chance.randint(0, 3)
        if path in self.children:
            number += 1000
        lies = [
            ChildCompleted(self.now, path, number, "run_9", "lie"),
            ChildFailed(self.now, path, number, None, StepError("lie", "lie")),
            TimerFired(T0, self.chance.choice([f"turn:{path}", f"event:{path}"])),
        ]
        if self.chance.randrange(3):
            super().lie()
        else:
            self.tell(self.chance.choice(lies))

    def answer_everything(self) -> None:
        """Be kind: everything asked for succeeds. However it stands, the run must come to its end."""
        for _ in range(600):
            waiting = self.core.waiting
            if not waiting:
                return
            self.answer_one(waiting[0].path, waiting[0].kind)
        raise AssertionError("the run does not end")

    def answer_one(self, path: str, kind: str) -> None:
        now = self.now
        if kind == "pause":
            self.tell(ResumeRequested(now, "@ada"))
        elif kind == "action":
            self.tell(StepCompleted(now, path, self.actions[path].attempt, {"ok": 1}))
        elif kind == "approval":
            self.decide_yes(path)
        elif kind == "event":
            self.tell(EventDelivered(now, path, self.waits[path].attempt, {"id": "e"}))
        elif kind == "signal":
            name = self.core.node(path).step.verb.signal
            self.tell(SignalReceived(now, name, None, "@ada"))
        elif kind == "child":
            self.tell(ChildCompleted(now, path, self.children[path].attempt, "run_2", {"ok": 1}))
        elif kind == "unknown":
            self.tell(StepResolved(now, path, "done", "@ada", {"ok": 1}))
        else:
            self.fire()

    def decide_yes(self, path: str) -> None:
        self.tell(ApprovalDecided(self.now, path, "approved", "approve", "@ada"))


def open_of(step: Json) -> Json:
    return {} if step.progress is None else step.progress.open
