"""Reports with a signature: a source that signs has to, and every failure looks like a bad token."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from baton.reading import Source
from coordination import tokens
from coordination.credentials import NOBODYS_SECRET
from coordination.database import Transaction
from coordination.database import events as events_table
from coordination.database import source_secrets as secrets_table
from coordination.secrets import Secrets
from tests.handlers.http.house import House, open_house, problem

NOTIFY = "/v1/notify"
KEY = b"s" * 32
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
NEXT = "whsec_" + base64.b64encode(b"n" * 24).decode()
NAMED = "whsec_" + base64.b64encode(b"e" * 24).decode()
VARIABLES = {"HOOK": NAMED, "WEAK": "whsec_" + base64.b64encode(b"w" * 8).decode(), "EMPTY": ""}
STARTED = {"process_id": "b1", "status": "started"}
SAID = {
    "type": "urn:baton:problem:unauthenticated",
    "title": "Who are you?",
    "status": 401,
    "detail": "Send a token of this Baton as `Authorization: Bearer bt_…`.",
    "code": "unauthenticated",
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, secrets=Secrets(KEY, VARIABLES.__getitem__)) as opened:
        yield opened


async def sign_up(
    house: House, name: str = "hook", *secrets: str, scheme: str = "standard-webhooks"
) -> None:
    """Make a source that signs."""
    safe, now = Secrets(KEY, VARIABLES.__getitem__), house.world.clock.now()

    def unit(tx: Transaction) -> None:
        source = Source(name, name, "hook")
        tokens.put_source(tx, source, channel="#builds", now=now, scheme=scheme)
        for secret in secrets:
            tokens.add_secret(tx, name, secret, safe.close(secret), now=now)

    await house.scene.door.write(unit)


async def send(
    house: House, secret: str = SECRET, body: Any = STARTED, *, query: str = "", **changed: str
) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    at = house.world.clock.now()
    headers = {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, raw.decode()),
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    return await house.post(NOTIFY + query, content=raw, headers=headers)


async def count(house: House) -> int:
    return len(await house.scene.rows(events_table))


def refused(answer: Any) -> bool:
    """Say whether an answer is the one that everybody gets."""
    return (
        answer.status_code == 401
        and answer.headers["www-authenticate"] == "Bearer"
        and {**problem(answer), "instance": ""} == {**SAID, "instance": ""}
    )


async def test_what_is_signed_is_stored(house: House) -> None:
    await sign_up(house, "hook", SECRET)

    answer = await send(house)

    assert answer.status_code == 202, answer.text
    (event,) = await house.scene.rows(events_table)
    assert (event.source, event.process_id) == ("hook", "b1")
    assert await count(house) == 1


async def test_the_same_delivery_again_is_a_repeat_whatever_it_says(house: House) -> None:
    await sign_up(house, "hook", SECRET)
    await send(house)

    again = await send(house)
    other = await send(house, body={**STARTED, "message": "more"})

    assert again.headers["idempotent-replayed"] == "true"
    assert other.json()["results"][0]["warnings"] == ["body differs from the first time"]
    assert await count(house) == 1


async def test_of_several_sources_the_query_names_one(house: House) -> None:
    await sign_up(house, "hook", SECRET)
    await sign_up(house, "other", NEXT)

    assert refused(await send(house))
    assert (await send(house, query="?source=hook")).status_code == 202
    assert (await send(house, NEXT, query="?source=other")).status_code == 202
    assert refused(await send(house, NEXT, query="?source=hook"))
    assert refused(await send(house, query="?source=hook&source=hook"))
    assert await count(house) == 2


WRONG: list[dict[str, Any]] = [
    {"secret": NEXT},
    {"query": "?source=nobody"},
    {"query": "?source="},
    {"query": "?source=%00"},
    {"webhook_signature": ""},
    {"webhook_signature": "v1,"},
    {"webhook_signature": "v1,!!"},
    {"webhook_signature": "no comma"},
    {"webhook_timestamp": "abc"},
    {"webhook_timestamp": "9" * 5000},
    {"webhook_id": ""},
    {"webhook_id": "msg_2"},
    {"body": b"{broken", "secret": NEXT, "content_type": "text/x", "content_encoding": "gzip"},
]


@pytest.mark.parametrize("how", WRONG, ids=range(len(WRONG)))
async def test_everything_that_is_wrong_looks_the_same(house: House, how: dict[str, Any]) -> None:
    await sign_up(house, "hook", SECRET)

    assert refused(await send(house, **how))
    assert await count(house) == 0


async def test_only_who_signed_right_learns_what_else_is_wrong(house: House) -> None:
    await sign_up(house, "hook", SECRET)

    assert (await send(house, body=b"{broken")).status_code == 400
    assert (await send(house, content_type="text/x")).status_code == 415
    assert (await send(house, content_encoding="gzip")).status_code == 415
    assert (await send(house, body={"status": "x"})).status_code == 422
    assert await count(house) == 0


async def test_headers_that_come_twice_are_as_good_as_none(house: House) -> None:
    await sign_up(house, "hook", SECRET)
    raw, at = json.dumps(STARTED).encode(), house.world.clock.now()
    once = [
        ("content-type", "application/json"),
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", str(int(at.timestamp()))),
        ("webhook-signature", Webhook(SECRET).sign("msg_1", at, raw.decode())),
    ]
    for name, value in once[1:]:
        answer = await house.http.post(NOTIFY, content=raw, headers=[*once, (name, value)])
        assert refused(answer)
    assert (await house.http.post(NOTIFY, content=raw, headers=once)).status_code == 202


async def test_it_holds_for_five_minutes(house: House) -> None:
    await sign_up(house, "hook", SECRET)
    old = str(int(house.world.clock.now().timestamp()))
    signature = Webhook(SECRET).sign("msg_1", house.world.clock.now(), json.dumps(STARTED))
    house.later(seconds=301)

    assert refused(await send(house, webhook_timestamp=old, webhook_signature=signature))


@pytest.mark.parametrize("scheme", ["bearer", "standard-webhooks"])
async def test_no_secret_means_nobody_on_every_way(house: House, scheme: str) -> None:
    await sign_up(house, "hook", scheme=scheme)

    for secret in (SECRET, "whsec_" + base64.b64encode(b"no such source").decode()):
        assert refused(await send(house, secret))
        assert refused(await send(house, secret, query="?source=hook"))
    assert await count(house) == 0


async def test_what_stands_in_for_a_missing_secret_signs_nothing(house: House) -> None:
    """Everybody can read it in the source of this program."""
    await sign_up(house, "hook")
    for signs in (NOBODYS_SECRET, base64.b64encode(NOBODYS_SECRET.encode()).decode()):
        assert refused(await send(house, signs))
        assert refused(await send(house, signs, query="?source=hook"))
    assert await count(house) == 0


async def test_a_secret_may_stand_in_the_environment(house: House) -> None:
    await sign_up(house, "hook", "env:HOOK")
    await sign_up(house, "weak", "env:WEAK")
    await sign_up(house, "absent", "env:ABSENT")

    assert (await send(house, NAMED, query="?source=hook")).status_code == 202
    assert refused(await send(house, VARIABLES["WEAK"], query="?source=weak"))
    assert refused(await send(house, NAMED, query="?source=absent"))
    assert {row.secret for row in await house.scene.rows(secrets_table)} == {
        *("env:HOOK", "env:WEAK", "env:ABSENT")
    }


async def test_a_new_secret_takes_over_from_the_one_before(house: House) -> None:
    await sign_up(house, "hook", SECRET, NEXT)

    assert (await send(house, SECRET)).status_code == 202
    assert (await send(house, NEXT)).status_code == 202
    house.later(hours=24)
    assert refused(await send(house, SECRET))
    assert (await send(house, NEXT)).status_code == 202


async def test_of_three_secrets_the_first_has_ended(house: House) -> None:
    await sign_up(house, "hook", SECRET, NEXT, "env:HOOK")

    assert refused(await send(house, SECRET))
    assert (await send(house, NEXT)).status_code == 202
    assert (await send(house, NAMED)).status_code == 202


async def test_the_database_holds_no_secret(house: House, tmp_path: Path) -> None:
    await sign_up(house, "hook", SECRET)
    await send(house)

    held = b"".join(path.read_bytes() for path in tmp_path.glob("baton.db*"))
    assert b"gAAAA" in held
    for form in (SECRET, SECRET.removeprefix("whsec_")):
        assert form.encode() not in held
    assert b"k" * 24 not in held


async def test_a_token_is_no_substitute_where_a_source_signs(house: House) -> None:
    token = await house.token("notify", "read", source="hook")
    assert (await house.post(NOTIFY, token, json=STARTED)).status_code == 202
    await sign_up(house, "hook", SECRET)

    assert refused(await house.post(NOTIFY, token, json=STARTED))
    ask = {"process_id": "b2", "approval": {"prompt": "Go?"}}
    assert refused(await house.post("/v1/approvals", token, json=ask))
    assert (await house.get("/v1/events", token)).status_code == 200
    assert (await send(house)).status_code == 202


async def test_a_bad_token_is_not_mended_by_a_signature(house: House) -> None:
    await sign_up(house, "hook", SECRET)

    assert refused(await send(house, authorization="Bearer bt_x"))


async def test_changing_a_source_does_not_make_it_sign_no_more(house: House) -> None:
    await sign_up(house, "hook", SECRET)

    token = await house.token("notify", source="hook")  # as `token create` does: it puts the source

    assert refused(await house.post(NOTIFY, token, json=STARTED))
    assert (await send(house)).status_code == 202


async def test_a_retired_source_is_told_so_after_it_proved_to_be_it(house: House) -> None:
    await sign_up(house, "hook", SECRET)
    token, other = await house.token("notify", "read"), await house.token("notify", source="b")
    now = house.world.clock.now()

    def unit(tx: Transaction) -> tuple[bool, ...]:
        return tuple(tokens.retire_source(tx, name, now=now) for name in ("hook", "ci", "nobody"))

    assert await house.scene.door.write(unit) == (True, True, False)

    assert problem(await send(house))["code"] == "source-disabled"
    assert refused(await send(house, NEXT))
    for answer in (
        await house.post(NOTIFY, token, json=STARTED),
        await house.get("/v1/events", token),
        await house.get("/v1/whoami", token),
    ):
        assert (answer.status_code, problem(answer)["code"]) == (410, "source-disabled")
    assert (await house.get("/v1/events", token[:-1] + "x")).status_code == 401
    assert (await house.post(NOTIFY, other, json=STARTED)).status_code == 202

    assert await house.scene.door.write(lambda tx: tokens.restore_source(tx, "ci"))
    assert (await house.post(NOTIFY, token, json=STARTED)).status_code == 202


async def test_lines_may_be_signed_as_well(house: House) -> None:
    await sign_up(house, "hook", SECRET)
    lines = json.dumps(STARTED) + "\n" + json.dumps({**STARTED, "process_id": "b2"})

    answer = await send(house, body=lines.encode(), content_type="application/x-ndjson")

    assert answer.status_code == 202
    assert [each["process_id"] for each in answer.json()["results"]] == ["b1", "b2"]


async def test_without_a_key_to_open_secrets_nobody_is_right(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await sign_up(house, "hook", SECRET)
        assert refused(await send(house))


async def test_a_secret_closed_under_another_key_is_none(tmp_path: Path) -> None:
    other = Secrets(b"o" * 32, VARIABLES.__getitem__)
    async with open_house(tmp_path, secrets=other) as house:
        await sign_up(house, "hook", SECRET)
        assert refused(await send(house))
