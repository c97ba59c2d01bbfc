"""What came for an event: shown to admins, masked, for a week; and read once more when they ask."""

import json
from typing import Any

import pytest

from coordination import audit
from coordination.database import audit as audit_table
from coordination.database import delete
from coordination.database import events as events_table
from coordination.database import identities as identities_table
from coordination.database import raw_bodies as raw_table
from tests.handlers.http.house import House, problem

NOTIFY = "/v1/notify"
SECRET = "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz"
STARTED = {"process_id": "b1", "status": "started", "message": "go"}
CLOUD = {"specversion": "1.0", "id": "1", "source": "/a", "type": "dev.baton.process.started"}


@pytest.fixture
async def admin(house: House) -> str:
    return await house.token("admin", source="ops")


@pytest.fixture
async def token(house: House) -> str:
    return await house.token("notify", "read")


async def send(house: House, token: str, content: Any, kind: str = "application/json") -> list[str]:
    """Report something; return the ids of the events."""
    headers = {"content-type": kind, "user-agent": "curl/8", "cookie": "a=b", "x-api-key": SECRET}
    answer = await house.post(NOTIFY, token, content=content, headers=headers)
    assert answer.status_code == 202, answer.text
    return [each["event_id"] for each in answer.json()["results"]]


async def raw_of(house: House, admin: str, event_id: str) -> dict[str, Any]:
    answer = await house.get(f"/v1/events/{event_id}/raw", admin)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_came_is_shown_as_it_came(house: House, token: str, admin: str) -> None:
    text = '{"process_id":  "b1",\n "status": "started"}'
    (event_id,) = await send(house, token, text)

    found = await raw_of(house, admin, event_id)

    assert found == {
        "event_id": event_id,
        "source": "ci",
        "headers": {"content-type": "application/json", "user-agent": "curl/8"},
        "body": text,
        "kept_until": "2026-03-08T12:00:00Z",
    }


async def test_secrets_are_masked_before_they_are_kept(
    house: House, token: str, admin: str
) -> None:
    body = json.dumps({**STARTED, "message": f"with {SECRET}", "metadata": {"password": "hush77"}})
    (event_id,) = await send(house, token, body)

    assert SECRET not in str(await raw_of(house, admin, event_id))
    (row,) = await house.scene.rows(raw_table)
    assert SECRET.encode() not in row.body
    assert b"hush77" not in row.body
    assert SECRET not in str(row.headers)


async def test_each_item_keeps_its_own(house: House, token: str, admin: str) -> None:
    items = [{"process_id": name, "status": "started"} for name in ("b1", "b2")]
    one, two = await send(house, token, json.dumps(items))
    lines = "\n".join(json.dumps(item) for item in items)
    _, four = await send(house, token, lines, "application/x-ndjson")

    bodies = [json.loads((await raw_of(house, admin, each))["body"]) for each in (one, two, four)]
    assert [body["process_id"] for body in bodies] == ["b1", "b2", "b2"]


async def test_only_admins_look_and_replay(house: House, token: str) -> None:
    (event_id,) = await send(house, token, json.dumps(STARTED))
    others = await house.token("read", "notify", "approve", "run", "publish")
    house.log_in("ada")

    for method, path in (("GET", "raw"), ("POST", "replay")):
        answer = await house.ask(method, f"/v1/events/{event_id}/{path}", others)
        assert problem(answer)["code"] == "forbidden-scope"
        assert (await house.ask(method, f"/v1/events/{event_id}/{path}")).status_code == 401
    assert len(await house.scene.rows(events_table)) == 1


async def test_what_is_not_there_or_not_kept_any_more_is_said(
    house: House, token: str, admin: str
) -> None:
    (event_id,) = await send(house, token, json.dumps(STARTED))
    await house.scene.door.write(lambda tx: tx.execute(delete(raw_table)))

    for name in (event_id, "ev_nobody"):
        for answer in (
            await house.get(f"/v1/events/{name}/raw", admin),
            await house.post(f"/v1/events/{name}/replay", admin),
        ):
            assert problem(answer)["code"] == "not-found"


FORMS = [
    ("application/json", json.dumps(STARTED)),
    ("application/x-www-form-urlencoded", "process_id=b1&status=started&message=go"),
    ("application/x-ndjson", json.dumps(STARTED)),
    ("application/cloudevents+json", json.dumps({**CLOUD, "data": STARTED})),
]


@pytest.mark.parametrize(("kind", "body"), FORMS)
async def test_a_replay_is_a_rehearsal_unless_it_is_meant(
    house: House, token: str, admin: str, kind: str, body: str
) -> None:
    (event_id,) = await send(house, token, body, kind)
    before = len(await house.scene.rows(identities_table))

    answer = await house.post(f"/v1/events/{event_id}/replay", admin)

    assert answer.status_code == 200
    (event,) = answer.json()["events"]
    assert (event["process_id"], event["status"], event["message"]) == ("b1", "started", "go")
    assert (event["source"], event["namespace"]) == ("ci", "ci")
    (found,) = answer.json()["explain"]
    assert (found["process"], found["correlation"][0]["outcome"]) == ("ci:b1", "matched")
    assert len(await house.scene.rows(events_table)) == 1
    assert len(await house.scene.rows(identities_table)) == before
    assert not [row for row in await house.scene.rows(audit_table) if row.action == "event.replay"]


async def test_a_replay_that_is_meant_is_a_new_event_of_the_same_source(
    house: House, token: str, admin: str
) -> None:
    (event_id,) = await send(house, token, json.dumps({**STARTED, "id": "mine"}))

    answer = await house.post(f"/v1/events/{event_id}/replay?apply=1", admin)
    again = await house.post(f"/v1/events/{event_id}/replay?apply=1", admin)

    assert answer.status_code == 202
    (result,) = answer.json()["results"]
    assert (result["duplicate"], result["namespace"]) == (False, "ci")
    assert again.json()["results"][0]["duplicate"] is False
    first, *others = await house.scene.rows(events_table)
    assert len({first.id, *(row.id for row in others)}) == 3
    assert {row.source for row in others} == {"ci"}
    assert len({row.thread_key for row in (first, *others)}) == 1
    said = [row for row in await house.scene.rows(audit_table) if row.action == "event.replay"]
    assert [row.object for row in said] == [event_id, event_id]
    assert said[0].detail == {"as": result["event_id"]}
    assert await house.scene.door.read(audit.verify) is None


async def test_a_replayed_event_can_be_replayed(house: House, token: str, admin: str) -> None:
    (event_id,) = await send(house, token, json.dumps(STARTED))
    answer = await house.post(f"/v1/events/{event_id}/replay?apply=1", admin)
    (result,) = answer.json()["results"]

    copy = await raw_of(house, admin, result["event_id"])

    assert copy["body"] == (await raw_of(house, admin, event_id))["body"]


async def test_a_cloud_event_in_headers_is_kept_whole(house: House, token: str, admin: str) -> None:
    headers = {f"ce-{name}": value for name, value in CLOUD.items()}
    headers |= {"content-type": "text/plain", "ce-subject": "b%2F7"}
    answer = await house.post(NOTIFY, token, content="said", headers=headers)
    event_id = answer.json()["results"][0]["event_id"]

    found = await raw_of(house, admin, event_id)
    replayed = await house.post(f"/v1/events/{event_id}/replay", admin)

    assert found["headers"]["content-type"] == "application/cloudevents+json"
    assert json.loads(found["body"])["data"] == "said"
    (event,) = replayed.json()["events"]
    assert (event["process_id"], event["result"]) == ("b/7", {"value": "said"})
