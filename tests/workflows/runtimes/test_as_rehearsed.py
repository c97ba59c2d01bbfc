"""What a rehearsal shows is what a run does: files are played by both, and must come to the same."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from baton.connector import ActionContext, ActionFailure, Failed, NotStarted, Unknown
from coordination.policy import Principal
from tests.prove.simulation.loop import simulate
from tests.workflows.rehearsal.stand import START
from tests.workflows.runtimes.bench import Bench, Effects
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import Checked, check
from workflows.language.definition import to_definition
from workflows.language.durations import parse_duration
from workflows.rehearsal import Rehearsal, of_checked, read_script, rehearse
from workflows.rehearsal.script import static_of
from workflows.runtimes.embedded import embedded_runtime
from workflows.runtimes.host import Host
from workflows.runtimes.memory import memory_runtime

CALL = "action: test.again, params: {say: x}"
ONCE = "action: test.once, params: {say: x}"
RISKY: Mapping[str, type[ActionFailure]] = {
    "failed": Failed,
    "not_started": NotStarted,
    "unknown": Unknown,
}
KID = f"""
name: kid
inputs: {{n: {{type: integer, required: true}}}}
steps:
  - {{id: work, {CALL}}}
  - {{id: check, condition: inputs.n > 2, fail: "{{{{ inputs.n }}}} is too much"}}
outputs: {{twice: "{{{{ inputs.n * 2 }}}}"}}
"""
Answers = dict[str, list[dict[str, Any]]]
Make = Callable[..., Host]

PLAYS: dict[str, tuple[str, Answers]] = {
    "attempts": (
        f"""
  - {{id: a, {CALL}, retry: {{attempts: 3, delay: 5s}}}}
  - {{id: b, {ONCE}, retry: 3, on_error: continue}}
  - {{id: c, {ONCE}, retry: {{attempts: 3, on: [quota], delay: 1m}}}}
""",
        {
            "a": [{"error": "no"}, {"error": "no"}, {"output": 1}],
            "b": [{"error": "away", "class": "not_started"}, {"error": "no"}],
            "c": [{"error": "slow", "type": "quota"}, {"output": 2}],
        },
    ),
    "a timeout": (
        f"  - {{id: a, {CALL}, timeout: 10s, retry: {{attempts: 2, delay: 1s}}}}\n",
        {"a": [{"output": 1, "takes": "1m"}, {"output": 2, "takes": "1m"}]},
    ),
    "edges": (
        f"""
  - {{id: a, {CALL}}}
  - {{id: b, {CALL}, needs: [{{step: a, on: failure}}]}}
  - {{id: c, {CALL}, needs: [{{step: a, on: success}}]}}
  - {{id: d, {CALL}, needs: {{any: [c, b]}}, condition: steps.b.output == 7}}
  - {{id: e, {CALL}, needs: [d], condition: "false"}}
  - {{id: f, {CALL}, needs: [{{step: a, if: steps.a.error.type == 'disk'}}, e]}}
""",
        {"a": [{"error": "full", "type": "disk"}], "b": [{"output": 7}]},
    ),
    "a loop that fails": (
        f"  - {{id: fan, for_each: [1, 2, 3, 4], concurrency: 2, steps: [{{id: p, {CALL}}}]}}\n  - {{id: z, {CALL}}}\n",
        {"fan[1].p": [{"error": "no"}], "fan.p": [{"output": 1, "takes": "5s"}]},
    ),
    "loops in loops": (
        f"""
  - id: fan
    for_each: ["a b", c]
    key: "{{{{ item }}}}"
    collect: "{{{{ steps.in.output }}}}"
    steps:
      - id: in
        for_each: [1, 2]
        as: number
        collect: "{{{{ item }}}}{{{{ number }}}}{{{{ steps.p.output }}}}"
        steps: [{{id: p, {CALL}, on_error: continue}}]
""",
        {"fan[c].in[0].p": [{"output": "!"}], "fan.in.p": [{"output": ""}]},
    ),
    "a race": (
        f"""
  - id: a
    join: any
    parallel:
      x: [{{id: p, {CALL}}}, {{id: q, wait: 1h}}]
      y: [{{id: p, {CALL}, on_error: [{{id: mend, {CALL}}}]}}]
      z: [{{id: p, wait: 1m}}, {{id: r, {CALL}}}]
""",
        {"a.y.p": [{"error": "no", "takes": "10s"}]},
    ),
    "polls and routes": (
        f"""
  - {{id: poll, repeat: {{until: steps.p.output == 3, max: 5, delay: 30s}}, steps: [{{id: p, {CALL}}}]}}
  - {{id: route, switch: [{{if: steps.poll.output == 2, steps: [{{id: p, {CALL}}}]}}, {{else: [{{id: q, {CALL}}}]}}]}}
  - {{id: worn, repeat: {{until: "false", max: 2}}, steps: [{{id: p, {CALL}}}], on_error: continue}}
  - {{id: end, stop: "worn: {{{{ steps.worn.error.type }}}}"}}
