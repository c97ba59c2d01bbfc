"""Laws of the core, for random plans and random facts in random order."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.plans import random_plan
from tests.properties.runs import Host
from tests.workflows.core.hosting import NestedHost
from tests.workflows.core.nested import nested_plan
from workflows.core.codec import canonical, digest, fact_from_json, fact_to_json
from workflows.core.commands import CancelChild, Command, StartChild
from workflows.core.core import Core, replay
from workflows.core.facts import (
    EventDelivered,
    Fact,
    RetryRequested,
    StepCompleted,
    StepStarted,
    StepUnknown,
)
from workflows.core.layout import Body
from workflows.core.plan import (
    Action,
    Approval,
    Fail,
    Plan,
    SetVars,
    Step,
    Stop,
    Verb,
    Wait,
    WaitFor,
)
from workflows.core.state import RunStatus, StepStatus


@dataclass(frozen=True)
class Kind:
    """Which plans are drawn, and the host that plays them."""

    plan: Callable[..., Plan]
    host: type[Host]

    def lived(self, chance: Random, most: int, **how: Any) -> Host:
        """Return a host to which up to *most* things happened."""
        host = self.host(self.plan(chance, **how), chance)
        host.start()
        for _ in range(chance.randint(0, most)):
            host.something_happens()
        return host


@dataclass
class Seen:
    """What came by in many lives."""

    verbs: set[Any]
    facts: set[Any]
    commands: set[Any]
    steps: set[StepStatus]
    runs: set[RunStatus]

    @classmethod
    def of(cls, kind: Kind, lives: int, length: int) -> "Seen":
        seen = cls(set(), set(), set(), set(), set())
        for seed in range(lives):
            chance = Random(seed)  # noqa: S311  # a fixed one, not a secret
            host = kind.host(kind.plan(chance), chance)
            host.start()
            for _ in range(length):
                host.something_happens()
                seen.runs.add(host.core.status)
            seen.verbs |= {type(step.verb) for step in steps_of(host.plan)}
            seen.facts |= {type(fact) for fact, _, answer in host.rows if answer}
            seen.commands |= {type(each) for _, _, answer in host.rows for each in answer}
            seen.steps |= {state.status for state in host.core.steps.values()}
        return seen


FLAT, NESTED = Kind(random_plan, Host), Kind(nested_plan, NestedHost)
KINDS = pytest.mark.parametrize("kind", [FLAT, NESTED], ids=["flat", "of every verb"])
# Each example is a whole life of dozens of facts, after each of which every law is checked; and
# tests/prove/simulation plays hundreds of such lives more, through the database.
LIVES, PAIRS = settings(max_examples=100), settings(max_examples=45)  # of one, of two side by side
seeds = st.randoms(use_true_random=False)


@KINDS
@LIVES
@given(chance=seeds)
def test_whatever_happens_in_whatever_order_every_law_holds(kind: Kind, chance: Random) -> None:
    """The host checks after each fact; then it answers all that is open, and the run must end."""
    host = kind.lived(chance, 30)
    host.answer_everything()

    assert host.core.status in {"completed", "failed", "cancelled"}


@KINDS
@PAIRS
@given(chance=seeds)
def test_a_replay_evaluates_nothing_and_gives_the_same_commands_and_state(
    kind: Kind, chance: Random
) -> None:
    host = kind.lived(chance, 25)
    rows = [
        (fact_from_json(through_json(fact_to_json(fact))), through_json(derived))
        for fact, derived, _ in host.rows
    ]
    digests: list[str] = []
    again = replay(host.plan, rows, check=lambda _, commands: digests.append(digest(commands)))

    assert digests == [digest(commands) for _, _, commands in host.rows]
    assert again.snapshot() == host.core.snapshot()
    assert again.waiting == host.core.waiting


@KINDS
@PAIRS
@given(chance=seeds)
def test_a_run_restored_after_every_fact_goes_on_identically(kind: Kind, chance: Random) -> None:
    host = kind.lived(chance, 20)
    core = Core(host.plan)
    for fact, derived, commands in host.rows:
        core = Core.restore(host.plan, core.snapshot())
        assert core.apply(fact, derived=derived) == commands
        assert core.derived == derived

    assert core.snapshot() == host.core.snapshot()


@KINDS
@PAIRS
@given(chance=seeds)
def test_a_run_restored_once_goes_on_identically(kind: Kind, chance: Random) -> None:
    host = kind.lived(chance, 10)
    restored = Core.restore(host.plan, host.core.snapshot())
    before = len(host.rows)
    for _ in range(chance.randint(1, 15)):
        host.something_happens()

    for fact, derived, commands in host.rows[before:]:
        assert restored.apply(fact, derived=derived) == commands
        assert restored.derived == derived
    assert restored.snapshot() == host.core.snapshot()


@KINDS
@PAIRS
@given(chance=seeds)
def test_two_lives_with_the_same_facts_and_values_are_the_same(kind: Kind, chance: Random) -> None:
    """Nothing depends on the order of a set, on an address or on the time of day."""
    host = kind.lived(chance, 20, values=lambda: 1)
    other = Core(host.plan)

    for fact, derived, commands in host.rows:
        assert other.apply(fact) == commands
        assert other.derived == derived


def through_json(value: object) -> Any:
    return json.loads(canonical(value))


# If the plans or the facts became dull, the laws above would hold for nothing.


def test_runs_of_flat_plans_see_what_can_happen_in_them() -> None:
    seen = Seen.of(FLAT, 150, 25)

    assert seen.verbs == {Action, Approval, Fail, SetVars, Stop, Wait, WaitFor}
    assert seen.facts >= {StepCompleted, StepStarted, StepUnknown, EventDelivered, RetryRequested}
    assert seen.commands == set(get_args(Command)) - {StartChild, CancelChild}
    assert seen.steps == set(StepStatus) - {StepStatus.COMPENSATED}


def test_runs_of_plans_of_every_verb_see_everything_that_can_happen() -> None:
    seen = Seen.of(NESTED, 120, 30)

    assert seen.verbs == set(get_args(Verb))
    assert seen.facts == set(get_args(Fact))
    assert seen.commands == set(get_args(Command))
    assert seen.steps == set(StepStatus)
    assert seen.runs == set(RunStatus) - {RunStatus.QUEUED}


def steps_of(plan: Plan) -> Iterator[Step]:
    todo: list[Body] = [plan.graph.top, *plan.graph.phases.values()]
    while todo:
        for node in todo.pop().nodes:
            yield node.step
            todo += node.bodies.values()
