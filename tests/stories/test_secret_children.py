"""A step says that all its child gives is secret: no page, card, file or log of the child shows it."""

import json

from tests.stories.box import BatonInABox
from tests.stories.sinks import leaks, refused, told

CANARY = "z9-h1dden-K3y-0f-the-child"
WRITTEN = json.dumps({"key": CANARY}).replace(
    CANARY, "".join(f"\\u{ord(each):04x}" for each in CANARY)
)
PARENT = """
name: parent
steps:
  - {id: fetch, workflow: child, secret_output: true}
  - {id: use, action: test.work, params: {what: "use {{ steps.fetch.output.key }}"}}
  - {id: alone, workflow: child, detach: true, secret_output: true}
  - id: inside
    for_each: [1]
    secret_output: true
    steps:
      - {id: held, workflow: child}
"""
CHILD = """
name: child
steps:
  - {id: deep, workflow: grandchild}
  - {id: say, action: slack.post, params: {text: "It is {{ steps.deep.output.key }}"}}
  - {id: show, action: data.template, params: {text: "<{{ steps.deep.output.key }}>"}}
outputs: {key: "{{ steps.deep.output.key }}", shown: "{{ steps.show.output.text }}"}
"""
GRANDCHILD = f"""
name: grandchild
steps:
  - {{id: make, action: data.read, params: {{format: json, text: '{WRITTEN}'}}}}
  - id: gate
    approval:
      title: Hand out {{{{ steps.make.output.value.key }}}}?
      show: ["{{{{ steps.make.output.value.key }}}}"]
      approvers: ["@grace"]
      covers: [write]
  - {{id: write, action: test.work, params: {{what: "write {{{{ steps.make.output.value.key }}}}"}}}}
outputs: {{key: "{{{{ steps.make.output.value.key }}}}"}}
"""
AFTER = """
name: after
triggers:
  - {workflow: child, inputs: {got: "{{ trigger.outputs.key }}"}}
inputs: {got: {type: string}}
steps:
  - {id: note, action: test.work, params: {what: "after {{ inputs.got }}"}}
"""


async def answers(baton: BatonInABox, runs: list[str]) -> dict[str, str]:
    """Return all that is said of these runs, by where."""
    paths = ["/v1/runs?limit=100", "/v1/events?limit=200", "/v1/approvals", "/v1/threads"]
    for run in runs:
        paths += [f"/v1/runs/{run}", f"/v1/runs/{run}/steps/write/log"]
    said = {path: (await baton.ask("GET", path)).text for path in paths}
    for event in json.loads(said["/v1/events?limit=200"])["events"]:
        for what in ("", "/explain"):
            path = f"/v1/events/{event['event_id']}{what}"
            said[path] = (await baton.ask("GET", path)).text
    for run in runs:
        said[f"page {run}"] = (await baton.page(f"/r/{run}", by="grace")).text
        for verb in ("status", "explain"):
            said[f"{verb} {run}"] = await baton.slash(f"{verb} {run}", by="grace")
    said["search"] = await baton.slash(f"search {CANARY[:12]}", by="grace")
    return {name: text for name, text in said.items() if name != "search" or CANARY[:12] in text}


