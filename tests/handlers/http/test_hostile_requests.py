"""Tricks with addresses, credentials and bodies: the verdict stays, and nothing is an error of ours."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from coordination.database import events as events_table
from coordination.database.schema import metadata
from handlers.http.access import ACCESS, NOBODY_ASKED, PAGE, PERSON, SIGNED
from tests.handlers.http.house import RUN, URL, House, problem
from tests.handlers.http.test_bodies import POSTS
from tests.handlers.http.test_doors import GUARDED, SCOPED, filled

SHUT = (401, 403, 404, 405, 421)
OPEN = {NOBODY_ASKED, PAGE, SIGNED}
CLOSED = sorted(row for row, need in ACCESS.items() if need not in OPEN)


def disguises(path: str) -> Iterator[str]:
    """Yield other ways to write *path*: none of them may be another door to the same room."""
    yield from (f"{path}/", f"{path}//", f"/{path}", f"{path};x=1", f"{path}.", f"{path}.json")
    yield from (f"{path}%2f", f"{path}%00", f"{path}%20", f"{path}%0a", f"{path}/.", f"{path}/..;/")
    yield from (f"/healthz/..{path}", f"/healthz/%2e%2e{path}", f"/assets/..%2f..{path}")
    yield from (path.upper(), path.replace("/v1/", "/v1//"), f"/{path[1:].replace('/', '%2f')}")
    yield from (
        f"/{path[1:].replace('/', chr(92))}",
        path.replace("e", "%65"),
        path.replace("/", "/%2f/"),
    )


async def ask(house: House, method: str, path: str, **headers: str) -> int:
    answer = await house.http.request(method, URL + path, headers=headers, content=b"{}")
    assert answer.status_code < 500, (method, path, answer.text)
    return answer.status_code


@pytest.mark.parametrize("row", CLOSED)
async def test_no_way_to_write_an_address_is_a_way_in(house: House, row: str) -> None:
    """Neither for who has nothing to show, nor for who shows a token for something else."""
    method, path = filled(row)
    wrong = f"Bearer {await house.token('publish', source='other')}"
    for written in disguises(path):
        assert await ask(house, method, written) in SHUT, written
        if row in SCOPED or ACCESS[row] == PERSON:
            assert await ask(house, method, written, authorization=wrong) in SHUT, written


@pytest.mark.parametrize("row", CLOSED)
async def test_no_header_is_a_way_in(house: House, row: str) -> None:
    method, path = filled(row)
    for name, value in {
        "x-original-url": "/healthz",
        "x-rewrite-url": "/healthz",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-user": "ada",
        "x-real-ip": "127.0.0.1",
        "forwarded": "for=127.0.0.1",
        "x-http-method-override": "OPTIONS",
        "x-http-method": "HEAD",
        "cookie": "baton_session=x; baton_session=y",
        "origin": "null",
    }.items():
        assert await ask(house, method, path, **{name: value}) in SHUT, name


async def contents(house: House) -> dict[str, list[Any]]:
    """Return all that is stored, but for when a token was last used."""
    found = {
        name: await house.scene.rows(table)
        for name, table in metadata.tables.items()
        if name != "tokens"
    }
    return {name: [tuple(row) for row in rows] for name, rows in found.items()}


async def test_looking_changes_nothing(house: House) -> None:
    asked = await house.question()
    token = await house.token("admin", "approve", "read", "run", "notify", owner="UOLGA")
    await house.report(token, process_id="x", status="started")
    before = await contents(house)
    for log_in in (False, True):
        if log_in:
            house.log_in("olga")
        for row in ACCESS:
            method, path = filled(row)
            if method == "GET" and path != "/v1/stream":
                path = path.replace("{ref}", RUN)
                more = (
                    f"?choice=approve&decision=approve&_method=POST&approval={asked.id}&dry_run=0"
                )
                for verb in ("GET", "HEAD"):
                    answer = await house.ask(verb, path + more, None if log_in else token)
                    assert answer.status_code < 500, path

    assert await contents(house) == before
    assert sum(map(len, before.values())) > 5


@pytest.mark.parametrize("row", GUARDED)
async def test_nobody_learns_which_tokens_there_are(house: House, row: str) -> None:
    """T-15: whatever is wrong with it, the answer is the same to the byte, but for the request's id."""
    known = await house.token("admin", "read", "approve", owner="UOLGA")
    headers: list[Any] = [
        {"authorization": f"Bearer bt_aaaaaaaaaaaa_{'0' * 43}"},
        {"authorization": f"Bearer {known[:-1]}{'A' if known[-1] != 'A' else 'B'}"},
        {"authorization": f"Bearer {known}x"},
        {"authorization": f"Bearer {known.upper()}"},
        {b"authorization": b"Bearer \xc3\xa9\xff"},
        {"authorization": f"Token {known}"},
        {},
    ]
    method, path = filled(row)
    said = set()
    for shown in headers:
        answer = await house.ask(method, path, headers=shown, content=b"{")
        name = answer.headers["x-request-id"]
        plain = {key: value for key, value in answer.headers.items() if key != "x-request-id"}
        said.add((answer.status_code, answer.text.replace(name, ""), json.dumps(plain)))

    assert len(said) == 1
    assert said.pop()[0] == 401


