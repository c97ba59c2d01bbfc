"""``baton watch``: a run as it goes on, line by line, until it ends."""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from baton.commands.patience import Patience, reconnecting
from baton.commands.places import ended, outcome, summary
from baton.commands.showing import clock, error_of, line, number_of, show_json, took, waits
from baton.commands.streaming import lines
from baton.commands.talk import Away, ask, connect, quoted

__all__ = ["add_arguments", "watch"]

_SILENCE = 40.0  # s; the server says something every 15
_PAUSE = 0.5  # s before a stream that ended is opened again
_NOTHING_YET = ("pending", None)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run, like R-7, or last")
    parser.add_argument("--json", action="store_true", help="print the run on one line of JSON each time it changed")  # fmt: skip


def watch(options: Namespace) -> int:
    """Print each change; what the stream tells is only that there is one."""
    wire = connect()
    run = ask(wire, "GET", f"/v1/runs/{quoted(options.run)}")
    look = partial(ask, wire, "GET", f"/v1/runs/{run['id']}")
    shown = _Shown(as_json=options.json)
    shown.show(run)
    while not ended("run", run):
        for _ in _changes(str(run["id"])):
            run = reconnecting(look, Patience(None), run)
            shown.show(run)
            if ended("run", run):
                break
    if not options.json:
        print(summary("run", run), flush=True)
    return outcome("run", run)


def _changes(run_id: str) -> Iterator[None]:
    """Yield once for each thing that the stream tells, and when it was cut."""
    try:
        for text in lines(f"/v1/stream?run={quoted(run_id)}", silence=_SILENCE):
            if text.startswith("id:"):
                yield
    except Away:
        time.sleep(_PAUSE)
    yield


class _Shown:
    """What was printed already, so that only what is new is."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._last: Mapping[str, Any] | None = None
        self._steps: dict[str, object] = {}
        self._waits = ""

    def show(self, run: Mapping[str, Any]) -> None:
        if self._as_json:
            if run != self._last:
                show_json(run, one_line=True)
            self._last = run
            return
        if self._last is None:
            print(line(number_of(run), run.get("workflow"), run.get("url")), flush=True)
        self._last = run
        for step in run.get("steps") or ():
            self._show_step(step)
        sentence = waits(run)
        if sentence and sentence != self._waits:
            print(line(_time(run, "updated_at"), sentence), flush=True)
        self._waits = sentence

    def _show_step(self, step: Mapping[str, Any]) -> None:
        path, stands = str(step.get("path")), (step.get("status"), step.get("attempts"))
        before = self._steps.get(path, _NOTHING_YET)
        self._steps[path] = stands
        if stands[0] == "pending" or stands == before:
            return
        at = _time(step, "ended_at") or _time(step, "started_at")
        print(line(at, path, stands[0], took(step), error_of(step)), flush=True)


def _time(thing: Mapping[str, Any], name: str) -> str:
    return clock(thing.get(name))
