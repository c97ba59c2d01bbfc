"""What the core takes for a step, and for a journal of 10,000 facts that is replayed.

The steps are actions with a template each, one after the other, and everything goes through
`Core.apply`. What a step costs must not depend on how many there are, nor on how much the
steps before it gave.
"""

import gc
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from _measure import ROOT, Bar, count, options, report

sys.path.insert(0, str(ROOT))

from workflows.core.codec import canonical
from workflows.core.core import Core, replay
from workflows.core.facts import Fact, RunStarted, StepCompleted
from workflows.core.plan import Action, Edge, ForEach, Json, Plan, Step

NOW = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
STEPS = 1_000
FACTS = 10_000
START = RunStarted(NOW, {}, {}, {"id": "r"}, {"name": "flow"}, "seed")
BESIDE = "2,000,000 turns of a loop, ms"


def message(names: Json) -> Json:
    return {"message": names["run"]["id"]}


def step(number: int, needs: tuple[Edge, ...]) -> Step:
    return Step(
        f"s{number}", f"Step {number}", Action("baton.log", message, repeatable=True), needs=needs
    )


def chain(length: int) -> tuple[Step, ...]:
    return tuple(step(n, (Edge(f"s{n - 1}"),) if n else ()) for n in range(length))


def plan(*steps: Step) -> Plan:
    made = Plan("flow", "Flow", "1", steps)
    assert made.graph  # laid out once a revision, not once a run
    return made


def answers(length: int, output: Json, prefix: str = "") -> list[Fact]:
    return [START, *(StepCompleted(NOW, f"{prefix}s{n}", 1, output) for n in range(length))]


def looped(turns: int) -> tuple[Plan, list[Fact]]:
    """Return a loop whose body has one step, and everything that its actions answer."""
    facts = [START, *(StepCompleted(NOW, f"fan[{n}].s0", 1, n) for n in range(turns))]
    body = ForEach(lambda _: list(range(turns)), (step(0, ()),))
    return plan(Step("fan", "Fan", body)), facts


def apply_all(of: Plan, facts: list[Fact]) -> None:
    core = Core(of)
    for fact in facts:
        core.apply(fact)
    assert core.status == "completed"


def journal(of: Plan, facts: list[Fact]) -> list[tuple[Fact, Json]]:
    core, rows = Core(of), []
    for fact in facts:
        core.apply(fact)
        rows.append((fact, dict(core.derived)))
    return rows


def milliseconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def best(rounds: int, works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the least milliseconds of each, in turns: a busy machine is busy for all of them."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            gc.collect()
            spent[name].append(milliseconds(work))
    return {name: min(each) for name, each in spent.items()}


def works() -> dict[str, Callable[[], object]]:
    long, longer = plan(*chain(STEPS)), plan(*chain(FACTS))
    short, large = plan(*chain(10)), {"rows": [{"text": "x" * 100}] * 1_000}
    loop, turns = looped(STEPS)
    rows = journal(longer, answers(FACTS, {"ok": True}))
    ended = replay(longer, rows)
    blob = ended.snapshot()
    few, many, heavy = answers(10, {}), answers(STEPS, {}), answers(STEPS, large)
    return {
        "loop": count,
        "chain": lambda: apply_all(long, many),
        "short": lambda: [apply_all(short, few) for _ in range(STEPS // 10)],
        "heavy": lambda: apply_all(long, heavy),
        "for_each": lambda: apply_all(loop, turns),
        "replay": lambda: replay(longer, rows),
        "snapshot": ended.snapshot,
        "restore": lambda: Core.restore(longer, blob),
        "canonical": lambda: [canonical({"fact": "StepCompleted", "n": n}) for n in range(STEPS)],
    }


def main() -> int:
    given = options(__doc__ or "", rounds=15)
    found = best(int(given.rounds), works())
    a_step = found["chain"] * 1000 / STEPS
    figures = {
        "us_a_step_of_1000": round(a_step, 2),
        "us_a_step_of_10": round(found["short"] * 1000 / STEPS, 2),
        "us_a_step_of_1000_with_large_outputs": round(found["heavy"] * 1000 / STEPS, 2),
        "us_a_turn_of_for_each": round(found["for_each"] * 1000 / STEPS, 2),
        "snapshot_of_10000_steps_ms": round(found["snapshot"], 1),
        "restore_of_10000_steps_ms": round(found["restore"], 1),
        "canonical_json_of_a_small_fact_us": round(found["canonical"] * 1000 / STEPS, 2),
    }
    loop = found["loop"]
    bars = [
        Bar("a step, us", a_step, 10, "us", BESIDE, loop, 0.125),
        Bar("replay of 10,000 facts", found["replay"], 100, "ms", BESIDE, loop, 1.25),
        Bar("large outputs / small ones", found["heavy"] / found["chain"], 1.5, "x"),
        Bar("1,000 steps / 10 steps", found["chain"] / found["short"], 1.5, "x"),
    ]
    return report("core", figures, bars, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
