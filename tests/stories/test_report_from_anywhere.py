"""Whatever a tool speaks, its report ends as the same card: forms, lines, CloudEvents, signed webhooks."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks.webhooks import Webhook

from baton.reading import Source
from bot.keys import derived, instance_key
from bot.operations import create_token
from coordination import tokens
from coordination.database import Transaction
from coordination.secrets import Secrets
from tests.stories.box import BatonInABox

NOTIFY = "/v1/notify"
SECRET = "whsec_" + base64.b64encode(b"a secret of the story").decode()
JSON = {"content-type": "application/json"}


async def tell(baton: BatonInABox, content: Any, query: str = "", **headers: str) -> Any:
    """Send a body; return the answer once everything has come to rest."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await baton.ask("POST", NOTIFY + query, content=content, headers=named)
    await baton.quiet()
    return answer


def states(baton: BatonInABox) -> dict[str, str | None]:
    """Return the state of each card by its title."""
    return {card.lines[0]: card.state for card in baton.slack.roots()}


async def test_a_line_of_curl_is_a_card(baton: BatonInABox) -> None:
    kind = "application/x-www-form-urlencoded"
    await tell(baton, b"process_id=4711&name=deploy&status=started", content_type=kind)
    await tell(baton, b"process_id=4711&status=completed&progress=100%25", content_type=kind)

    (card,) = baton.slack.roots()
    assert card.lines[0] == "deploy"
    assert card.state == "Succeeded"


async def test_a_file_of_lines_is_read_line_by_line(baton: BatonInABox) -> None:
    told = [
        {"process_id": "lint", "name": "Lint", "status": "completed"},
        {"process_id": "unit", "name": "Unit tests", "status": "failed"},
        {"process_id": "docs", "name": "Docs", "status": "almost"},
    ]
    body = "\n".join(json.dumps(each) for each in told) + "\n{half a li"

    answer = await tell(baton, body, content_type="application/jsonl")

    assert answer.status_code == 200
    assert [each.get("index") for each in answer.json()["results"]] == [None, None, 2, 3]
    assert states(baton) == {"Lint": "Succeeded", "Unit tests": "Failed"}


def build(status: str, number: str) -> CloudEvent:
    attributes = {
        "id": number,
        "source": "/acme/ci",
        "type": f"dev.baton.process.{status}",
        "subject": "build-7",
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes, {"process_id": "build-7", "name": "Build web"})


async def test_cloud_events_in_all_three_modes_are_one_card(baton: BatonInABox) -> None:
    batched = to_structured_event(build("completed", "3"))
    messages = [
        to_binary_event(build("started", "1")),
        to_structured_event(build("in_progress", "2")),
        HTTPMessage(
            {"content-type": "application/cloudevents-batch+json"}, b"[" + batched.body + b"]"
        ),
    ]
    for expected, message in zip(("Running", "Running", "Succeeded"), messages, strict=True):
        answer = await baton.ask("POST", NOTIFY, content=message.body, headers=message.headers)
        assert answer.status_code == 202, answer.text
        await baton.quiet()
        assert states(baton) == {"Build web": expected}

    calls = baton.called()
    again = await baton.ask("POST", NOTIFY, content=messages[0].body, headers=messages[0].headers)
    await baton.quiet()
    assert again.headers["idempotent-replayed"] == "true"
    assert baton.called() == calls
    assert len(baton.slack.roots()) == 1


async def sign_up(baton: BatonInABox, *secrets: str) -> None:
    """Make a source that signs its reports."""
    life = baton.life
    key = instance_key(life.baton.settings, life.world.ids)
    safe = Secrets(derived(key, "secrets"), life.baton.settings.secret)
    now = life.world.clock.now()

    def unit(tx: Transaction) -> None:
        source = Source("shop", "shop", "shop")
        tokens.put_source(tx, source, channel="#releases", now=now, scheme="standard-webhooks")
        for secret in secrets:
            tokens.add_secret(tx, "shop", secret, safe.close(secret), now=now)

    await life.door.write(unit)


