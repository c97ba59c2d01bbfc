"""The shapes that a version records: every kind of waiting in every kind of body, and the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Op = list[Any]
OPEN = {"unknown": "unknown", "work": "running", "child": "running"}  # the others: waiting

KID = """
name: kid
steps:
  - {id: go, wait_for: {signal: go}}
  - {id: work, action: corpus.once, params: {say: grown}}
outputs: {grown: "{{ steps.work.output }}"}
"""

HOLDS: Mapping[str, str] = {
    "approval": "{id: hold, approval: {title: Go on?, approvers: [role:operator]}}",
    "gate": "{id: hold, action: corpus.once, requires_approval: true, params: {say: held}}",
    "timer": "{id: hold, wait: 2h}",
    "event": "{id: hold, wait_for: "
    '{event: test.completed, correlate: {environment: "{{ run.id }}"}}}',
    "signal": "{id: hold, wait_for: {signal: go}}",
    "child": "{id: hold, workflow: kid}",
    "unknown": "{id: hold, action: corpus.once, params: {fate: unknown}}",
    "retry": "{id: hold, action: corpus.again, params: {fails: 1}, "
    "retry: {attempts: 2, delay: 1h}}",
    "work": "{id: hold, action: corpus.again, params: {takes: 1800}}",
}

SETTINGS = """
title: "NAME"
settings: {approvers: [role:operator]}
"""
LAST = """
  - {id: last, action: corpus.once, params: {say: done}}
outputs: {ended: "{{ steps.last.output }}"}
"""


@dataclass(frozen=True)
class Shape:
    """A workflow, what brings a run of it there, and what finishes it."""

    name: str
    sources: Sequence[str]  # its own is the last
    before: Sequence[Op]
    after: Sequence[Op]


@dataclass(frozen=True)
class Around:
    """A body with the place of a step that waits. *holds* are its paths, one turn after the other."""

    text: str
    holds: Sequence[Sequence[str]]


AROUND: Mapping[str, Around] = {
    "top": Around("steps:\n  - HOLD" + LAST, [["hold"]]),
    "for_each": Around(
        'steps:\n  - {id: fan, for_each: "{{ [1, 2] }}", steps: [HOLD]}' + LAST,
        [["fan[0].hold", "fan[1].hold"]],
    ),
    "keyed": Around(
        "steps:\n  - {id: fan, for_each: \"{{ ['a', 'b c'] }}\", as: each, "
        'key: "{{ each }}", concurrency: 1, steps: [HOLD]}' + LAST,
        [["fan[a].hold"], ['fan["b c"].hold']],
    ),
    "parallel": Around(
        "steps:\n  - {id: both, parallel: {left: [HOLD], "
        "right: [{id: quick, action: corpus.once, params: {say: 1}}]}}" + LAST,
        [["both.left.hold"]],
    ),
    "race": Around(
        "steps:\n  - {id: race, join: any, parallel: {left: [HOLD], "
        "right: [{id: slow, wait: 9h}]}}" + LAST,
        [["race.left.hold"]],
    ),
    "switch": Around(
        'steps:\n  - {id: route, switch: [{if: "false", steps: [{id: no, fail: No}]}, '
        '{if: "true", steps: [HOLD]}]}' + LAST,
        [["route.1.hold"]],
    ),
    "repeat": Around(
        'steps:\n  - {id: poll, repeat: {until: "index > 0", max: 3}, steps: [HOLD]}' + LAST,
        [["poll#1.hold"], ["poll#2.hold"]],
    ),
    "on_error": Around(
        "steps:\n  - {id: try, action: corpus.once, params: {fails: 9}, on_error: [HOLD]}" + LAST,
        [["try~error.hold"]],
    ),
    "nested": Around(
        'steps:\n  - {id: outer, for_each: "{{ [1] }}", steps: [{id: both, parallel: '
        '{left: [{id: inner, for_each: "{{ [1, 2] }}", concurrency: 1, steps: [HOLD]}]}}]}' + LAST,
        [["outer[0].both.left.inner[0].hold"], ["outer[0].both.left.inner[1].hold"]],
    ),
    "finally": Around("steps:" + LAST + "finally:\n  - HOLD\n", [["finally.hold"]]),
    "on_failure": Around(
        "steps:\n  - {id: bad, fail: No}\non_failure:\n  - HOLD\n", [["on_failure.hold"]]
    ),
}


def answers(kind: str, path: str) -> list[Op]:
    """Return what ends the waiting of the step at *path*."""
    return {
        "approval": [["decide", path]],
        "gate": [["decide", f"{path}~approval"]],
        "timer": [],
        "event": [["report", path]],
        "signal": [["tell", "signal", {"name": "go"}]],
        "child": [["child", path, "signal", {"name": "go"}]],
        "unknown": [["tell", "resolve", {"path": path, "outcome": "done", "output": 1}]],
        "retry": [],
        "work": [],
    }[kind]


def waiting(kind: str, where: str) -> Shape:
    """Return the shape of a run that waits for *kind* in a body *where*."""
    around, name = AROUND[where], f"{kind}_in_{where}"
    text = SETTINGS.replace("NAME", name) + around.text.replace("HOLD", HOLDS[kind])
    first, *later = around.holds
    after = [op for path in first for op in answers(kind, path)]
    for turn in later:
        for path in turn:
            at = f"{path}~approval" if kind == "gate" else path
            given = answers(kind, path)
            after += [["step", at, OPEN.get(kind, "waiting")], *given] if given else []
    at = [f"{path}~approval" if kind == "gate" else path for path in first]
    before = [["start"], *(["step", path, OPEN.get(kind, "waiting")] for path in at)]
    sources = [KID] if kind == "child" else []
    return Shape(name, [*sources, f"name: {name}\n{text}"], before, [*after, ["end"]])


def special(name: str, text: str, before: Sequence[Op], after: Sequence[Op]) -> Shape:
    sources = [KID] if "workflow: kid" in text else []
    whole = f"name: {name}\n{SETTINGS.replace('NAME', name)}{text}"
    return Shape(name, [*sources, whole], [["start"], *before], [*after])


SAGA = """
steps:
  - {id: one, action: corpus.once, params: {say: 1},
     compensate: {action: corpus.again, params: {say: "{{ steps.one.output }}", takes: 600}}}
  - {id: two, action: corpus.once, params: {say: 2},
     compensate: {action: corpus.again, params: {say: "{{ steps.two.output }}", takes: 600}}}
  - HOLD
