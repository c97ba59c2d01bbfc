"""Who gets in: one row for each address, and one answer to everybody who cannot say who they are."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from coordination.database import Transaction
from coordination.policy import POLICY
from coordination.tokens import revoke
from handlers.http.access import ACCESS, ANY_TOKEN, NOBODY_ASKED, OWN, PAGE, PERSON, SIGNED
from handlers.http.auth import admit
from tests.handlers.http.house import RUN, House, open_house, problem

WORDS = {NOBODY_ASKED, SIGNED, PAGE, PERSON, ANY_TOKEN, OWN}
OTHERS = {NOBODY_ASKED, SIGNED, PAGE, PERSON}
GUARDED = sorted(row for row, need in ACCESS.items() if need not in OTHERS)
SCOPED = sorted(row for row, need in ACCESS.items() if need not in WORDS)
PEOPLE_ONLY = sorted(row for row, need in ACCESS.items() if need == PERSON)
MILLION = 1_000_000


def addresses(app: FastAPI) -> Iterator[tuple[str, Any]]:
    """Yield every method and path of *app*, with its route."""
    for router in app.routes:
        inner = getattr(router, "original_router", None)
        for route in inner.routes if inner is not None else [router]:
            for method in sorted(route.methods - {"HEAD"}):
                yield f"{method} {route.path}", route


def filled(row: str) -> tuple[str, str]:
    """Return the method and a path of a row that leads somewhere."""
    method, _, path = row.partition(" ")
    for name, value in (
        ("name:path", "ci:x"),
        ("ref", RUN),
        ("path", "gate"),
        ("name", "pipeline"),
        ("number", "1"),
        ("trigger", "0"),
    ):
        path = path.replace(f"{{{name}}}", value)
    return method, path.replace("{event_id}", "ev_1")


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"who:{password}".encode()).decode()


async def test_every_address_has_a_row_and_every_row_an_address(house: House) -> None:
    found = [name for name, _ in addresses(house.app)]

    assert sorted(found) == sorted(ACCESS)
    assert len(found) == len(set(found))


def test_every_row_names_an_action_of_the_policy() -> None:
    assert set(ACCESS.values()) - WORDS <= {*POLICY}


async def test_admittance_stands_before_every_route(house: House) -> None:
    built_in = [name for name, each in addresses(house.app) if not isinstance(each, APIRoute)]

    assert built_in == ["GET /openapi.json"]
    assert [each.dependency for each in house.app.router.dependencies] == [admit]


async def test_an_address_without_a_row_is_refused_to_everybody(tmp_path: Path) -> None:
    async with open_house(tmp_path, facts={}) as house:
        token = await house.token("admin", "read")

        @house.app.get("/v1/forgotten")
        async def forgotten() -> dict[str, str]:
            raise AssertionError("nobody gets here")

        assert (await house.get("/v1/forgotten")).status_code == 401
        assert "no row" in problem(await house.get("/v1/forgotten", token))["detail"]


@pytest.mark.parametrize("row", GUARDED)
async def test_without_credentials_every_guarded_address_says_the_same(
    house: House, row: str
) -> None:
    method, path = filled(row)

    answer = await house.ask(method, path, content=b"{broken", headers={"Content-Type": "text/x"})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert {**problem(answer), "instance": ""} == {
        "type": "urn:baton:problem:unauthenticated",
        "title": "Who are you?",
        "status": 401,
        "detail": "Send a token of this Baton as `Authorization: Bearer bt_…`.",
        "instance": "",
        "code": "unauthenticated",
    }


@pytest.mark.parametrize("row", SCOPED)
async def test_a_token_without_the_scope_is_refused(house: House, row: str) -> None:
    scope = POLICY[ACCESS[row]].scope
    others = {"read", "notify", "approve", "run", "publish"} - {scope}
    token = await house.token(*others)

    answer = await house.ask(*filled(row), token)

    assert problem(answer)["code"] == "forbidden-scope"
    assert repr(scope) in problem(answer)["detail"]


async def test_admin_stands_for_every_scope_but_approving(house: House) -> None:
    admin = await house.token("admin")

    for row in SCOPED:
        method, path = filled(row)
        answer = await house.ask("HEAD" if path == "/v1/stream" else method, path, admin)
        wants_to_approve = POLICY[ACCESS[row]].scope == "approve"
        assert (answer.status_code == 403) == wants_to_approve, row


MALFORMED = [
    b"",
    b"Bearer",
    b"Bearer ",
    b"Bearer bt_short",
    b"Bearer " + b"x" * 60_000,
    b"Bearer bt_aaaaaaaaaaaa_" + b"0" * 43,
    b"Bearer b\xfct_\xff",
    b"Token abc",
    b"Basic",
    b"Basic !!!",
    b"Basic " + base64.b64encode(b"\xff\xfe:\xff"),
    b"Basic " + base64.b64encode(b"no colon"),
    "Basic é".encode(),
    b"Digest username=x",
    b"Negotiate " + b"A" * 5000,
]


@pytest.mark.parametrize("header", MALFORMED)
async def test_malformed_credentials_are_as_good_as_none(house: House, header: bytes) -> None:
    answer = await house.get("/v1/runs", headers={b"Authorization": header})

    assert answer.status_code == 401
    assert problem(answer)["code"] == "unauthenticated"


async def test_a_header_that_comes_twice_is_as_good_as_none(house: House) -> None:
    token = await house.token("read")
    headers = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]

    answer = await house.http.get("/v1/runs", headers=headers)

    assert answer.status_code == 401


async def test_a_token_that_ended_is_as_good_as_none(house: House) -> None:
    ends = house.world.clock.now() + timedelta(hours=1)
    short, revoked = await house.token("read", ends=ends), await house.token("read")
    assert (await house.get("/v1/runs", short)).status_code == 200
    house.later(hours=1)

    def unit(tx: Transaction) -> None:
        revoke(tx, revoked.split("_")[1], now=house.world.clock.now())

    await house.scene.door.write(unit)

    assert (await house.get("/v1/runs", short)).status_code == 401
    assert (await house.get("/v1/runs", revoked)).status_code == 401


async def test_a_token_is_also_taken_as_the_password_of_basic(house: House) -> None:
    token = await house.token("read")

    good = await house.get("/v1/whoami", headers={"Authorization": basic(token)})
    bad = await house.get("/v1/whoami", headers={"Authorization": basic(token + "x")})

    assert (good.status_code, bad.status_code) == (200, 401)
    assert good.json() == {
        "source": "ci",
        "namespace": "ci",
        "token_id": token.split("_")[1],
        "scopes": ["read"],
        "owner": None,
    }


@pytest.mark.parametrize("name", ["access_token", "token", "t"])
async def test_a_token_in_the_address_counts_nowhere(house: House, name: str) -> None:
    token = await house.token("admin", "read")

    assert (await house.get(f"/v1/runs?{name}={token}")).status_code == 401


async def test_a_body_that_announces_itself_as_too_long_is_refused_first(house: House) -> None:
    answer = await house.post("/v1/notify", headers={"Content-Length": str(5 * MILLION)})

    assert problem(answer)["code"] == "too-large"


@pytest.mark.parametrize("length", ["-1", "1e9", "0x10", "²", "", "9" * 400])
async def test_a_strange_length_is_never_an_error_of_ours(house: House, length: str) -> None:
    headers = {b"Content-Length": length.encode()}

    answer = await house.post("/v1/notify", headers=headers)

    assert answer.status_code in (401, 413)


async def test_a_token_sees_its_own_namespace_without_the_scope_to_read(house: House) -> None:
    ours, theirs = await house.token("notify"), await house.token("notify", source="other")
    asks = {"process_id": "b1", "status": "pending_approval", "approval": {"prompt": "Go?"}}
    number = (await house.report(ours, **asks))["approval_id"]

    assert (await house.get("/v1/processes/ci:b1", ours)).json()["name"] == "b1"
    assert (await house.get(f"/v1/approvals/{number}", ours)).json()["prompt"] == "Go?"
    for path in ("/v1/processes/ci:b1", f"/v1/approvals/{number}"):
        hidden = problem(await house.get(path, theirs))
        absent = problem(await house.get(path.replace("b1", "b2") + "x", theirs))
        assert hidden["code"] == absent["code"] == "not-found"
    assert (await house.get("/v1/processes", ours)).status_code == 403


async def test_a_question_of_a_run_is_nobodys_own(house: House) -> None:
    asked = await house.question()

    answer = await house.get(f"/v1/approvals/{asked.id}", await house.token("notify"))

    assert problem(answer)["detail"] == f"There is no approval '{asked.id}'."


@pytest.mark.parametrize("row", PEOPLE_ONLY)
async def test_a_token_opens_no_pages(house: House, row: str) -> None:
    token = await house.token("admin", "approve", "read", "run", owner="UOLGA")

    answer = await house.ask(*filled(row), token)

    assert answer.status_code == 401
    assert "Log in to Baton" in answer.text


@pytest.mark.parametrize("row", [row for row in GUARDED if row.startswith("POST")])
async def test_a_login_changes_nothing_through_the_api(house: House, row: str) -> None:
    house.log_in("olga")

    answer = await house.ask(*filled(row), json={})

    assert answer.status_code == 401


async def test_a_login_reads(house: House) -> None:
    house.log_in("ada")

    for path in ("/v1/runs", f"/v1/runs/{RUN}", "/v1/approvals", "/v1/events", "/v1/threads/th_1"):
        assert (await house.get(path)).status_code == 200, path


async def test_a_bad_token_is_not_mended_by_a_login(house: House) -> None:
    house.log_in("ada")

    assert (await house.get("/v1/runs", "bt_wrong")).status_code == 401


@pytest.mark.parametrize("handle", ["guest", "gone", "bot", "nobody"])
async def test_whoever_left_sees_nothing_more(house: House, handle: str) -> None:
    house.log_in(handle)

    assert (await house.get("/v1/runs")).status_code == 403
    page = await house.get(f"/r/{RUN}")
    assert page.status_code == 403
    assert "R-3" not in page.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::2]", "", "["])
async def test_a_foreign_name_for_this_server_shows_nothing_to_browsers(
    house: House, host: str
) -> None:
    house.log_in("ada")

    for path in (f"/r/{RUN}", "/login?t=x", "/demo", "/v1/runs", "/"):
        answer = await house.get(path, headers={"Host": host})
        assert answer.status_code == 421, path
        assert house.edge.public_url in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost", "LOCALHOST:1", "[::1]:8765"])
async def test_the_names_of_this_machine_are_good(house: House, host: str) -> None:
    house.log_in("ada")

    assert (await house.get(f"/r/{RUN}", headers={"Host": host})).status_code == 200


async def test_tools_may_come_by_any_name(house: House) -> None:
    token = await house.token("read")

    answer = await house.get("/v1/runs", token, headers={"Host": "baton.internal"})

    assert answer.status_code == 200


async def test_a_token_that_stood_in_the_store_would_be_seen(house: House, tmp_path: Path) -> None:
    """Every test with a house ends with a look for the tokens that it made."""
    token = await house.token("read")
    assert house.spilled(tmp_path) == []

    await house.set_run(note=token)

    assert house.spilled(tmp_path) != []
    house.made.clear()