async def hook(baton: BatonInABox, body: str, name: str = "msg_1", secret: str = SECRET) -> Any:
    now = baton.life.world.clock.now()
    headers = {
        **JSON,
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, now, body),
    }
    answer = await baton.life.ask("POST", NOTIFY, content=body, headers=headers)
    await baton.quiet()
    return answer


async def test_a_shop_that_signs_needs_no_token(baton: BatonInABox) -> None:
    await sign_up(baton, SECRET)
    body = json.dumps({"process_id": "order-9", "name": "Order 9", "status": "completed"})

    first = await hook(baton, body)
    again = await hook(baton, body)

    assert (first.status_code, again.headers["idempotent-replayed"]) == (202, "true")
    assert states(baton) == {"Order 9": "Succeeded"}


async def test_its_secret_is_renewed_without_a_gap_and_survives_a_restart(
    baton: BatonInABox,
) -> None:
    after = "whsec_" + base64.b64encode(b"the secret that follows").decode()
    body = json.dumps({"process_id": "order-9", "name": "Order 9", "status": "started"})
    await sign_up(baton, SECRET)
    await sign_up(baton, after)
    await baton.restart()

    assert [(await hook(baton, body, "1", key)).status_code for key in (SECRET, after)] == [
        202,
        202,
    ]
    await baton.advance(hours=25)
    late = [(await hook(baton, body, "2", key)).status_code for key in (SECRET, after)]
    assert late == [401, 202]


async def test_a_token_that_was_revoked_reports_no_more(baton: BatonInABox) -> None:
    life = baton.life
    made = await create_token(life.door, life.world, {"source": "ci", "scopes": ["notify"]})
    headers = {"Authorization": f"Bearer {made['token']}"}
    started = {"process_id": "b1", "status": "started"}
    assert (await life.ask("POST", NOTIFY, json=started, headers=headers)).status_code == 202

    now = life.world.clock.now()
    await life.door.write(lambda tx: tokens.revoke(tx, str(made["id"]), now=now))

    assert (await life.ask("POST", NOTIFY, json=started, headers=headers)).status_code == 401
    await baton.quiet()
    assert states(baton) == {"b1": "Running"}


async def test_a_rehearsal_shows_nothing_to_anybody(baton: BatonInABox) -> None:
    body = json.dumps({"process_id": "b1", "status": "started", "correlation_id": "r-9"})

    answer = await tell(baton, body, "?dry_run=1", **JSON)

    assert answer.json()["keys"] == ["corr:ci:r-9"]
    assert baton.slack.roots() == []
    assert baton.called() == 0


async def test_what_came_can_be_sent_again_by_an_admin(baton: BatonInABox) -> None:
    told = await baton.report("build.failed", process="build-7", name="Build web")
    life = baton.life
    made = await create_token(life.door, life.world, {"source": "ops", "scopes": ["admin"]})
    admin = {"Authorization": f"Bearer {made['token']}"}
    place = f"/v1/events/{told['event_id']}/replay"

    refused = await baton.ask("POST", place)
    dry = await life.ask("POST", place, headers=admin)
    real = await life.ask("POST", f"{place}?apply=1", headers=admin)
    await baton.quiet()

    assert [each.status_code for each in (refused, dry, real)] == [403, 200, 202]
    assert real.json()["results"][0]["thread_id"] == told["thread_id"]
    assert len(baton.slack.roots()) == 1
    assert baton.card("build-7").state == "Failed"


@pytest.mark.parametrize("minutes", [1, 60])
async def test_an_event_that_expired_on_the_way_changes_no_card_s_mind(
    baton: BatonInABox, minutes: int
) -> None:
    now = baton.life.world.clock.now()
    ends = (now - timedelta(minutes=minutes)).isoformat()
    body = {"specversion": "1.0", "id": "1", "source": "/x", "type": "com.acme.pushed"}

    answer = await tell(
        baton,
        json.dumps({**body, "expirytime": ends}),
        content_type="application/cloudevents+json",
    )

    assert answer.json()["results"][0]["effect"] == "late"
    assert await baton.runs() == ()
    assert baton.slack.roots() == []
