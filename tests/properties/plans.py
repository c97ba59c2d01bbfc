"""Random plans: graphs of every verb, with values that show when one is rendered twice."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

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
    WaitFor,
)

Json = Any


class Plans:
    """Draws plans. Values come from a counter, so that rendering twice would be seen."""

    def __init__(self, chance: Random, values: Callable[[], int]) -> None:
        self.chance, self.values = chance, values

    def one_in(self, number: int) -> bool:
        return self.chance.randrange(number) == 0

    def template(self, *, breaks: int = 30) -> Evaluate:
        if self.one_in(breaks):
            return self.broken
        return lambda names: {"n": self.values(), "seen": len(names["steps"])}

    def broken(self, _: Mapping[str, Json]) -> Json:
        raise EvaluationFailed("a name is missing")

    def truth(self) -> Evaluate:
        if self.one_in(12):
            return self.broken
        answer = self.chance.choice([True, True, True, False, 0, "yes"])
        return lambda _: answer

    def text(self) -> Evaluate:
        return self.broken if self.one_in(40) else lambda _: f"text {self.values()}"

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
        if not before or self.one_in(5):
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
        moment = self.chance.choice([self.text(), lambda _: "2026-03-01T00:30:00Z"])
        covers = tuple(self.chance.sample(names, 1)) if self.one_in(4) else None
        asks, sets = self.approval(covers), SetVars((("x", self.template()),))
        ends = [Fail(self.text()), Stop(self.text())]
        waits = [Wait(until=moment), Wait(timedelta(seconds=self.chance.choice([0, 30])))]
        events = 3 * [self.wait_for()]
        acts = 13 * [self.action()]
        return self.chance.choice([*acts, *(5 * [asks]), *events, sets, *ends, *waits])

    def action(self) -> Action:
        repeatable = self.chance.choice([True, False, lambda params: params["n"] % 2 == 0])
        reads = frozenset({"vars"}) if self.one_in(3) else frozenset()
        return Action("ops.do", self.template(), repeatable, reads)

    def wait_for(self) -> WaitFor:
        def keys(names: Mapping[str, Json]) -> Json:
            return [[["subject", "sha"], f"sha {self.values()}"]]

        return WaitFor(
            event=self.chance.choice(["test.completed", "process.*"]),
            correlate=self.broken if self.one_in(20) else keys,
            where=self.chance.choice([None, "event.n == vars.x"]),
            names=self.template() if self.one_in(2) else None,
            since=self.chance.choice(["start", "now"]),
            timeout=timedelta(minutes=5) if self.one_in(2) else None,
            on_timeout=self.chance.choice(["fail", "continue"]),
        )

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
