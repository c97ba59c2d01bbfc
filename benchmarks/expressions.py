"""What expressions cost: a condition, a native template, a compilation; beside Jinja's sandbox.

Jinja is given what it needs for the same answer: no undefined values, and native types. The size
of the context must not matter, so everything is measured over a large one as well.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from _measure import ROOT, Bar, count, options, report

sys.path.insert(0, str(ROOT))

from jinja2 import StrictUndefined
from jinja2.nativetypes import NativeEnvironment
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workflows.language.expressions import compile_expression, compile_template

CONDITION = "trigger.result.failed == 0 and trigger.result.branch == 'main'"
MEMBER = "trigger.result.branch in ['main', 'dev', 'release']"
FILTERED = "trigger.name | lower | replace('-', ' ') | length > 3"
NATIVE = "{{ steps.scan.output.count }}"
TEXT = "Deploy {{ inputs.target }} for {{ trigger.name }}, {{ steps.scan.output.count }} findings"
SMALL: dict[str, Any] = {
    "trigger": {"name": "Build-Web", "result": {"failed": 0, "branch": "main"}},
    "inputs": {"target": "staging"},
    "steps": {"scan": {"status": "completed", "output": {"count": 3, "url": "u"}}},
    "run": {"id": "r"},
}
COMPILATIONS = 60
EVALUATIONS = 2_000


class Native(NativeEnvironment, ImmutableSandboxedEnvironment):
    """Jinja as it would be used for the same purpose."""


def large() -> dict[str, Any]:
    """Return the same context with 20,000 more steps and 20,000 more results."""
    heavy = {"status": "completed", "output": {"rows": ["x" * 100] * 1_000}}
    steps = {**{f"s{n}": heavy for n in range(20_000)}, **SMALL["steps"]}
    result = {**{f"k{n}": n for n in range(20_000)}, **SMALL["trigger"]["result"]}
    return {**SMALL, "steps": steps, "trigger": {**SMALL["trigger"], "result": result}}


def evaluations() -> dict[str, Callable[[], object]]:
    """Return what is evaluated again and again, by name."""
    jinja, big = Native(undefined=StrictUndefined), large()
    condition, native, text = (
        compile_expression(CONDITION),
        compile_template(NATIVE),
        compile_template(TEXT),
    )
    member, filtered = compile_expression(MEMBER), compile_expression(FILTERED)
    their_condition = jinja.compile_expression(CONDITION, undefined_to_none=False)
    their_native = jinja.from_string(NATIVE)
    assert condition(SMALL) == their_condition(**SMALL)
    assert native(SMALL) == their_native.render(**SMALL) == 3
    return {
        "condition": lambda: condition(SMALL),
        "native": lambda: native(SMALL),
        "text": lambda: text(SMALL),
        "member": lambda: member(SMALL),
        "filtered": lambda: filtered(SMALL),
        "condition, large context": lambda: condition(big),
        "native, large context": lambda: native(big),
        "condition, Jinja": lambda: their_condition(**SMALL),
        "native, Jinja": lambda: their_native.render(**SMALL),
    }


def compilations(mark: str) -> dict[str, Callable[[], object]]:
    """Return compilations of texts that nobody compiled before: *mark* is in each of them."""
    jinja = Native(undefined=StrictUndefined)
    texts = [f"{CONDITION} and inputs.target != '{mark}.{n}'" for n in range(COMPILATIONS)]
    return {
        "compile": lambda: [compile_expression(text) for text in texts],
        "compile, Jinja": lambda: [jinja.compile_expression(text) for text in texts],
    }


def microseconds(work: Callable[[], object], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) * 1_000_000 / times


def measure(rounds: int) -> dict[str, float]:
    """Return the least microseconds of each, in turns: a busy machine is busy for all of them."""
    spent: dict[str, list[float]] = {}
    repeated = {"a loop of 2,000,000": (count, 1)}
    repeated |= {name: (work, EVALUATIONS) for name, work in evaluations().items()}
    for number in range(rounds):
        for name, (work, times) in repeated.items():
            spent.setdefault(name, []).append(microseconds(work, times))
        for name, work in compilations(str(number)).items():
            spent.setdefault(name, []).append(microseconds(work, 1) / COMPILATIONS)
    return {name: min(each) for name, each in spent.items()}


def main() -> int:
    given = options(__doc__ or "", rounds=15)
    found = measure(int(given.rounds))
    theirs = "Jinja's sandbox, the same, us"
    bars = [
        Bar("condition", found["condition"], 2, "us", theirs, found["condition, Jinja"], 0.15),
        Bar("native template", found["native"], 1, "us", theirs, found["native, Jinja"], 0.08),
        Bar("compile", found["compile"], 200, "us", theirs, found["compile, Jinja"], 0.2),
        Bar(
            "condition, large context / small",
            found["condition, large context"] / found["condition"],
            1.5,
            "x",
        ),
        Bar(
            "native, large context / small",
            found["native, large context"] / found["native"],
            1.5,
            "x",
        ),
    ]
    figures = {f"{name}, us": round(each, 2) for name, each in found.items()}
    return report("expressions", figures, bars, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
