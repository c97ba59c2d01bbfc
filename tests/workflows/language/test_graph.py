"""Graphs: a definition as nodes and edges, back without loss, and changes that leave comments alone."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.language.graph import FlowGraph, GraphEdge, NoGraph, to_body, to_graph
from workflows.language.loader import read_yaml
from workflows.language.printing import block, flow
from workflows.language.rewriting import rewritten

ROOT = Path(__file__).resolve().parents[3]
CASES = sorted((ROOT / "tests" / "cases" / "graph").glob("*.yaml"))
SHIPPED = sorted((ROOT / "workflows" / "library").glob("*.yaml"))
FILES = [*CASES, *(each for each in SHIPPED if not each.stem.endswith(".test"))]
each_file = pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])


def data_of(text: str) -> Any:
    return read_yaml(text, file="f").data


def exactly(value: Any) -> str:
    """Return *value* so that the order of keys counts."""
    return json.dumps(value)


@pytest.mark.parametrize("file", CASES, ids=[file.stem for file in CASES])
def test_a_definition_has_the_graph_that_its_case_says(file: Path) -> None:
    wanted = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))

    assert to_graph(data_of(file.read_text(encoding="utf-8"))).public() == wanted


@each_file
def test_yaml_to_graph_to_yaml_is_the_identity(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    body = data_of(text)

    again = to_body(to_graph(body))

    assert exactly(again) == exactly(body)
    assert rewritten(text, again) == text


def test_a_graph_is_drawn_of_nothing_but_a_definition() -> None:
    for body in (
        {"steps": 5},
        {"steps": [5]},
        {"steps": [{"stop": "x"}]},
        {"steps": [{"id": "a"}, {"id": "a"}]},
        {"steps": [{"id": "a", "switch": [5]}]},
        {"steps": [{"id": "a", "needs": [5]}]},
        {"finally": {}},
    ):
        with pytest.raises(NoGraph):
            to_graph(body)


def chain() -> FlowGraph:
    return to_graph(
        {"name": "f", "steps": [{"id": "a", "wait": "1s"}, {"id": "b", "wait": "1s"},
                                {"id": "c", "wait": "1s", "needs": ["b", {"step": "a", "on": "always"}]}]}
    )  # fmt: skip


def test_an_edge_is_added_and_taken_away() -> None:
    graph = chain()
    more = replace(graph, edges=(*graph.edges, GraphEdge("a", "b", condition="x > 1")))
    less = replace(graph, edges=tuple(each for each in graph.edges if each.source != "b"))

    assert to_body(more)["steps"][1]["needs"] == [{"step": "a", "if": "x > 1"}]
    assert to_body(less)["steps"][2]["needs"] == [{"step": "a", "on": "always"}]
    assert to_body(replace(graph, edges=()))["steps"][2]["needs"] == []


def test_a_step_that_is_renamed_takes_its_edges_along() -> None:
    graph = chain()
    nodes = [replace(n, data={**n.data, "id": "z"}) if n.path == "a" else n for n in graph.nodes]

    steps = to_body(replace(graph, nodes=tuple(nodes)))["steps"]

    assert [step["id"] for step in steps] == ["z", "b", "c"]
    assert steps[2]["needs"] == ["b", {"step": "z", "on": "always"}]


@pytest.mark.parametrize(
    "edge", [GraphEdge("a", "nobody"), GraphEdge("nobody", "a"), GraphEdge("fan[].x", "a")]
)
def test_an_edge_that_leads_nowhere_is_refused(edge: GraphEdge) -> None:
    graph = to_graph(
        {"steps": [{"id": "a"}, {"id": "fan", "for_each": [1], "steps": [{"id": "x"}]}]}
    )

    with pytest.raises(NoGraph):
        to_body(replace(graph, edges=(*graph.edges, edge)))


def test_a_node_in_a_step_that_is_gone_is_refused() -> None:
    graph = to_graph({"steps": [{"id": "fan", "for_each": [1], "steps": [{"id": "x"}]}]})

    with pytest.raises(NoGraph, match="not there"):
        to_body(replace(graph, nodes=graph.nodes[1:]))


COMMENTED = """\
# A flow with comments.
name: flow   # its name

steps:
  # first
  - id: a
    action: shell.run     # runs
    params: {argv: [ls]}  # here

  # second, which loops
  - id: fan
    for_each: [1, 2]
    steps:
      # inside
      - id: inner
        stop: |
          many
          lines
      - {id: other, wait: 1s}  # short

  - id: c   # last
    needs:
      - fan
      - {step: a, on: always}
    stop: done