"""
BAD = "{id: bad, action: corpus.once, params: {fails: 1}}"
GO = ["tell", "signal", {"name": "go"}]
SIGNAL, END = HOLDS["signal"], ["end"]
PAUSED = [["tell", "pause", {}], ["until", "paused"]]
RESUMED = [["tell", "resume", {}]]
ENDINGS = "finally:\n  - {id: tidy, action: corpus.once}\n"


def paused() -> Iterator[Shape]:
    for kind in ("signal", "approval", "timer", "work"):
        body = AROUND["top"].text.replace("HOLD", HOLDS[kind])
        open_ = ["step", "hold", OPEN.get(kind, "waiting")]
        yield special(
            f"paused_{kind}", body, [open_, *PAUSED], [*RESUMED, *answers(kind, "hold"), END]
        )


def taking_back() -> Iterator[Shape]:
    undoing = ["step", "two~undo", "running"]
    yield special("compensating", SAGA.replace("HOLD", BAD) + ENDINGS, [undoing], [END])
    held = SAGA.replace("HOLD", SIGNAL)
    wait = ["step", "hold", "waiting"]
    roll = ["tell", "rollback", {"reason": "it was wrong"}]
    yield special("rolling_back", held, [wait, roll, undoing], [END])
    cancel = ["tell", "cancel", {"reason": "enough", "mode": "compensate"}]
    yield special("cancelled_with_compensation", held + ENDINGS, [wait, cancel, undoing], [END])
    yield special("to_be_rolled_back", held, [wait], [roll, END])
    back = [["step", "one", "compensated"], ["until", "failed"]]
    soon = SAGA.replace("HOLD", BAD).replace("takes: 600", "takes: 1")
    yield special("taken_back", soon, back, [["tell", "retry", {}], ["until", "completed"]])
    late = held.replace("takes: 600", "fails: 9")
    yield special("not_taken_back", late, [wait], [roll, END])


def ended() -> Iterator[Shape]:
    done = "steps:\n  - {id: only, action: corpus.once, params: {say: 1}}\n"
    yield special("completed", done, [END], [])
    yield special(
        "stopped", "steps:\n  - {id: only, stop: Enough, condition: 1 == 1}" + LAST, [END], []
    )
    wait = ["step", "hold", "waiting"]
    held = f"steps:\n  - {SIGNAL}\n"
    cancel = ["tell", "cancel", {"reason": "enough"}]
    yield special("cancelled", held, [wait, cancel, END], [])
    yield special("to_be_cancelled", held + ENDINGS, [wait], [cancel, END])
    yield special("failed", f"steps:\n  - {BAD}" + LAST, [["until", "failed"]], [])
    retry = [["tell", "retry", {}], ["until", "completed"]]
    yield special("to_be_retried", f"steps:\n  - {BAD}" + LAST, [["until", "failed"]], retry)
    skip = [["tell", "skip", {"path": "bad"}], ["until", "completed"]]
    yield special("to_be_skipped", f"steps:\n  - {BAD}" + LAST, [["until", "failed"]], skip)
    fan = f'steps:\n  - {{id: fan, for_each: "{{{{ [1, 2] }}}}", concurrency: 1, steps: [{BAD}]}}'
    again = [["tell", "retry", {}], ["step", "fan[1].bad", "failed"], ["until", "failed"], *retry]
    yield special("failed_in_a_loop", fan + LAST, [["until", "failed"]], again)


def other() -> Iterator[Shape]:
    held = f"steps:\n  - {SIGNAL}" + LAST
    yield Shape("not_begun", [f"name: not_begun\n{held}"], [["start", "row"]], [GO, END])
    turns = [["behind"], ["start", "turns"], ["until", "queued"]]
    ahead = ["ahead", "signal", {"name": "go"}]
    yield Shape(
        "queued_for_a_place", [f"name: queued_for_a_place\n{held}"], turns, [ahead, GO, END]
    )
    apart = "steps:\n  - {id: apart, workflow: kid, detach: true}\n  - HOLD"
    yield special("child_apart", apart.replace("HOLD", SIGNAL) + LAST, [], [GO, END])
    left = [["child", "apart", "signal", {"name": "go"}], GO, END]
    yield special("child_apart_at_work", apart.replace("HOLD", SIGNAL) + LAST, [], left)
    early = "steps:\n  - {id: long, wait: 2h}\n  - HOLD".replace("HOLD", SIGNAL)
    yield special("signal_before_its_time", early + LAST, [["step", "long", "waiting"], GO], [END])
    changed = "vars: {n: 1}\nsteps:\n  - {id: up, set: {n: '{{ vars.n + 1 }}'}}\n  - HOLD"
    yield special("with_vars", changed.replace("HOLD", SIGNAL) + LAST, [], [GO, END])


def by_the_clock() -> Iterator[Shape]:
    slow = "settings: {timeout: 5h}\nsteps:\n  - {id: hold, wait: 9h}\n"
    text = f"name: out_of_time\n{slow}"
    yield Shape("out_of_time", [text], [["start"], ["step", "hold", "waiting"]], [END])
    poll = "steps:\n  - {id: poll, repeat: {until: index > 0, max: 2, delay: 1h}, "
    between = [["step", "poll", "waiting"]]
    turn = "steps: [{id: look, action: corpus.again, params: {say: 1}}]}"
    yield special("between_turns", poll + turn + LAST, between, [END])


def asking() -> Iterator[Shape]:
    two = "{id: hold, approval: {title: Go?, approvers: [role:operator], quorum: 2}}"
    one = [["step", "hold", "waiting"], ["decide", "hold"]]
    yes = [["decide", "hold", "approve", "UMAYA"], END]
    yield special("half_a_quorum", f"steps:\n  - {two}" + LAST, one, yes)
    no = [["decide", "hold", "reject"], END]
    yield special("to_be_rejected", f"steps:\n  - {two}" + LAST, one[:1], no)
    late = two.replace("quorum: 2", "timeout: 3h")
    yield special("nobody_decides", f"steps:\n  - {late}" + LAST, one[:1], [END])
    covers = "steps:\n  - {id: gate, approval: {title: Go?, approvers: [role:operator], covers: [hold]}}\n"
    doing = "  - {id: hold, action: corpus.once, needs: [gate], params: {say: 7}}"
    ask = [["step", "gate", "waiting"]]
    yield special("covered", covers + doing + LAST, ask, [["decide", "gate"], END])


def shapes() -> list[Shape]:
    """Return all of them, each under a name of its own."""
    everywhere = [waiting(kind, where) for kind in HOLDS for where in AROUND]
    return [*everywhere, *paused(), *taking_back(), *ended(), *other(), *asking(), *by_the_clock()]
