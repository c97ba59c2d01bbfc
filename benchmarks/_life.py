"""One life of the embedded engine in a process of its own; prints what it measured as JSON.

Kinds: `chains` (256 runs of ten steps at once), `pure` (the same of steps that are worked out), `alone` (one run, step after step), `fill` (runs that
wait for an event), `wake` (events for them), `cut` (runs that die with a step in flight), `resume`.
"""

import argparse
import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import uvloop
from _measure import percentile, usage

BEGAN = time.perf_counter()  # everything after it but the imports is the engine's
from _engine import LAST, Ends, Engine, engine  # noqa: E402

READY = time.perf_counter()  # imported

STEPS = 10
ALONE = 200
AT_ONCE = 256
CUT_AT = "s1"  # the step in which runs are cut off
GROUP = 500
PATIENCE = 60.0  # s from an event to the step that waits for it; beyond, the run is not coming


def chain(name: str, action: str, steps: int) -> str:
    """Write a definition of so many steps, one after the other."""
    names = [*(f"s{n}" for n in range(steps - 1)), LAST]
    lines = "".join(
        f"  - {{id: {each}, action: {action}, params: {{n: {n}}}}}\n"
        for n, each in enumerate(names)
    )
    return f"name: {name}\ntitle: {name}\nsettings: {{notify: none}}\nsteps:\n{lines}"


PARKED = """
name: parked
title: Parked
settings: {notify: none}
inputs: {sha: {type: string, required: true}}
steps:
  - id: heard
    wait_for: {event: process.completed, correlate: {sha: "{{ inputs.sha }}"}}
  - {id: last, action: bench.nothing}
"""
DEFINITIONS = {
    "chain.yaml": chain("chain", "bench.nothing", STEPS),
    "pure.yaml": chain("pure", "bench.pure", STEPS),
    "alone.yaml": chain("alone", "bench.nothing", ALONE),
    "once.yaml": chain("once", "bench.once", ALONE),
    "parked.yaml": PARKED,
}


