"""Laws of the core, for random plans of every verb and random facts in random order."""

import json
from collections.abc import Iterator
from random import Random
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.core.hosting import NestedHost
from tests.workflows.core.nested import nested_plan
from workflows.core.codec import canonical, digest, fact_from_json, fact_to_json
from workflows.core.commands import Command
from workflows.core.core import Core, replay
from workflows.core.facts import Fact
from workflows.core.layout import Body
from workflows.core.plan import Plan, Step, Verb
from workflows.core.state import RunStatus, StepStatus

seeds = st.randoms(use_true_random=False)


def lived(chance: Random, most: int) -> NestedHost:
    host = NestedHost(nested_plan(chance), chance)
    host.start()
    for _ in range(chance.randint(0, most)):
        host.something_happens()
    return host


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_whatever_happens_in_whatever_order_every_law_holds(chance: Random) -> None:
    """The host checks after each fact; then it answers all that is open, and the run must end."""
    host = lived(chance, 35)
    host.answer_everything()

    assert host.core.status in {"completed", "failed", "cancelled"}


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_a_replay_evaluates_nothing_and_gives_the_same_commands_and_state(chance: Random) -> None:
    host = lived(chance, 25)
    rows = [
        (fact_from_json(through_json(fact_to_json(fact))), through_json(derived))
        for fact, derived, _ in host.rows
    ]
    digests: list[str] = []
    again = replay(host.plan, rows, check=lambda _, commands: digests.append(digest(commands)))

    assert digests == [digest(commands) for _, _, commands in host.rows]
    assert again.snapshot() == host.core.snapshot()
    assert again.waiting == host.core.waiting


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_a_run_restored_after_every_fact_goes_on_identically(chance: Random) -> None:
    host = lived(chance, 20)
    core = Core(host.plan)
    for fact, derived, commands in host.rows:
        core = Core.restore(host.plan, core.snapshot())
        assert core.apply(fact, derived=derived) == commands
        assert core.derived == derived

    assert core.snapshot() == host.core.snapshot()


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_two_lives_with_the_same_facts_and_values_are_the_same(chance: Random) -> None:
    """Nothing depends on the order of a set, on an address or on the time of day."""
    host = NestedHost(nested_plan(chance, values=lambda: 1), chance)
    host.start()
    for _ in range(chance.randint(0, 20)):
        host.something_happens()
    other = Core(host.plan)

    for fact, derived, commands in host.rows:
        assert other.apply(fact) == commands
        assert other.derived == derived


def through_json(value: object) -> object:
    return json.loads(canonical(value))


def test_the_random_runs_see_everything_that_can_happen() -> None:
    """If the plans or the facts became dull, the laws above would hold for nothing."""
    verbs, facts, commands, statuses, runs = set(), set(), set(), set(), set()
    for seed in range(120):
        host = NestedHost(nested_plan(Random(seed)), Random(seed))  # noqa: S311  # a fixed one
        host.start()
        for _ in range(30):
            host.something_happens()
            runs.add(host.core.status)
        verbs |= {type(step.verb) for step in steps_of(host.plan)}
        facts |= {type(fact) for fact, _, answer in host.rows if answer}
        commands |= {type(command) for _, _, answer in host.rows for command in answer}
        statuses |= {state.status for state in host.core.steps.values()}

    assert verbs == set(get_args(Verb))
    assert facts == set(get_args(Fact))
    assert commands == set(get_args(Command))
    assert statuses == set(StepStatus)
    assert runs == set(RunStatus) - {RunStatus.QUEUED}


def steps_of(plan: Plan) -> Iterator[Step]:
    todo: list[Body] = [plan.graph.top, *plan.graph.phases.values()]
    while todo:
        for node in todo.pop().nodes:
            yield node.step
            todo += node.bodies.values()
