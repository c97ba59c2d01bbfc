"""The real server is killed at random instants of the demo, and nothing is lost and nothing doubled."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest

from coordination.database import Row
from tests.prove.kill.checks import CHECKS, wrong
from tests.prove.kill.history import History
from tests.prove.kill.moments import NAMES, Kill, has_come, plans
from tests.prove.kill.remains import Remains, gather

AT_ONCE = 4  # kills in one history: with more of them, less of it is ever reached


@dataclass
class Lived:
    """All histories of one seed."""

    again: str
    kills: int = 0
    remains: dict[str, Remains] = field(default_factory=dict)

    def live(self, history: History) -> Remains:
        """Live *history* to its end, and return what is left of it."""
        try:
            history.live()
            return remains_of(history)
        except BaseException as error:
            error.add_note(f"{history}\nTo see it again: {self.again}")
            raise

    def reached(self) -> Counter[str]:
        """Say what was come through, so that one sees that it was worth its time."""
        found: Counter[str] = Counter()
        for each in self.remains.values():
            kinds = Counter(row.kind for row in each.rows["journal"])
            found["steps that nobody could know of"] += kinds["StepUnknown"]
            found["steps begun again"] += kinds["StepStarted"]
            found["events acknowledged"] += len(each.acknowledged)
            found["notices tried again"] += sum(row.attempts > 1 for row in each.rows["outbox"])
        return found


@pytest.fixture(scope="module")
def lived(
    kills: int,
    beside: int,
    seed: int,
    counts: Counter[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Lived:
    lived = Lived(f"python3 run.py prove kill --times {kills} --seed {seed} --beside {beside}")
    base = tmp_path_factory.mktemp("kill")
    planned = enumerate(plans(random.Random(seed), AT_ONCE))  # noqa: S311 - it chooses instants
    with ThreadPoolExecutor(beside) as pool:
        while lived.kills < kills:
            histories, left = [], kills - lived.kills
            while left and len(histories) < beside:
                number, plan = next(planned)
                histories.append(History(base / f"h{number:04}", plan[:left]))
                left -= len(histories[-1].plan)
            for history, remains in zip(histories, pool.map(lived.live, histories), strict=True):
                lived.remains[str(history)] = remains
                lived.kills += len(history.done)
    counts.update({"kills": lived.kills, "histories": len(lived.remains)}, **lived.reached())
    return lived


def remains_of(history: History) -> Remains:
    orphans = list(history.orphans.elements())
    return gather(history.data, history.document, history.acknowledged, orphans)


def test_a_server_that_is_killed_loses_nothing_and_doubles_nothing(
    lived: Lived, kills: int
) -> None:
    found = {plan: problems for plan, each in lived.remains.items() if (problems := wrong(each))}

    told = "\n".join(f"{plan}\n  " + "\n  ".join(problems) for plan, problems in found.items())
    assert not found, f"{told}\nTo see it again: {lived.again}"
    assert lived.kills >= kills


def test_a_deploy_that_was_cut_off_was_put_to_a_person(lived: Lived) -> None:
    assert lived.reached()["steps that nobody could know of"] > 0, lived.again


def also(row: Row, **values: Any) -> Row:
    """Return a row like *row*, but for *values*."""
    return Row.of({**row.as_dict(), **values})


def more(remains: Remains, table: str, **values: Any) -> Mapping[str, Any]:
    rows = remains.rows[table]
    return {"rows": {**remains.rows, table: [*rows, also(rows[0], **values)]}}


# For each check, something that must not happen.
TAMPERED: Mapping[str, Callable[[Remains], Mapping[str, Any]]] = {
    "nothing_acknowledged_is_lost": lambda r: {
        "acknowledged": {**r.acknowledged, "seen-9999": "ev_nowhere"}
    },
    "both_builds_led_to_one_run_each": lambda r: more(r, "runs", key=99, id="run_again"),
    "each_thread_has_one_root": lambda r: {"messages": [*r.messages, r.messages[0]]},
    "nothing_is_said_twice": lambda r: {"messages": [*r.messages, r.messages[-1]]},
    "only_what_was_approved_is_deployed": lambda r: {"deploys": list(r.deploys) * 3},
    "no_completed_step_runs_again": lambda r: more(
        r, "journal", kind="StepStarted", path="unit_tests", attempt=2, seq=99
    ),
    "each_question_is_decided_once": lambda r: more(r, "votes", key=99),
    "the_books_add_up": lambda r: more(r, "journal", seq=99),
    "each_start_is_in_the_trail_once": lambda r: more(
        r, "audit", action="run.start", object="run_again"
    ),
    "nothing_outlives_its_server": lambda r: {"orphans": ["python3 deploy.py"]},
}


@pytest.mark.parametrize("name", [check.__name__ for check in CHECKS])
def test_a_check_finds_what_must_not_happen(name: str, lived: Lived) -> None:
    good = next(iter(lived.remains.values()))
    bad = replace(good, **TAMPERED[name](good))

    assert [each for each in wrong(bad) if each.startswith(f"{name}: ")]


def test_the_kills_of_a_few_histories_leave_no_moment_out() -> None:
    drawn = plans(random.Random(7), 4)  # noqa: S311 - it chooses instants
    first, *rest = [next(drawn) for _ in range(4)]

    assert first.pop(0) == Kill("deploy", 0.0)
    assert {kill.moment for plan in (first, *rest) for kill in plan} == set(NAMES)
    for plan in (first, *rest):
        moments = [kill.moment for kill in plan if kill.moment != "start"]
        assert all(has_come(later, sooner) for sooner, later in pairwise(moments))
