"""Plays one point after the other: a life that meets it, lives that recover, and the checks."""

import multiprocessing
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.queues import SimpleQueue

from tests.prove.golden.checks import all_is_said, found, wrong
from tests.prove.golden.life import BROKEN
from tests.prove.golden.outside import Outside
from tests.prove.golden.stage import Ended, Stage
from tests.prove.syscalls.points import KILL, Point, counting, most

LASTING = 1.5  # s in which a life may try against what goes on failing
ONE = 8.0  # s in which a life gets over one failure
LIVES = 3  # that may be needed to recover
AT_ONCE = 4  # two to a core, since some wait
RECORDINGS = 2
# SQLite syncs the folder of a new log, and does not look at the answer; Baton did it before.
OF_CONTENT = "/baton.db"
SYNCED = re.compile(r"\b(fdatasync|fsync)\b.*= 0$")


@dataclass
class Met:
    """What came of one point."""

    point: Point
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


def counted(stage: Stage) -> dict[str, int]:
    """Count the calls of the scenario in a few lives."""
    traces = []
    for number in range(RECORDINGS):
        data, trace = stage.fresh(), stage.root / f"counted-{number}"
        stage.play(data, stage.outside(), tracer=counting(trace))
        traces.append(trace)
    return most(traces)


def meet(stage: Stage, point: Point) -> Met:
    """Play the scenario with the fault of *point*, and again without one until it is through."""
    met, data, outside = Met(point), stage.fresh(), stage.outside()
    trace = data.with_name(f"{data.name}.trace")
    patience = LASTING if point.lasting else ONE
    ended = stage.play(data, outside, tracer=point.tracer(trace), patience=patience)
    calls = trace.read_text(errors="replace").splitlines()
    _judge(met, ended, calls, outside)
    lives = 0
    outside.through = outside.through and ended.code == 0
    while lives < LIVES and not (outside.through and all_is_said(data)):
        lives += 1
        last = stage.play(data, outside)
        if last.code:
            met.violations.append(f"recovery ended with {last.code}: {last.said[-400:]}")
    met.counts["lives that recovered"] += lives
    met.violations += wrong(found(data, outside, stage.warm.compiled[0]))
    if met.violations:
        met.violations.append(f"the life: code {ended.code}, {dict(outside.seen)}")
    else:
        for left in (data, trace, data.with_name(f"{data.name}.err")):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    return met


def _judge(met: Met, ended: Ended, calls: Sequence[str], outside: Outside) -> None:
    """Judge the life that met the fault."""
    point, seen = met.point, outside.seen
    struck = [number for number, line in enumerate(calls) if "(INJECTED)" in line]
    reached = bool(struck) or (point.fault == KILL and ended.code == -9 and not ended.stuck)
    met.counts["points"] += 1
    met.counts["points reached"] += reached
    if reached:
        met.counts[f"{point.call} {point.fault}"] += 1
    met.counts["answers 503"] += seen["answers 503"]
    met.counts["lives that had to be killed"] += ended.stuck
    met.counts["lives that healed without a restart"] += (
        reached and ended.code == 0 and outside.through
    )
    if seen["answers 500"]:
        met.violations.append(f"P9: {seen['answers 500']} answers were 500")
    if seen["503 without Retry-After"]:
        met.violations.append("P9: a 503 did not say when to come back")
    content = [number for number in struck if OF_CONTENT in calls[number]]
    if point.syncs and content:
        _judge_sync(met, ended, calls[content[0] :])


def _judge_sync(met: Met, ended: Ended, after: Sequence[str]) -> None:
    """After a failed sync nobody knows what the disk holds: no further try, and an end."""
    again = [line for line in after if SYNCED.search(line)]
    if again:
        met.violations.append(f"P9: after a sync that failed, {len(again)} more were tried")
    if ended.code not in (BROKEN, 1):
        met.violations.append(f"P9: a sync failed, and the life ended with {ended.code}")


_stage: list[Stage] = []  # of this process; those that are forked off it inherit it


def _meet(point: Point) -> Met:
    return meet(_stage[0], point)


def _on_one_core(numbers: "SimpleQueue[int]") -> None:
    """Stay on one core with all lives and tracers of this process.

    A life is stopped at each of its calls, and most of those are threads that wake each other: that
    costs half as much where nobody has to be woken on another core.
    """
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[numbers.get() % len(cores)]})


def sweep(stage: Stage, points: Iterable[Point]) -> Iterator[Met]:
    """Meet all *points*, a few at once."""
    _stage[:] = [stage]
    processes = multiprocessing.get_context("fork")
    numbers: SimpleQueue[int] = processes.SimpleQueue()
    for number in range(AT_ONCE):
        numbers.put(number)
    with processes.Pool(AT_ONCE, _on_one_core, (numbers,)) as pool:
        yield from pool.imap_unordered(_meet, points)


def again(point: Point) -> str:
    return f"python3 run.py prove syscalls --at {point}"