async def test_a_child_whose_step_is_secret_shows_nothing_that_it_gives(baton: BatonInABox) -> None:
    for text in (GRANDCHILD, CHILD, PARENT, AFTER):
        assert await baton.publish(text)
    baton.work.fail(f"write {CANARY}", f"no room for {CANARY}")
    await baton.slash("start parent", by="ada")
    await baton.click("Details", by="grace", on="R-3")
    asked = baton.form(by="grace")
    await baton.click("Approve", by="grace", on="R-3")
    assert (await baton.run("R-3")).status == "failed"
    refusal = (await baton.run("R-1")).error["message"]

    await baton.restart()
    await baton.slash("retry R-1", by="ada")
    for _ in range(
        3
    ):  # the child that is tried again, the one that nobody waits for, the one inside
        asking = next(
            run for run in await baton.runs() if run.status == "waiting" and run.questions
        )
        await baton.click("Approve", by="grace", on=f"R-{asking.number}")
    runs = await baton.runs()

    assert [run.status for run in runs if run.workflow == "parent"] == ["completed"]
    assert refusal.endswith("no room for ••••••")
    assert baton.performed.count(f"use {CANARY}") == 1
    assert baton.performed.count("after ••••••") == 3
    children = [run for run in runs if run.workflow in ("child", "grandchild")]
    assert len(children) == 8
    for run in children:
        shown = await baton.run(f"R-{run.number}")
        outputs = {step.output for step in shown.steps if step.kind in ("action", "workflow")}
        assert outputs <= {"••••••", None}
        assert set((shown.outputs or {"": "••••••"}).values()) == {"••••••"}
    said = await answers(baton, [f"R-{run.number}" for run in runs])
    assert leaks(baton, CANARY, asked=asked, **said) == []
    assert refused(baton) == []


async def test_a_child_that_a_person_starts_again_keeps_its_secret(baton: BatonInABox) -> None:
    for text in (GRANDCHILD, CHILD, PARENT):
        assert await baton.publish(text)
    baton.work.fail(f"write {CANARY}", "no room")
    await baton.slash("start parent", by="ada")
    await baton.click("Approve", by="grace", on="R-3")
    again = await baton.ask("POST", "/v1/runs/R-3/again", json={"inputs": {}})
    await baton.quiet()
    await baton.click("Approve", by="grace", on="R-4")

    assert again.status_code == 202, again.text
    shown = await baton.run("R-4")
    assert (shown.status, shown.outputs) == ("completed", {"key": "••••••"})
    assert leaks(baton, CANARY, **await answers(baton, ["R-3", "R-4"])) == []


async def test_the_same_workflow_started_by_hand_shows_what_it_gives(baton: BatonInABox) -> None:
    assert await baton.publish(GRANDCHILD)
    await baton.slash("start grandchild", by="ada")
    await baton.click("Approve", by="grace", on="R-1")
    assert (await baton.run("R-1")).outputs == {"key": CANARY}


GIVEN = "z3d-given-by-the-parent"
TAKES = """
name: takes
inputs: {word: {type: string, required: true}, count: {type: integer, default: 3}}
steps:
  - {id: shout, action: data.template, params: {text: "<{{ inputs.word }}>"}}
  - {id: write, action: test.work, params: {what: "write {{ inputs.word }} {{ inputs.count }}"}}
  - {id: say, action: slack.post, params: {text: "It was {{ inputs.word }}"}}
"""
GIVES = f"""
name: gives
steps:
  - {{id: call, workflow: takes, secret_output: true, inputs: {{word: "{GIVEN}"}}}}
"""


async def test_what_a_hidden_child_was_given_shows_nowhere(baton: BatonInABox) -> None:
    for text in (TAKES, GIVES):
        assert await baton.publish(text)
    baton.work.fail(f"write {GIVEN} 3", f"no room for {GIVEN}")
    await baton.slash("start gives", by="ada")
    failed = await baton.run("R-2")
    assert (failed.status, failed.inputs) == ("failed", {"word": "••••••", "count": "••••••"})
    assert (await baton.run("R-1")).steps[0].input == {"word": "••••••"}
    await baton.click("Edit input…", by="grace", on="R-2")
    form = baton.form(by="grace")
    assert GIVEN not in form
    assert "••••••" not in form

    again = await baton.ask("POST", "/v1/runs/R-2/again", json={"inputs": {"count": 4}})
    assert again.status_code == 202, again.text
    await baton.quiet()
    assert baton.performed == [f"write {GIVEN} 4"]
    assert (await baton.run("R-3")).status == "completed"
    said = await answers(baton, ["R-1", "R-2", "R-3"])
    assert [name for name, text in {**said, "form": form}.items() if GIVEN in text] == []
    assert GIVEN not in json.dumps(told(baton))
    assert GIVEN not in repr(baton.logs)
