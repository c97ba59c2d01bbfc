"""Graphs of generated definitions: to nodes and edges and back, with all their comments."""

import json
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.language.graph import to_body, to_graph
from workflows.language.loader import read_yaml
from workflows.language.printing import block
from workflows.language.rewriting import rewritten

DEEPEST = 2
NOTES = ("# why", "# a: b", "#", "#- not a step", '# "quoted"')
LEAVES: tuple[dict[str, Any], ...] = (
    {"action": "baton.log", "params": {"message": "{{ inputs.text }}", "level": "info"}},
    {"approval": {"title": "Go on?", "approvers": ["role:operator"]}},
    {"wait": "5m"},
    {"wait_for": {"signal": "go", "timeout": "1h"}},
    {"workflow": "kid", "inputs": {"n": 1}, "detach": True},
    {"set": {"n": "{{ vars.n + 1 }}"}},
    {"stop": "Enough"},
    {"fail": "No"},
)


class Definitions:
    """Draws definitions in which steps stand inside steps and lead to one another."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance

    def definition(self) -> dict[str, Any]:
        body: dict[str, Any] = {"name": "drawn", "steps": self.steps(0)}
        for name in ("on_failure", "on_cancel", "finally"):
            if self.chance.randrange(3) == 0:
                body[name] = self.steps(DEEPEST)
        return body

    def steps(self, depth: int) -> list[dict[str, Any]]:
        names = [f"s{depth}{number}" for number in range(self.chance.randint(1, 3))]
        return [self.step(name, names[:at], depth) for at, name in enumerate(names)]

    def step(self, name: str, before: list[str], depth: int) -> dict[str, Any]:
        step: dict[str, Any] = {"id": name}
        if before and self.chance.randrange(3) == 0:
            chosen = self.chance.sample(before, self.chance.randint(0, len(before)))
            step["needs"] = [self.edge(each) for each in chosen]
        step |= self.holding(depth) if depth < DEEPEST and self.chance.randrange(3) == 0 else {}
        if len(step) == 1 or set(step) == {"id", "needs"}:
            step |= self.chance.choice(LEAVES)
        if self.chance.randrange(4) == 0:
            step["condition"] = "vars.n > 1"
        if depth < DEEPEST and self.chance.randrange(5) == 0:
            step["on_error"] = self.steps(depth + 1)
        return step

    def edge(self, name: str) -> Any:
        return self.chance.choice(
            [name, {"step": name, "on": "failure"}, {"step": name, "if": "1"}]
        )

    def holding(self, depth: int) -> dict[str, Any]:
        inner = [self.steps(depth + 1) for _ in range(2)]
        return self.chance.choice(
            [
                {"for_each": "{{ [1, 2] }}", "as": "each", "steps": inner[0]},
                {"repeat": {"until": "vars.n > 3", "max": 5}, "steps": inner[0]},
                {"parallel": {"left": inner[0], "right": inner[1]}, "join": "any"},
                {"switch": [{"if": "vars.n > 1", "steps": inner[0]}, {"else": inner[1]}]},
            ]
        )


def noted(text: str, chance: Random) -> str:
    """Put comments between the lines of *text*, and behind some."""
    lines: list[str] = []
    for line in text.splitlines():
        if chance.randrange(3) == 0:
            indent = line[: len(line) - len(line.lstrip())]
            lines += [indent + chance.choice(NOTES)]
        lines.append(f"{line}  {chance.choice(NOTES)}" if chance.randrange(4) == 0 else line)
    return "\n".join(lines) + "\n"


def exactly(value: Any) -> str:
    return json.dumps(value)  # the order of keys counts


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_definition_comes_back_from_its_graph_with_every_comment(chance: Random) -> None:
    body = Definitions(chance).definition()
    text = noted(block(body), chance)
    read = read_yaml(text, file="f").data
    assert exactly(read) == exactly(body)

    again = to_body(to_graph(read))

    assert exactly(again) == exactly(body)
    assert rewritten(text, again) == text