DEEP = 30_000
BODIES: dict[str, bytes] = {
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep and not closed": b"[" * 500_000,
    "a long number": b'{"process_id": "b", "status": "started", "sequence": ' + b"9" * 6_000 + b"}",
    "a number beyond all": b'{"process_id": "b", "status": "started", "sequence": 1e999}',
    "no number": b'{"process_id": "b", "status": "started", "sequence": NaN}',
    "a name twice": b'{"process_id": "b", "status": "started", "status": "completed"}',
    "half a letter": b'{"process_id": "\\ud800", "status": "\\udfff"}',
    "half a letter as a name": b'{"process_id": "b", "status": "started", "\\ud800": 1, "labels": {"\\udc00": 1}}',
    "a zero": b'{"process_id": "a\\u0000b", "status": "started"}',
    "no text": b'{"process_id": "\xff\xfe", "status": "started"}',
    "too long a letter": b'{"process_id": "\xc0\xaf", "status": "started"}',
    "UTF-16": '{"process_id": "b", "status": "started"}'.encode("utf-16"),
    "UTF-32": '{"process_id": "b", "status": "started"}'.encode("utf-32"),
    "two of them": b'{"process_id": "b", "status": "started"}{}',
    "a word": b'"started"',
    "null": b"null",
    "true": b"true",
    "prototypes": b'{"__proto__": {"admin": true}, "constructor": {}, "process_id": 1, "status": []}',
    "objects for words": b'{"process_id": {"$gt": ""}, "status": {"$ne": null}, "inputs": [], "choice": {}}',
}


@pytest.mark.parametrize("name", BODIES)
async def test_no_body_is_an_error_of_ours(house: House, name: str) -> None:
    token = await house.token("admin", "approve", "read", "run", "notify", owner="UOLGA")
    for row in POSTS:
        path = filled(row)[1]
        headers = {"content-type": "application/json"}
        answer = await house.post(path, token, content=BODIES[name], headers=headers)
        assert 400 <= answer.status_code < 500, (row, answer.text)
        if answer.status_code >= 400:
            problem(answer)
    assert await house.scene.rows(events_table) == []


@pytest.mark.parametrize("name", ["half a letter", "half a letter as a name", "a zero"])
async def test_no_line_and_no_cloud_event_is_an_error_of_ours(house: House, name: str) -> None:
    token = await house.token("notify")
    cloud = {"specversion": "1.0", "id": "1", "source": "/a", "type": "dev.baton.process.started"}
    wrapped = json.dumps({**cloud, "data": json.loads(BODIES[name])}).encode()
    for kind, body in {
        "application/x-ndjson": BODIES[name] + b"\n\xff\xfe\n[[[[\n",
        "application/cloudevents+json": wrapped,
        "application/cloudevents-batch+json": b"[" + wrapped + b"]",
    }.items():
        answer = await house.post("/v1/notify", token, content=body, headers={"content-type": kind})
        assert answer.status_code in (200, 202, 400, 422), (kind, answer.text)
        again = await house.post(
            "/v1/notify?dry_run=1", token, content=body, headers={"content-type": kind}
        )
        assert again.status_code in (200, 400, 422), (kind, again.text)


FORMS = [
    b"process_id=b&process_id=c&status=started",
    b"process_id=%ff%fe&status=started",
    b"process_id=b&status=started&" + b"a=1&" * 10_000,
    b"%00=%00",
    b"a" * 60_000,
    b"&" * 60_000,
    b"labels.=x&process_id=b&status=started",
    b"labels.a.b.c=x&labels=y&process_id=b&status=started",
    b"process_id=b&status=started&subject=x&subject.sha=y",
    b"=&=&=",
]


@pytest.mark.parametrize("place", range(len(FORMS)))
async def test_no_form_is_an_error_of_ours(house: House, place: int) -> None:
    token = await house.token("notify")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await house.post("/v1/notify", token, content=FORMS[place], headers=headers)

    assert answer.status_code in (202, 400, 413, 422), answer.text


ODD = ["%00", "%ff", "..", "a" * 5_000, "\u202e", "R-99999999999999999999", "R--1", "%F0%9F%92%A3", "'; DROP TABLE runs; --", "*", "R-1%0d%0aSet-Cookie: a=b", "%ed%a0%80"]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
async def test_no_name_in_an_address_is_an_error_of_ours(house: House, odd: str) -> None:
    token = await house.token("admin", "approve", "read", "run", "notify", owner="UOLGA")
    written = odd if "%" in odd else quote(odd, safe="")
    house.log_in("olga")
    for row in ACCESS:
        method, _, path = row.partition(" ")
        if "{" not in path:
            continue
        for part in ("{name:path}", "{ref}", "{path}", "{name}", "{event_id}"):
            path = path.replace(part, written)
        for shown in (token, None):
            answer = await house.ask(method, path, shown, json={} if method == "POST" else None)
            assert answer.status_code < 500, (row, answer.text)
            assert "set-cookie" not in answer.headers
            assert "\u202e" not in answer.text


QUERIES = ["after=-1", "after=1e9", "after=" + "9" * 30, "limit=0", "limit=-5", "limit=999999", "limit=x", "wait=-1", "wait=1e9", "wait=nan", "until=%00", "state=%ff", "status=%ed%a0%80", "attempt=0", "attempt=99999999999999999999", "ns=" + "a" * 9_000, "type=%00", "label=%3D", "label=" + "%3D" * 500, "a&b&&=&"]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
async def test_no_query_is_an_error_of_ours(house: House, query: str) -> None:
    token = await house.token("admin", "read")
    for row in ACCESS:
        method, path = filled(row)
        if method == "GET" and path != "/v1/stream" and ACCESS[row] not in OPEN:
            answer = await house.get(f"{path}?{query}", token)
            assert answer.status_code < 500, (row, answer.text)
