"""Files that mean harm: each is one sentence within a moment, never a hang and never a traceback."""

import time
from typing import Any

import pytest

from tests.workflows.language.samples import Catalogue, problems, steps
from workflows.language.checks import check_workflow
from workflows.language.errors import InvalidDefinition

SECONDS = 4.0  # of this process alone, several times what the slowest takes

BOMBS = {
    "a billion laughs": (
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
        ("yaml", "anchors are not allowed"),
    ),
    "an alias of nothing": (
        "name: *a\n", ("yaml", "aliases are not allowed")),
    "a merge": ("a: {<<: {b: 1}}\n<<: {name: x}\n", ("unknown_key", "there is no key `a` here")),
    "a Python object": (
        "name: !!python/object/apply:os.system [ls]\n",
        ("yaml", "tags are not allowed, as 'tag:yaml.org,2002:python/object/apply:os.system'"),
    ),
    "a tag of its own": ("name: !x y\n", ("yaml", "tags are not allowed, as '!x'")),
    "a directive": ("%YAML 1.1\n---\nname: yes\n", ("missing", "a workflow needs the key `steps`")),
    "two documents": ("name: a\n---\nname: b\n", ("yaml", "a file holds one workflow")),
    "a list as a key": ("? [a]\n: b\n", ("yaml", "a key must be a plain text")),
    "a map as a key": ("{{a: b}: c}\n", ("yaml", "a key must be a plain text")),
    "keys twice": ("name: a\nname: b\n", ("duplicate", "`name` stands here twice, first in line 1")),
    "deep lists": ("a: " + "[" * 5_000, ("limit", "this nests more than 32 levels")),
    "deep maps": ("a: " + "{b: " * 5_000, ("limit", "this nests more than 32 levels")),
    "deep blocks": (
        "\n".join(" " * n + "a:" for n in range(300)),
        ("limit", "this nests more than 32 levels"),
    ),
    "many values": ("a: [" + "1," * 6_000 + "]", ("limit", "this file holds more than 5,000 values")),
    "much text": ("a: " + "x" * 300_000, ("limit", "this file is larger than 256 KiB")),
    "many bytes of few signs": ("a: " + "é" * 200_000, ("limit", "this file is larger than 256 KiB")),
    "a long number": ("a: " + "9" * 200_000, ("number", "is beyond 2^53, and loses digits")),
    "not a number": ("a: .nan", ("number", ".nan is a number that JSON does not have")),
    "no end": ("name: 'x", ("syntax", "this is not YAML")),
    "a tab": ("name:\n\t- a", ("syntax", "this is not YAML")),
    "a bell": ("name: \x07", ("syntax", "this character is not allowed in YAML")),
    "nothing": ("", ("empty", "this file is empty")),
    "a comment": ("# hello", ("empty", "this file is empty")),
    "a text": ("hello", ("type", "a workflow is a map")),
    "null": ("null", ("type", "a workflow is a map")),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_hostile_file_is_one_sentence_within_a_moment(bomb: str) -> None:
    text, (code, message) = BOMBS[bomb]
    began = time.process_time()

    found = problems(text)

    assert time.process_time() - began < SECONDS
    assert any(each.code == code and message in each.message for each in found), found
    assert all(len(str(each)) < 1_000 for each in found)


@pytest.mark.parametrize(
    "text",
    [b"\xff\xfe\x00", b"name: \xc3\x28", b"\x00", "name: \ud800".encode("utf-8", "surrogatepass")],
)
def test_bytes_that_are_no_text_are_refused(text: bytes) -> None:
    (problem,) = problems(text)  # type: ignore[arg-type]  # as a file is read
    assert problem.code == "syntax"


@pytest.mark.parametrize(
    "step",
    [
        "{id: a, stop: '{{ " + "(" * 3_000 + "'}",
        "{id: a, stop: '{{ " + "a." * 3_000 + "b }}'}",
        "{id: a, stop: '{{ " + "not " * 2_000 + "a }}'}",
        "{id: a, stop: x, condition: '" + "[" * 3_000 + "'}",
        "{id: a, action: '" + "x." * 30_000 + "'}",
        "{id: a, stop: x, needs: [" + "b, " * 3_000 + "]}",
        "{id: a, wait: '" + "9" * 50_000 + "s'}",
        "{id: '" + "a" * 50_000 + "', stop: x}",
        "{id: a, wait_for: {event: '" + "a." * 20_000 + "'}}",
    ],
)
def test_a_hostile_step_is_refused_within_a_moment(step: str) -> None:
    began = time.process_time()

    found = problems(steps(f"- {step}"))

    assert time.process_time() - began < SECONDS
    assert any(each.severity == "error" for each in found)
    assert all(len(each.message) < 1_000 for each in found)


MANY = {
    "steps that nobody knows": steps(
        "".join(
            f"- {{id: step_{n}, stop: '{{{{ steps.spet_{n}.output }}}}', condition: 'true'}}\n"
            for n in range(1_100)
        )
    ),
    "keys that nobody knows": "steps: [{id: a, stop: x}]\n"
    + "".join(f"k{n}: 1\n" for n in range(4_900)),
    "steps of one name": steps("".join("- {id: a, wait: 1s}\n" for _ in range(1_600))),
    "steps that set one var": "name: f\nvars: {v: 1}\nsteps:\n"
    + "".join(f"  - {{id: s{n}, set: {{v: 1}}, needs: []}}\n" for n in range(900)),
    "keys that stand twice": "a: 1\n" * 5_000,
}


@pytest.mark.parametrize("many", MANY)
def test_the_search_ends_after_a_few_hundred_problems(many: str) -> None:
    began = time.process_time()

    found = problems(MANY[many])

    assert time.process_time() - began < SECONDS
    assert len(found) == 201
    assert found[-1].code == "limit"
    assert found[-1].message == "this file has 200 problems and was not looked through to its end"


def test_steps_inside_steps_end_where_the_file_ends() -> None:
    inner = "{id: z, stop: x}"
    for number in range(9):
        inner = f"{{id: s{number}, parallel: {{x: [{inner}]}}}}"
    assert problems(steps(f"- {inner}")) == []
    for number in range(9, 20):
        inner = f"{{id: s{number}, parallel: {{x: [{inner}]}}}}"
    assert [each.code for each in problems(steps(f"- {inner}"))] == ["limit"]


def nested(levels: int) -> dict[str, Any]:
    step: dict[str, Any] = {"id": "z", "stop": "x"}
    for number in range(levels):
        step = {"id": f"s{number}", "parallel": {"x": [step]}}
    return {"name": "flow", "steps": [step]}


@pytest.mark.parametrize("levels", [20, 500, 5_000])
def test_data_that_is_no_file_is_held_to_the_same_depth(levels: int) -> None:
    with pytest.raises(InvalidDefinition, match="this nests more than 32 levels"):
        check_workflow(nested(levels), Catalogue())
    assert check_workflow(nested(9), Catalogue()).warnings == ()


def test_data_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(InvalidDefinition, match="levels"):
        check_workflow({"name": "f", "steps": endless}, Catalogue())
    with pytest.raises(InvalidDefinition, match="values"):
        check_workflow({"name": "f", "steps": [1] * 6_000}, Catalogue())
