"""A run waits for the event that holds a secret: nothing that is stored or shown says which it is."""

import json

from tests.stories.box import BatonInABox
from tests.stories.sinks import leaks, refused, told

CANARY = "n0nce-0f-the-deploy-7f3a"
WRITTEN = json.dumps({"nonce": CANARY}).replace(
    CANARY, "".join(f"\\u{ord(each):04x}" for each in CANARY)
)
WAITS = f"""
name: waits
steps:
  - {{id: make, action: data.read, secret_output: true, params: {{format: json, text: '{WRITTEN}'}}}}
  - id: found
    wait_for:
      event: deploy.completed
      correlate: {{result.nonce: "{{{{ steps.make.output.value.nonce }}}}"}}
  - id: said
    wait_for:
      event: deploy.completed
      where: "steps.make.output.value.nonce | upper in event.message"
      since: now
  - {{id: then, action: test.work, params: {{what: "heard {{{{ steps.said.output.process_id }}}}"}}}}
"""


async def everywhere(baton: BatonInABox) -> dict[str, str]:
    """Return all that is said of the run, by where."""
    paths = ["/v1/runs/R-1", "/v1/runs?limit=10", "/v1/events?limit=100", "/v1/threads"]
    said = {path: (await baton.ask("GET", path)).text for path in paths}
    said["page"] = (await baton.page("/r/R-1", by="grace")).text
    for verb in ("status", "explain"):
        said[verb] = await baton.slash(f"{verb} R-1", by="grace")
    return said


async def deployed(baton: BatonInABox, process: str, nonce: str, **more: str) -> str:
    answer = await baton.report(
        "deploy.completed", process=process, result={"nonce": nonce}, **more
    )
    return str(answer["event_id"])


async def test_the_event_is_found_though_nothing_says_what_it_must_hold(
    baton: BatonInABox,
) -> None:
    assert await baton.publish(WAITS)
    await baton.slash("start waits", by="ada")
    await deployed(baton, "d-0", "another")

    said = await everywhere(baton)
    assert "with result.nonce ••••••, since" in said["status"]
    assert leaks(baton, CANARY, **said) == []

    await baton.restart()
    assert leaks(baton, CANARY, **await everywhere(baton)) == []
    first = await deployed(baton, "d-1", CANARY)
    assert (await baton.run("R-1")).steps[1].status == "completed"
    assert baton.performed == []

    await deployed(baton, "d-2", "another", message="no")
    await deployed(baton, "d-3", "another", message=f"it is {CANARY.upper()}")
    assert baton.performed == ["heard d-3"]
    run = await baton.run("R-1")
    assert run.status == "completed"
    assert run.steps[1].output["event_id"] == first
    assert CANARY not in repr(run)
    spoken = json.dumps([call for call in told(baton) if "d-1" not in json.dumps(call)])
    assert CANARY not in spoken
    assert refused(baton) == []