# the end
outputs:
  x: 1
"""
Change = Callable[[dict[str, Any]], Any]
CHANGES: dict[str, tuple[Change, int]] = {  # what changes, and how many comments go with it
    "a value": (lambda body: body.update(name="other"), 0),
    "a text of lines": (lambda body: body["steps"][1]["steps"][0].update(stop="one"), 0),
    "lines for lines": (lambda body: body["steps"][1]["steps"][0].update(stop="a\nb\n"), 0),
    "a value in braces": (lambda body: body["steps"][0]["params"].update(cwd="x"), 0),
    "a list for a text": (lambda body: body["steps"][1].update(for_each="{{ inputs.x }}"), 0),
    "a name": (lambda body: body["steps"][2].update(id="z"), 0),
    "keys added": (lambda body: body["steps"][0].update(timeout="5m", retry={"attempts": 3}), 0),
    "a key taken away": (lambda body: body["steps"][2].pop("needs"), 0),
    "a need taken away": (lambda body: body["steps"][2]["needs"].pop(), 0),
    "a need added": (lambda body: body["steps"][2]["needs"].append("other"), 0),
    "a step added": (lambda body: body["steps"].insert(1, {"id": "new", "wait": "1s"}), 0),
    "a step added inside": (lambda body: body["steps"][1]["steps"].append({"id": "n"}), 0),
    "a step taken away": (lambda body: body["steps"].pop(0), 3),
    "steps in another order": (lambda body: body["steps"].reverse(), 0),
    "a step moved and changed": (
        lambda body: body["steps"].insert(0, {**body["steps"].pop(2), "stop": "so"}), 0,
    ),
    "a key at the top": (lambda body: body.update({"x-layout": {"a": [1, 2]}}), 0),
    "the last key": (lambda body: body.pop("outputs"), 0),
    "the only step": (lambda body: body.update(steps=[{"id": "n", "stop": "x"}]), 7),
}  # fmt: skip


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_leaves_the_comments_of_all_else_alone(change: str, newline: str) -> None:
    text = COMMENTED.replace("\n", newline)
    body = data_of(text)
    before = text.count("#")
    apply, lost = CHANGES[change]
    apply(body)

    changed = rewritten(text, body)

    assert exactly(data_of(changed)) == exactly(body)
    assert changed.count("#") == before - lost
    assert ("\r\n" in changed) == (newline == "\r\n")


def test_one_value_is_one_line() -> None:
    body = data_of(COMMENTED)
    body["steps"][0]["params"] = {"argv": ["ls", "-l"]}

    changed = rewritten(COMMENTED, body).split("\n")

    assert [line for line in changed if line not in COMMENTED.split("\n")] == [
        "    params: {argv: [ls, -l]}  # here"
    ]
    assert len(changed) == len(COMMENTED.split("\n"))


def test_what_cannot_be_changed_in_its_place_is_written_anew() -> None:
    body = dict(reversed(data_of(COMMENTED).items()))

    changed = rewritten(COMMENTED, body)

    assert exactly(data_of(changed)) == exactly(body)


plain = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(["on", "no", "1e3", "0o7", "012", "1:30", "~", "", "a: b", "# x", "a\nb", "\x85", "- x"]),
)  # fmt: skip
anything = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(anything)
def test_what_is_printed_reads_back_as_it_was(value: Any) -> None:
    for text in (block({"k": value}), f"k: {flow(value)}\n", f"k: [{flow(value)}, 1]\n"):
        read = data_of(text)["k"]
        assert exactly(read) in (exactly(value), exactly([value, 1]))


@given(st.data())
def test_any_change_reads_as_it_was_meant(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(FILES)).read_text(encoding="utf-8")
    body = copy.deepcopy(data_of(text))
    for _ in range(data.draw(st.integers(1, 3))):
        here: Any = body
        while data.draw(st.booleans()) and isinstance(here, dict | list) and here:
            inner = [v for v in (here.values() if isinstance(here, dict) else here)
                     if isinstance(v, dict | list) and v]  # fmt: skip
            if not inner:
                break
            here = data.draw(st.sampled_from(inner))
        key = data.draw(st.sampled_from(list(here) if isinstance(here, dict) else range(len(here))))
        match data.draw(st.sampled_from(["set", "drop", "move"])):
            case "set":
                here[key] = data.draw(anything)
            case "drop" if len(here) > 1:
                del here[key]
            case _ if isinstance(here, dict):
                here[key] = here.pop(key)
            case _:
                here.append(here.pop(key))

    assert exactly(data_of(rewritten(text, body))) == exactly(body)
