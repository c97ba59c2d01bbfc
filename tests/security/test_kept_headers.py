"""T-36: of what comes with a report, a short list of headers is kept, and no credential among them."""

import json
from pathlib import Path

import pytest

from tests.handlers.http.house import House, open_house
from tests.handlers.http.test_hostile_requests import contents

CANARY = "wagtail7Qx2"
TELLING = (
    "cookie",
    "x-api-key",
    "x-auth-token",
    "proxy-authorization",
    "x-hub-signature-256",
    "x-gitlab-token",
    "x-slack-signature",
    "webhook-signature",
    "x-amz-security-token",
    "x-forwarded-authorization",
    "x-csrf-token",
    "x-vault-token",
    "x-forwarded-for",
    "referer",
    "origin",
    "baton-extra",
)


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/x-www-form-urlencoded", "application/cloudevents+json"],
)
async def test_of_all_headers_only_those_of_a_short_list_are_kept(
    tmp_path: Path, kind: str
) -> None:
    async with open_house(tmp_path) as house:
        token = await house.token("notify")
        answer = await house.post(
            "/v1/notify",
            token,
            content=body_of(kind),
            headers={
                "content-type": kind,
                "user-agent": "robin",
                **{name: f"{CANARY}-{name}" for name in TELLING},
            },
        )
        assert answer.status_code == 202, answer.text
        stored = repr(await contents(house))

        assert CANARY not in stored
        assert token not in stored
        assert token.rpartition("_")[2] not in stored
        assert await kept(house, answer.json()["results"][0]["event_id"]) <= {
            "content-type",
            "user-agent",
        }


async def kept(house: House, event: str) -> set[str]:
    admin = await house.token("admin", source="ops")
    shown = await house.get(f"/v1/events/{event}/raw", admin)
    return set(shown.json()["headers"])


def body_of(kind: str) -> bytes:
    if "form" in kind:
        return b"process_id=b1&status=started"
    data = {"process_id": "b1", "status": "started"}
    if "cloudevents" not in kind:
        return json.dumps(data).encode()
    cloud = {"specversion": "1.0", "id": "1", "source": "/a", "type": "dev.baton.process.started"}
    return json.dumps({**cloud, "data": data}).encode()
