"""The short way to the records of steps leads where the long one does, whatever happens to a run."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.plans import random_plan
from tests.properties.runs import Host
from tests.workflows.core.hosting import NestedHost
from tests.workflows.core.nested import nested_plan
from workflows.core.codec import canonical
from workflows.core.core import Core
from workflows.core.facts import Fact, StepCompleted
from workflows.core.plan import Plan
from workflows.runs import StepPlace, StepRecord
from workflows.runtimes.host.plain_records import Records, places_of
from workflows.runtimes.host.records import cover_of, has_secrets, step_records

seeds = st.randoms(use_true_random=False)


class Both:
    """Writes the records of all steps that a fact changed both ways, and compares them."""

    def __init__(self, plan: Plan) -> None:
        self.records, self.secretive = Records("run_1", places_of(plan)), has_secrets(plan)
        self.short = 0

    def hear(self, fact: Fact) -> None:
        if isinstance(fact, StepCompleted):
            self.records.heard(fact.path, fact.output, canonical(fact.output))

    def check(self, core: Core, *, begins: bool) -> None:
        untouched = self.records.untouched(core, core.changed) if begins else []
        cover = cover_of(core, secretive=self.secretive)
        rest = core.changed.difference([each.path for each in untouched])
        found = [*map(record, untouched), *self.records.of(core, rest, cover)]
        wanted = step_records(core, "run_1", core.changed, cover)
        assert sorted(found, key=str) == sorted(wanted, key=str)
        self.short += len(untouched)


def record(place: StepPlace) -> StepRecord:
    """Return what is stored of a step that nothing has happened to."""
    return StepRecord(*place, "pending", 0, 0)


class Writing:
    """A host that has the records of each fact written."""

    def __init__(self, plan: Plan, chance: Random) -> None:
        super().__init__(plan, chance)  # type: ignore[call-arg]  # of the host beside it
        self.both = Both(plan)

    def tell(self: Any, fact: Fact) -> None:
        self.both.hear(fact)
        super().tell(fact)  # type: ignore[misc]  # likewise
        self.both.check(self.core, begins=len(self.rows) == 1)


class WritingHost(Writing, Host):
    pass


class WritingNestedHost(Writing, NestedHost):
    pass


@pytest.mark.parametrize(
    ("made", "plans"), [(WritingHost, random_plan), (WritingNestedHost, nested_plan)]
)
@settings(max_examples=60)
@given(chance=seeds)
def test_both_ways_write_the_same(made: Any, plans: Any, chance: Random) -> None:
    host = made(plans(chance), chance)
    host.start()
    for _ in range(chance.randint(0, 25)):
        host.something_happens()


def test_the_histories_have_steps_that_nothing_has_happened_to() -> None:
    """If there were none, the law above would hold for nothing."""
    chance, found = Random(1), 0  # noqa: S311  # a fixed one, not a secret
    for _ in range(30):
        host = WritingHost(random_plan(chance), chance)
        host.start()
        assert not has_secrets(host.plan)
        found += host.both.short
    assert found > 30
