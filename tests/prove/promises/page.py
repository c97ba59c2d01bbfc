"""The page of promises: each with what guards it, and what the last proof found."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.prove.promises.table import PROMISES, Promise
from tests.prove.verdict import KEPT

__all__ = ["PAGE", "kept", "render", "survived"]

PAGE = KEPT.parent / "promises.md"
SURVIVED = ("kills", "histories", "images", "points reached", "races", "journals replayed", "lives", "events acknowledged")  # fmt: skip
BEGIN = """# What Baton promises

*Nothing accepted is lost, nothing is decided twice, nobody decides who may not.* Below, in single promises, each with what it does not say, what
guards it, and what came of it the last time. `python3 run.py prove NAME` plays a proof on your machine, and ends with 1 where a promise was
broken; `python3 run.py prove promises` writes this page from the results that `--keep` laid down.

Baton may be killed or lose power at any moment, calls to disk and network may fail, the network may delay, lose and repeat, Slack may be
away, clocks may jump, and two may be started on the same data: the promises hold under any mix of these. They do not hold on a disk
that says something is durable when it is not.
"""


def kept(folder: Path = KEPT) -> dict[str, Mapping[str, Any]]:
    """Return the last result of each proof, by its name."""
    return {each.stem: json.loads(each.read_text()) for each in sorted(folder.glob("*.json"))}


def render(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Write the page."""
    return "\n".join(
        [
            BEGIN,
            *_results(results),
            *(line for each in PROMISES for line in _promise(each, results)),
        ]
    )


def _results(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "## The proofs, and what they found last\n"
    yield "| proof | day | commit | seconds | what was tried and come by | broken or missed |"
    yield "|---|---|---|---|---|---|"
    for name, found in results.items():
        counts = ", ".join(
            f"{number:,} {what}" for what, number in found["counts"].items() if number
        )
        wrong = "; ".join([*found["violations"], *found["missed"]]).replace("|", "/") or "nothing"
        yield (
            f"| `{name}` | {found['day']} | {found['commit']} | {found['seconds']:,.0f} | {counts} | {wrong} |"
        )
    yield ""


def survived(found: Mapping[str, Any]) -> str:
    """Say what a promise has survived in a proof, and when: "2,007 histories on 2026-03-01"."""
    counts = found["counts"]
    much = next((f"{counts[what]:,} {what}" for what in SURVIVED if counts.get(what)), "played")
    return f"{much} on {found['day']}"


def _promise(promise: Promise, results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    guards = [f"`prove {each}` ({survived(results[each])})" for each in promise.proofs]
    guards += [f"`tests/{each}`" for each in promise.tests]
    yield f"## {promise.id}\n"
    yield f"{promise.says}\n"
    yield f"*Not said:* {promise.limits}\n"
    yield f"*Guard:* {', '.join(guards) or 'none yet'}.\n"
