"""Cases: what differs is said key by key, and a file of cases is read as strictly as a definition."""

from typing import Any

import pytest

from tests.workflows.rehearsal.stand import REGISTRY
from workflows.language.checks import check
from workflows.language.errors import InvalidDefinition
from workflows.rehearsal import of_checked
from workflows.rehearsal.cases import Difference, read_cases, try_case

FLOW = """
name: flow
inputs: {n: {type: integer, default: 1}}
steps:
  - {id: a, action: shell.run, params: {argv: [make, "{{ inputs.n }}"], env: {A: x}}, compensate: {action: shell.run, params: {argv: [unmake]}}}
  - {id: b, condition: inputs.n > 1, action: slack.post, params: {text: "made {{ inputs.n }}", channel: "#web"}}
  - {id: c, condition: inputs.n > 2, fail: too many}
  - {id: d, wait: 1h}
outputs: {n: "{{ inputs.n }}", more: 1}
"""


def tried(expect: str, given: str = "inputs: {n: 1}") -> list[Difference]:
    """Try one case."""
    piece = of_checked(check(FLOW, REGISTRY, file="flow.yaml"), REGISTRY)
    text = f"cases:\n  - name: one\n    {given}\n    expect: {expect}\n"
    (case,) = read_cases(text, file="flow.test.yaml")
    return list(try_case(case, "flow", {"flow": piece}, REGISTRY))


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("{n: 1}", "{status: completed, outputs: {n: 1}, completed: [a, d], failed: []}"),
        ("{n: 1}", "{skipped: [b, c], not_taken: [], compensated: [], posts: []}"),
        ("{n: 2}", "{posts: [made 2], params: {a: {argv: [make, 2]}}}"),
        ("{n: 2}", "{posts: [{text: made, channel: '#web'}], params: {a: {env: {A: x}}}}"),
        ("{n: 3}", "{status: failed, failed: [c], not_taken: [d], compensated: [a], outputs: {}}"),
    ],
)
def test_what_is_as_expected_gives_no_difference(given: str, expect: str) -> None:
    assert tried(expect, f"inputs: {given}") == []


@pytest.mark.parametrize(
    ("given", "expect", "difference"),
    [
        ("{n: 3}", "{status: completed}", ("status", "completed", "failed at c: too many")),
        ("{n: 1}", "{status: failed}", ("status", "failed", "completed")),
        ("{n: 1}", "{outputs: {n: 2}}", ("outputs.n", 2, 1)),
        ("{n: 1}", "{outputs: {n: true}}", ("outputs.n", True, 1)),
        ("{n: 1}", "{outputs: {m: 2}}", ("outputs.m", 2, "nothing of that name")),
        ("{n: 1}", "{outputs: {}}", ("outputs", {}, {"n": 1, "more": 1})),
        ("{n: 1}", "{completed: [a, b, x]}", ("completed", ["a", "b", "x"], {"b": "skipped", "x": "never reached"})),
        ("{n: 1}", "{skipped: []}", ("skipped", [], ["b", "c"])),
        ("{n: 2}", "{posts: []}", ("posts", [], ["made 2"])),
        ("{n: 2}", "{posts: [made, made]}", ("posts", "made", ["made 2"])),
        ("{n: 2}", "{posts: [{text: made, channel: '#ops'}]}", ("posts", {"text": "made", "channel": "#ops"}, ["made 2"])),
        ("{n: 1}", "{params: {b: {text: x}}}", ("params.b", {"text": "x"}, "not called; called were `a`")),
        ("{n: 1}", "{params: {a: {argv: [make]}}}", ("params.a.argv", ["make"], ["make", 1])),
        ("{n: 1}", "{params: {a: {env: {}}}}", ("params.a.env", {}, {"A": "x"})),
    ],
)  # fmt: skip
def test_each_key_says_what_was_expected_and_what_came(
    given: str, expect: str, difference: tuple[str, Any, Any]
) -> None:
    assert tried(expect, f"inputs: {given}") == [Difference(*difference)]


def test_inputs_that_are_refused_fail_the_case() -> None:
    (found,) = tried("{status: completed}", "inputs: {n: many}")

    assert found.what == "rehearsal"
    assert "`n`" in found.got


def test_paths_in_loops_and_children_may_be_named() -> None:
    parent = "name: parent\nsteps:\n  - {id: fan, for_each: [1, 2], steps: [{id: call, workflow: child}]}\n"
    child = "name: child\nsteps:\n  - {id: a, action: shell.run, params: {argv: [make]}}\n"
    pieces = [
        of_checked(check(text, REGISTRY, file="x.yaml"), REGISTRY) for text in (parent, child)
    ]
    company = {each.workflow.name: each for each in pieces}
    expect = "{completed: ['fan[1].call', 'fan[1].call/a'], params: {fan.call/a: {argv: [make]}}}"
    (case,) = read_cases(f"cases: [{{name: n, expect: {expect}}}]", file="x.test.yaml")

    assert try_case(case, "parent", company, REGISTRY) == ()


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("cases: []", ["1:8: `cases` must not be empty"]),
        ("case: []", ["there is no key `case` here. Did you mean `cases`?", "needs the key `cases`"]),
        ("cases:\n  - {name: a, expect: {stauts: x}}", ["2:24: there is no key `stauts` here. Did you mean `status`?"]),
        ("cases:\n  - {name: a}", ["2:5: ", "needs the key `expect`"]),
        ("cases:\n  - {name: a, expect: {}}", ["2:", "must name something"]),
        ("cases:\n  - {name: a, expect: {status: done}}", ["2:", "`status` must be"]),
        ("cases:\n  - {name: a, expect: {failed: []}}\n  - {name: a, expect: {failed: []}}", ["3:12: there are two cases `a`"]),
        ("cases:\n  - name: a\n    expect: {failed: []}\n    stubs:\n      a: {outptu: 1}", ["5:10: there is no key `outptu`. Did you mean `output`?"]),
        ("cases:\n  - name: a\n    expect: {failed: []}\n    stubs:\n      a: [{output: 1}, {error: x, class: odd}]", ["5:24: `class` is one of"]),
        ("cases:\n  - name: a\n    expect: {failed: []}\n    decide: {a: 1}\n    events:\n      - {type: test.completed, nmae: x}", ["4:17: a decision is", "6:9: there is no member `nmae`. Did you mean `name`?"]),
        ("cases:\n  - name: a\n    expect: {failed: []}\n    events: [{at: soon, type: a.b}, {at: 1m}]", ["4:14: `at`:", "4:37: an event needs a `type`"]),
        ("cases: [&a {}]", ["anchors are not allowed"]),
        ("- 1", ["a file of cases is a map"]),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_of_cases_is_told_with_its_place(
    text: str, problems: list[str]
) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        read_cases(text, file="x.test.yaml")

    for each in problems:
        assert each in str(refused.value)
