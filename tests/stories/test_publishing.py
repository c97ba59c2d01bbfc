"""Authors publish: from files, over HTTP and with a word in Slack; what runs keeps what it began with."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import httpx

from bot.operations import create_token
from coordination.policy import Principal
from coordination.publishing import Order
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE
from tests.stories.slack import PEOPLE

ADMIN = Principal("token", "tests", scopes=frozenset({"admin"}), admin=True)
WEAKER = RELEASE.replace('["@grace", "@linus"]', '["@grace", "@linus", "@ada"]')
HOOKED = """
name: hooked
triggers:
  - webhook: generic
    id: order
    where: trigger.body.total > 10
    inputs: {order: "{{ trigger.body.id }}"}
inputs:
  order: {type: string}
steps:
  - {id: ship, action: test.work, params: {what: "ship {{ inputs.order }}"}}
"""


async def promote(box: BatonInABox) -> None:
    """Make linus an admin of the workspace, and so of this Baton."""
    await box.slack.server.ask("PATCH", f"users/{PEOPLE['linus']}", is_admin=True)
    await box.life.baton.coordinator.refresh_directory()


def ship(box: BatonInABox, text: str) -> Path:
    """Put a definition into the library of this Baton."""
    place = box.life.birth.data / "library" / "release.yaml"
    place.write_text(text, encoding="utf-8")
    return place


async def draft(box: BatonInABox, text: str) -> None:
    await box.life.baton.coordinator.publish_workflow(ADMIN, text, Order(draft=True))


async def test_a_shipped_workflow_starts_nothing_until_a_person_activates_it(
    baton: BatonInABox,
) -> None:
    await promote(baton)
    ship(baton, RELEASE)
    await baton.restart()
    await baton.report("test.completed", process="build-7")
    assert await baton.runs() == ()

    told = await baton.slash("activate release", by="grace")
    assert "Only an author or an admin" in told
    told = await baton.slash("activate release", by="linus")
    assert "is in use now, at revision 1" in told
    assert "uses `test.deploy`" in told.replace("'", "`")

    await baton.report("test.completed", process="build-8")
    await baton.click("Approve", by="grace", on="build-8")
    assert baton.performed == ["deploy build-8", "announce"]


async def test_a_newer_library_is_a_draft_beside_what_is_in_use(baton: BatonInABox) -> None:
    await promote(baton)
    ship(baton, RELEASE)
    await baton.restart()
    await baton.slash("activate release", by="linus")
    ship(baton, WEAKER)
    await baton.restart()

    view = await baton.life.baton.coordinator.workflow("release")
    assert (view.status, view.revision, view.draft) == ("active", 1, 2)
    told = await baton.slash("diff release", by="ada")
    assert "+      approvers:" in told
    assert "may be given by @ada as well" in told
    told = await baton.slash("activate release", by="linus")
    assert "may be given by @ada as well" in told
    assert (await baton.life.baton.coordinator.workflow("release")).revision == 2


async def test_what_a_file_says_is_changed_in_the_file(baton: BatonInABox) -> None:
    await promote(baton)
    await baton.publish(RELEASE)
    token = await author(baton)
    refused = await put(baton, token, WEAKER)
    assert refused.status_code == 409
    assert "the file release.yaml" in refused.json()["detail"]

    paused = await baton.slash("pause release", by="linus")
    assert "starts nothing" in paused
    await baton.report("test.completed", process="build-7")
    assert await baton.runs() == ()
    await baton.slash("resume release", by="linus")
    await baton.report("test.completed", process="build-8")

    assert [run.status.value for run in await baton.runs()] == ["waiting"]


async def test_a_run_in_flight_keeps_its_revision_whatever_is_published(
    baton: BatonInABox,
) -> None:
    token = await author(baton)
    await put(baton, token, RELEASE)
    await baton.report("test.completed", process="build-7")
    done = await put(baton, token, RELEASE.replace("deploy {{", "DESTROY {{"))
    assert (done.json()["revision"], done.json()["published"]["gains"]) == (2, [])
    await baton.ask("POST", "/v1/workflows/release/archive", headers=bearer(token))
    await baton.kill()
    await baton.click("Approve", by="grace")

    assert baton.performed == ["deploy build-7", "announce"]
    await baton.report("test.completed", process="build-8")
    assert len(await baton.runs()) == 1


async def test_a_revision_that_went_wrong_is_taken_back_with_a_word(baton: BatonInABox) -> None:
    await promote(baton)
    token = await author(baton)
    await put(baton, token, RELEASE)
    await put(baton, token, RELEASE.replace("announce", "proclaim"))
    told = await baton.slash("revisions release", by="ada")
    assert told.index("2 · ") < told.index("1 · ")
    assert told.count("in use") == 1
    told = await baton.slash("restore release revision:1", by="linus")
    assert "is at revision 1 again" in told

    await baton.report("test.completed", process="build-7")
    await baton.click("Approve", by="grace")
    assert baton.performed == ["deploy build-7", "announce"]


async def test_a_signed_call_starts_a_run_once(baton: BatonInABox) -> None:
    token = await author(baton)
    answer = await put(baton, token, HOOKED)
    (hook,) = answer.json()["published"]["secrets"]
    first = await call(baton, hook["secret"], {"id": "o-1", "total": 12}, delivery="m1")
    again = await call(baton, hook["secret"], {"id": "o-1", "total": 12}, delivery="m1")
    small = await call(baton, hook["secret"], {"id": "o-2", "total": 2}, delivery="m2")
    wrong = await call(baton, hook["secret"][:-4] + "AAA=", {"id": "o-3", "total": 99})

    assert [each.status_code for each in (first, again, small, wrong)] == [202, 202, 202, 401]
    assert baton.performed == ["ship o-1"]
    (run,) = await baton.runs()
    assert run.trigger["kind"] == "webhook"
    assert run.trigger["headers"]["webhook-id"] == "m1"
    told = await baton.ask("GET", f"/v1/events/{small.json()['event_id']}/explain")
    assert "where is false" in told.text


async def author(box: BatonInABox) -> str:
    """Make a token for somebody who may publish."""
    life = box.life.baton
    request = {"source": "authors", "scopes": ["admin", "publish"]}
    return str((await create_token(life.door, life.world, request))["token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def put(box: BatonInABox, token: str, text: str) -> httpx.Response:
    name = text.split("name: ", 1)[1].split("\n", 1)[0]
    headers = {**bearer(token), "Content-Type": "application/yaml"}
    answer = await box.ask("PUT", f"/v1/workflows/{name}", content=text, headers=headers)
    await box.quiet()
    return answer


async def call(box: BatonInABox, secret: str, body: Any, *, delivery: str = "m9") -> httpx.Response:
    raw = json.dumps(body).encode()
    stamp = str(int(box.life.world.clock.now().timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{delivery}.{stamp}.".encode() + raw, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "webhook-id": delivery,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }
    answer = await box.life.ask(
        "POST", "/v1/hooks/workflow/hooked/order", content=raw, headers=headers
    )
    await box.quiet()
    return answer


async def test_what_there_is_not_is_said_before_who_may(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    for verb in ("activate", "archive", "restore", "restore revision:1"):
        name, *more = verb.split()
        told = await baton.slash(" ".join([name, "relase", *more]), by="grace")
        assert told == "There is no workflow 'relase'. Did you mean 'release'?"
    for verb in ("pause", "resume"):
        told = await baton.slash(f"{verb} relase", by="grace")
        assert told == "There is no run or workflow 'relase'. Did you mean 'release'?"
        assert "Only an author or an admin" in await baton.slash(f"{verb} release", by="grace")