""",
        {"poll.p": [{"output": 1}, {"output": 2}, {"output": 3}]},
    ),
    "what is taken back": (
        f"""
  - {{id: a, {CALL}, compensate: {{action: test.once, params: {{say: "{{{{ steps.a.output }}}}"}}}}}}
  - {{id: fan, for_each: [1, 2], concurrency: 1, steps: [{{id: p, {CALL}, compensate: {{{CALL}, retry: 2}}}}]}}
  - {{id: bad, fail: enough}}
on_failure: [{{id: tell, {CALL}}}, {{id: never, fail: "not this"}}]
finally: [{{id: tidy, {CALL}}}]
""",
        {"fan[1].p~undo": [{"error": "locked"}]},
    ),
    "a last list that fails": (
        f"  - {{id: a, {CALL}}}\nfinally: [{{id: tidy, {CALL}}}]\n",
        {"finally.tidy": [{"error": "no room"}]},
    ),
    "children": (
        f"""
  - {{id: a, workflow: kid, inputs: {{n: 2}}}}
  - {{id: b, workflow: kid, inputs: {{n: 3}}, on_error: continue}}
  - {{id: c, {CALL}, condition: steps.b.error.type == 'child' and steps.a.output.twice == 4}}
""",
        {},
    ),
    "what nobody knows": (
        f"  - {{id: a, {ONCE}}}\n  - {{id: b, {CALL}}}\n",
        {"a": [{"error": "the line went dead", "class": "unknown"}]},
    ),
    "a value that is missing": (
        f"""
  - {{id: a, {CALL}, condition: "false"}}
  - {{id: b, action: test.again, params: {{say: "{{{{ steps.a.output | default('none') }}}}"}}}}
  - {{id: c, action: test.again, params: {{say: "{{{{ steps.a.output.x }}}}"}}}}
""",
        {},
    ),
}


def read(text: str, registry: Registry) -> Checked:
    return check(text, registry, file="f.yaml")


def rehearsed(text: str, answers: Answers, registry: Registry) -> Rehearsal:
    pieces = [of_checked(read(each, registry), registry) for each in (text, KID)]
    company = {each.workflow.name: each for each in pieces}
    script = read_script({"stubs": answers})
    return rehearse("play", company, script, catalogue=registry, start=START)


def answering(answers: Answers) -> Effects:
    """Return what really happens when the actions give these answers."""
    left = {path: list(each) for path, each in answers.items()}

    async def perform(ctx: ActionContext, *, repeatable: bool) -> Any:
        given = left.get(ctx.run.step) or left.get(static_of(ctx.run.step))
        if given is None or ctx.run.workflow != "play":
            return None
        answer = given.pop(0) if len(given) > 1 else given[0]
        await asyncio.sleep(parse_duration(answer.get("takes", "0s"), zero=True).total_seconds())
        if "error" not in answer:
            return answer["output"]
        kind = RISKY[answer.get("class", "failed")]
        raise kind(answer["error"], type=answer.get("type", "failed"))

    effects = Effects()
    effects.perform = perform
    return effects


@pytest.mark.parametrize("make", [embedded_runtime, memory_runtime], ids=["embedded", "memory"])
@pytest.mark.parametrize("play", PLAYS, ids=[each.replace(" ", "_") for each in PLAYS])
def test_a_run_comes_to_what_its_rehearsal_showed(make: Make, play: str, tmp_path: Path) -> None:
    steps, answers = PLAYS[play]
    text = f"name: play\nsteps:\n{steps}"
    effects = answering(answers)
    registry = Registry((*built_in(environment={}), effects.connector()))
    shown = rehearsed(text, answers, registry)

    async def main() -> None:
        bench = await Bench(tmp_path / "baton.db", None, make, effects).begin()
        for each in (KID, text):
            await bench.host.publish_definition(to_definition(read(each, registry)), by="UADA")
        by = Principal("person", "UADA", "UADA", "slack")
        begun = await bench.coordinator.start(by, "play", {}, request_id="r", via="t")
        view = await bench.until(shown.status, begun.id, within=100_000)

        found = [(each.path, str(each.status), each.attempts) for each in view.steps]
        wanted = [(each.path, each.status, each.attempts) for each in shown.steps]
        assert found == wanted
        given = {
            each.path: each.more["output"] for each in shown.timeline if each.kind == "completed"
        }
        outputs = {each.path: each.output for each in view.steps}
        assert {path: outputs[path] for path in given if path in outputs} == {
            path: given[path] for path in given if "/" not in path
        }
        said = shown.timeline[-1].more.get("error")
        if said is not None:
            assert view.error == said
        await bench.host.stop()

    simulate(main)
