"""Laws of the core, for random plans and random facts in random order."""

import json
from random import Random
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.plans import random_plan
from tests.properties.runs import Host
from workflows.core.codec import canonical, digest, fact_from_json, fact_to_json
from workflows.core.commands import CancelChild, Command, StartChild
from workflows.core.core import Core, replay
from workflows.core.facts import (
    EventDelivered,
    RetryRequested,
    StepCompleted,
    StepStarted,
    StepUnknown,
)
from workflows.core.plan import Action, Approval, Fail, SetVars, Stop, Wait, WaitFor
from workflows.core.state import StepStatus

seeds = st.randoms(use_true_random=False)
# Each example is a whole life of dozens of facts, after each of which every law is checked; and
# tests/prove/simulation plays hundreds of such lives more, through the database.
LIVES, PAIRS = settings(max_examples=120), settings(max_examples=60)  # of one, of two side by side


@LIVES
@given(seeds)
def test_whatever_happens_in_whatever_order_every_law_holds(chance: object) -> None:
    """The host checks after each fact; then it answers all that is open, and the run must end."""
    host = Host(random_plan(chance), chance)
    host.start()
    for _ in range(chance.randint(0, 25)):
        host.something_happens()
    host.answer_everything()

    assert host.core.status in {"completed", "failed", "cancelled"}


@PAIRS
@given(seeds)
def test_a_replay_gives_the_same_commands_and_the_same_state(chance: object) -> None:
    host = Host(random_plan(chance), chance)
    host.start()
    for _ in range(chance.randint(0, 20)):
        host.something_happens()
    rows = [
        (fact_from_json(through_json(fact_to_json(fact))), through_json(derived))
        for fact, derived, _ in host.rows
    ]
    digests: list[str] = []
    again = replay(host.plan, rows, check=lambda _, commands: digests.append(digest(commands)))

    assert digests == [digest(commands) for _, _, commands in host.rows]
    assert again.snapshot() == host.core.snapshot()
    assert again.waiting == host.core.waiting


@PAIRS
@given(seeds)
def test_a_run_restored_at_any_point_goes_on_identically(chance: object) -> None:
    host = Host(random_plan(chance), chance)
    host.start()
    for _ in range(chance.randint(0, 10)):
        host.something_happens()
    restored = Core.restore(host.plan, host.core.snapshot())
    before = len(host.rows)
    for _ in range(chance.randint(1, 15)):
        host.something_happens()

    for fact, derived, commands in host.rows[before:]:
        assert restored.apply(fact, derived=derived) == commands
        assert restored.derived == derived
    assert restored.snapshot() == host.core.snapshot()


@PAIRS
@given(seeds)
def test_two_lives_with_the_same_facts_and_values_are_the_same(chance: object) -> None:
    """Nothing depends on the order of a set, on an address or on the time of day."""
    host = Host(random_plan(chance, values=lambda: 1), chance)
    host.start()
    for _ in range(chance.randint(0, 15)):
        host.something_happens()
    other = Core(host.plan)

    for fact, derived, commands in host.rows:
        assert other.apply(fact) == commands
        assert other.derived == derived


def through_json(value: object) -> object:
    return json.loads(canonical(value))


def test_the_random_runs_see_everything_that_can_happen() -> None:
    """If the plans or the facts became dull, the laws above would hold for nothing."""
    verbs, facts, commands, statuses = set(), set(), set(), set()
    for seed in range(150):
        chance = Random(seed)  # noqa: S311  # a fixed one, not a secret
        host = Host(random_plan(chance), chance)
        host.start()
        for _ in range(25):
            host.something_happens()
        verbs |= {type(one.verb) for one in host.plan.steps}
        facts |= {type(fact) for fact, _, answer in host.rows if answer}
        commands |= {type(command) for _, _, answer in host.rows for command in answer}
        statuses |= {state.status for state in host.core.steps.values()}

    # plans of the other verbs, and what they see, are those of tests/workflows/core/test_laws.py
    assert verbs == {Action, Approval, Fail, SetVars, Stop, Wait, WaitFor}
    assert facts >= {StepCompleted, StepStarted, StepUnknown, EventDelivered, RetryRequested}
    assert commands == set(get_args(Command)) - {StartChild, CancelChild}
    assert statuses == set(StepStatus) - {StepStatus.COMPENSATED}
