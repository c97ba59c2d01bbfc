"""Random plans of every verb, one inside another, with things to take back and lists for the end."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

from tests.properties.plans import Plans
from workflows.core.plan import (
    Approval,
    Case,
    Child,
    Evaluate,
    ForEach,
    Parallel,
    Plan,
    Repeat,
    Retry,
    Step,
    Switch,
    Undo,
    Verb,
    WaitForSignal,
)

Json = Any
DEEPEST = 3
CHILDREN = {"lint": "r7", "build": "r8"}
SIGNALS = ("go", "halt")
PHASE = 8  # names of steps in lists for the end begin with s8


class Nested(Plans):
    """Draws plans whose steps hold other steps."""

    def __init__(self, chance: Random, values: Callable[[], int]) -> None:
        super().__init__(chance, values)
        self.depth = 0

    def step(self, name: str, before: list[Step], number: int, depth: int) -> Step:
        self.depth = depth
        drawn = super().step(name, before, number, depth)
        self.depth = depth
        if isinstance(drawn.verb, Approval) and drawn.verb.covers is not None:
            later = tuple(each for each in drawn.verb.covers if each > name)
            drawn = replace(drawn, verb=replace(drawn.verb, covers=later))  # as the loader asks
        if self.one_in(3):
            drawn = replace(drawn, undo=self.undo())
        return drawn

    def undo(self) -> Undo:
        timeout = timedelta(minutes=2) if self.one_in(3) else None
        return Undo(self.action(), timeout, self.retry() if self.one_in(3) else Retry())

    def verb(self, names: list[str]) -> Verb:
        if self.depth % PHASE < DEEPEST and self.one_in(3):
            depth = self.depth
            drawn = self.chance.choice([self.loop, self.loop, self.race, self.route, self.poll])()
            self.depth = depth
            return drawn
        if self.one_in(8):
            return self.child()
        return self.signal() if self.one_in(10) else super().verb(names)

    def body(self) -> tuple[Step, ...]:
        return self.steps(self.chance.randint(1, 3), self.depth + 1)

    def loop(self) -> ForEach:
        depth = self.depth
        steps = self.body()
        self.depth = depth
        return ForEach(
            items=self.items(),
            steps=steps,
            name=self.chance.choice(["item", "file"]),
            key=self.key() if self.one_in(3) else None,
            concurrency=self.chance.randint(1, 3),
            collect=self.template(breaks=8) if self.one_in(3) else None,
        )

    def items(self) -> Evaluate:
        if self.one_in(15):
            return self.broken
        value = [*range(self.chance.randint(0, 4))] if self.chance.randrange(12) else "no list"
        return lambda _: value

    def key(self) -> Evaluate:
        kind = self.chance.choice(["plain", "plain", "quoted", "equal"])
        if kind == "equal":
            return lambda _: "same"
        return lambda names: f"k{names['index']}" if kind == "plain" else f"a b.{names['index']}]"

    def race(self) -> Parallel:
        number = self.chance.randint(1, 3)
        depth, branches = self.depth, []
        for index in range(number):
            self.depth = depth
            branches.append((f"b{index}", self.body()))
        join = self.chance.choice([None, 1, self.chance.randint(1, number)])
        return Parallel(tuple(branches), join)

    def route(self) -> Switch:
        depth, cases = self.depth, []
        for index in range(self.chance.randint(1, 2)):
            self.depth = depth
            cases.append(Case(str(index), self.truth(), self.body()))
        self.depth = depth
        if self.one_in(2):
            cases.append(Case("else", None, self.body()))
        return Switch(tuple(cases))

    def poll(self) -> Repeat:
        steps = self.body()
        delay = timedelta(seconds=self.chance.choice([0, 10]))
        turns = self.chance.choice([0, 1, 5])
        broken = self.one_in(15)

        def until(names: Mapping[str, Json]) -> bool:
            return bool(self.broken(names)) if broken else names["index"] >= turns

        return Repeat(until, steps, self.chance.randint(1, 3), delay)

    def child(self) -> Child:
        return Child(
            self.chance.choice([*CHILDREN, *CHILDREN, "nobody"]),
            self.template(),
            detach=self.one_in(3),
        )

    def signal(self) -> WaitForSignal:
        timeout = timedelta(minutes=5) if self.one_in(2) else None
        way = self.chance.choice(["fail", "continue"])
        return WaitForSignal(self.chance.choice(SIGNALS), timeout, way)

    def ending(self) -> tuple[Step, ...]:
        return self.steps(self.chance.randint(1, 2), PHASE) if self.one_in(2) else ()


def nested_plan(chance: Random, values: Callable[[], int] | None = None) -> Plan:
    plans = Nested(chance, values or count().__next__)
    steps = plans.steps(chance.randint(0, 6))
    return Plan(
        name="nested",
        title="Nested",
        revision="r1",
        steps=steps,
        vars=(("x", plans.template(breaks=60)),),
        outputs=(("y", plans.template()),),
        timeout=timedelta(hours=3) if plans.one_in(3) else None,
        on_failure=plans.ending(),
        on_cancel=plans.ending(),
        finally_=plans.ending(),
        children=tuple(CHILDREN),
    )