async def in_groups(work: Iterable[Awaitable[Any]]) -> None:
    """Do *work*, so much of it at once that commits are shared and memory is not."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(each: Awaitable[Any]) -> None:
        async with gate:
            await each

    group: list[Any] = []
    for each in work:
        group.append(one(each))
        if len(group) == GROUP:
            await asyncio.gather(*group)
            group.clear()
    await asyncio.gather(*group)


async def chains(life: Engine, given: Any) -> dict[str, Any]:
    return await _side_by_side(life, "chain", given)


async def pure(life: Engine, given: Any) -> dict[str, Any]:
    return await _side_by_side(life, "pure", given)


async def _side_by_side(life: Engine, workflow: str, given: Any) -> dict[str, Any]:
    await life.run(workflow, "warm")
    began, cpu, done = time.perf_counter(), time.process_time(), 0
    until = began + given.seconds

    async def line(number: int) -> None:
        nonlocal done
        turn = 0
        while time.perf_counter() < until:
            status = await life.run(workflow, f"{number}-{(turn := turn + 1)}")
            if status != "completed":
                raise RuntimeError(f"a run ended {status}")
            done += 1

    await asyncio.gather(*(line(n) for n in range(AT_ONCE)))
    taken, used = time.perf_counter() - began, time.process_time() - cpu
    return {
        "steps_a_second": done * STEPS / taken,
        "cpu_us_a_step": 1e6 * used / max(done * STEPS, 1),
    }


async def alone(life: Engine, _: Any) -> dict[str, Any]:
    """Time from one step's start to the next one's, with nothing else at work."""
    found: dict[str, Any] = {}
    for name in ("alone", "once"):
        life.ends.begun.clear()
        await life.run(name, f"{name}-{time.monotonic_ns()}")
        times = life.ends.begun
        apart = [after - before for before, after in pairwise(times)]
        found[f"{name}_p50_ms"] = 1000 * percentile(apart[20:], 0.5)
    return found


def sha(number: int) -> str:
    return f"{number:040x}"


async def fill(life: Engine, given: Any) -> dict[str, Any]:
    """Start runs that wait, and say what each holds in memory and on disk."""
    await life.start("parked", "first", sha=sha(0))
    await asyncio.sleep(1)
    gc.collect()
    before = usage(os.getpid())[1]
    began = time.perf_counter()
    await in_groups(
        life.start("parked", f"run-{n}", sha=sha(n)) for n in range(1, given.amount + 1)
    )
    await life.until_waiting(given.amount + 1)
    taken = time.perf_counter() - began
    gc.collect()
    held = usage(os.getpid())[1] - before
    await asyncio.sleep(5)
    idle_from, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(given.seconds)
    idle = (time.process_time() - cpu) / (time.perf_counter() - idle_from)
    return {"parked": given.amount + 1, "started_a_second": given.amount / taken,
            "rss_kib_a_run": held * 1e6 / 1024 / given.amount, "idle_cpu_percent": 100 * idle}  # fmt: skip


async def wake(life: Engine, given: Any) -> dict[str, Any]:
    """Report what runs wait for, one event after the other; time each until the next step starts."""
    taken = []
    for number in range(given.first, given.first + given.amount):
        life.ends.begun.clear()
        began = time.perf_counter()
        await life.report(sha(number))
        try:
            async with asyncio.timeout(PATIENCE):
                while not life.ends.begun:
                    await life.ends.step.wait()
        except TimeoutError:
            where = await life.standing() or "there are none"
            what = f"no step began within {PATIENCE:g} s of the event of run {number}"
            raise RuntimeError(f"{what}; where the runs stand: {where}") from None
        taken.append(life.ends.begun[0] - began)
        await asyncio.sleep(0.002)
    return {
        "wake_p50_ms": 1000 * percentile(taken, 0.5),
        "wake_p99_ms": 1000 * percentile(taken, 0.99),
    }


async def cut(life: Engine, given: Any) -> dict[str, Any]:
    """Start runs whose second step never answers, and die with all of them in flight."""
    await in_groups(life.start("chain", f"cut-{n}") for n in range(given.amount))
    while life.ends.hanging < given.amount:
        await life.ends.step.wait()
    sys.stdout.write("{}\n")
    sys.stdout.flush()
    os._exit(0)


async def resume(life: Engine, given: Any) -> dict[str, Any]:
    """Time from the moment the runtime begins until the step that was cut off is under way in every run.

    A step is under way when its action was called, which happens after the commit that says so. It
    takes as long as it did before, so nothing else of the runs is measured; then it answers, and the
    runs go on to their end, each of them once.
    """
    ends = life.ends
    while ends.hanging < given.amount:
        await ends.step.wait()
    taken, used = max(ends.first.values()) - life.began, time.process_time() - life.began_cpu
    over = [ends.expect(each) for each in ends.first]
    ends.answer.set()
    status = set(await asyncio.gather(*over))
    if status != {"completed"}:
        raise RuntimeError(f"runs that went on ended {', '.join(sorted(status))}")
    return {
        "resumed_a_second": given.amount / taken,
        "cpu_us_a_run": 1e6 * used / given.amount,
        "ended_a_second": given.amount / (time.perf_counter() - life.began),
    }


KINDS: dict[str, Callable[[Engine, Any], Awaitable[dict[str, Any]]]] = {
    each.__name__: each for each in (chains, pure, alone, fill, wake, cut, resume)
}


async def live(given: Any) -> dict[str, Any]:
    cut_off = given.kind in ("cut", "resume")
    places = max(AT_ONCE, given.amount if cut_off else 0)
    ends = Ends(hang_at=CUT_AT if cut_off else None)
    async with engine(given.folder, DEFINITIONS, places, ends) as life:
        ready = time.perf_counter()
        found = await KINDS[given.kind](life, given)
    return {**found, "ready_ms": 1000 * (ready - READY)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--amount", type=int, default=0)
    parser.add_argument("--first", type=int, default=1)
    given = parser.parse_args()
    given.folder.mkdir(exist_ok=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as `bot serve` does
        found = runner.run(live(given))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
