"""A report is answered and stored alike, whichever way it takes through the application."""

import json
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from coordination.database import events, raw_bodies
from coordination.rates import Rate
from handlers.http import create_api
from handlers.http.bodies import WHOLE
from handlers.http.notify import BIG
from handlers.http.places import AT_WORK
from handlers.http.shortcut import Shortcut, plain
from tests.handlers.http.house import House, open_house

EVENT = json.dumps({"id": "e1", "process_id": "b1", "status": "started", "name": "Bücher"}).encode()
JSON = (b"content-type", b"application/json")
HOST = (b"host", b"127.0.0.1:8765")
IDS = re.compile(r"\b([a-z]{2,3})_\d{26}\b")
LAYERED = ("past nothing", "past the routing")


@dataclass(frozen=True)
class Case:
    """A request, and what is different in the house that it comes to. TOKEN stands for a good one."""

    body: bytes = EVENT
    headers: tuple[tuple[bytes, bytes], ...] = ()
    without: tuple[bytes, ...] = ()
    query: bytes = b""
    method: str = "POST"
    path: str = "/v1/notify"
    pieces: int = 1
    leaves: bool = False
    twice: bool = False
    scopes: tuple[str, ...] = ("notify",)
    change: Callable[[House, str], object] | None = None
    short: bool = True  # whether nothing is unusual about its head
    statuses: tuple[int, ...] = (202,)

    def head(self, token: str) -> list[tuple[bytes, bytes]]:
        own = {
            b"host": HOST[1],
            b"content-type": JSON[1],
            b"authorization": b"Bearer " + token.encode(),
            b"content-length": b"%d" % len(self.body),
            b"user-agent": b"tests/1 " + b"x" * 400,
        }
        kept = [(name, value) for name, value in own.items() if name not in self.without]
        return [*kept, *self.headers]


def one_at_a_time(house: House, source: str) -> None:
    coordinator = house.edge.coordinator
    coordinator.rules = replace(coordinator.rules, rates={source: Rate(per_second=1, burst=1)})


def full(house: House, _: str) -> None:
    house.edge.limits.places.taken = AT_WORK


def broken(house: House, _: str) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("secret")

    house.edge.coordinator.take = fail  # type: ignore[method-assign, assignment]


def odd(**values: Any) -> Case:
    return Case(short=False, **values)


KEY = (b"idempotency-key", b"k1")
TRACE = (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
LIST = b'[{"process_id": "b1", "status": "started"}, {"status": 1}]'
APPROVED = b'{"process_id": "b1", "status": "approved"}'
SIGNED = ((b"webhook-id", b"m1"), (b"webhook-timestamp", b"1"), (b"webhook-signature", b"v1,x"))

CASES = {
    "a good one": Case(),
    "in pieces": Case(pieces=4),
    "the same again": Case(twice=True, statuses=(202, 202)),
    "a key": Case(headers=(KEY,), twice=True, statuses=(202, 202)),
    "a key that is none": Case(headers=((b"idempotency-key", b""),), statuses=(422,)),
    "a trace": Case(headers=(TRACE,)),
    "other headers": Case(headers=((b"accept", b"text/html"), (b"cookie", b"a=b"), *SIGNED)),
    "a list": Case(LIST, statuses=(200,)),
    "an empty list": Case(b"[]"),
    "only bad items": Case(b"[1, 2]", statuses=(422,)),
    "too many items": Case(b"[%s1]" % (b"1," * 500), statuses=(413,)),
    "no event": Case(b'{"status": 5}', statuses=(422,)),
    "a verdict": Case(APPROVED, statuses=(403,)),
    "bad JSON": Case(b'{"process_id": ', statuses=(400,)),
    "a deep body": Case(b"[" * 100 + b"]" * 100, statuses=(400,)),
    "no UTF-8": Case(b'{"name": "\xff"}', statuses=(400,)),
    "nothing": Case(b"", statuses=(400,)),
    "somebody who leaves": Case(leaves=True, statuses=()),
    "a wrong token": Case(
        without=(b"authorization",),
        headers=((b"authorization", b"Bearer bt_aaaaaaaaaaaa_" + b"0" * 43),),
        statuses=(401,),
    ),
    "no token at all": odd(without=(b"authorization",), statuses=(401,)),
    "a token that may only read": Case(scopes=("read",), statuses=(403,)),
    "an admin's token": Case(scopes=("admin",)),
    "the token twice": odd(headers=((b"authorization", b"Bearer x"),), statuses=(401,)),
    "a trace twice": odd(headers=(TRACE, TRACE)),
    "a key twice": odd(headers=(KEY, KEY), statuses=(422,)),
    "a type twice": odd(headers=(JSON,), statuses=(415,)),
    "a host twice": odd(headers=(HOST,), statuses=(400,)),
    "a foreign host": Case(without=(b"host",), headers=((b"host", b"evil.example"),)),
    "too much at once": Case(change=one_at_a_time, twice=True, statuses=(202, 429)),
    "a house that is full": Case(change=full, statuses=(503,)),
    "a mistake of ours": Case(change=broken, statuses=(500,)),
    "a long body": odd(body=EVENT + b" " * BIG),
    "a length that is too long": odd(
        without=(b"content-length",),
        headers=((b"content-length", b"9999999"),),
        statuses=(413,),
    ),
    "a length that is none": odd(
        without=(b"content-length",), headers=((b"content-length", b"+5"),)
    ),
    "no length": odd(without=(b"content-length",)),
    "chunks": odd(without=(b"content-length",), headers=((b"transfer-encoding", b"chunked"),)),
    "chunks and a length": odd(headers=((b"transfer-encoding", b"chunked"),), statuses=(400,)),
    "a coding": odd(headers=((b"content-encoding", b"gzip"),), statuses=(415,)),
    "no coding": odd(headers=((b"content-encoding", b"identity"),)),
    "a charset": odd(
        without=(b"content-type",), headers=((b"content-type", b"application/json; charset=utf-8"),)
    ),
    "a wrong type": odd(
        without=(b"content-type",), headers=((b"content-type", b"text/plain"),), statuses=(415,)
    ),
    "a form": odd(
        body=b"process_id=b1&status=started",
        without=(b"content-type",),
        headers=((b"content-type", b"application/x-www-form-urlencoded"),),
    ),
    "lines": odd(without=(b"content-type",), headers=((b"content-type", b"application/x-ndjson"),)),
    "a CloudEvent in headers": odd(headers=((b"ce-specversion", b"1.0"),), statuses=(422,)),
    "a signature and no token": odd(without=(b"authorization",), headers=SIGNED, statuses=(401,)),
    "strict": odd(query=b"strict=1", body=b'{"process_id": "b1", "stauts": 1}', statuses=(422,)),
    "a rehearsal": odd(query=b"dry_run=1", statuses=(200,)),
    "HEAD": odd(method="HEAD", statuses=(405,)),
    "GET": odd(method="GET", statuses=(405,)),
    "another address": odd(path="/v1/notify/", statuses=(404,)),
}


@dataclass
class Way:
    """A way through the application, and all that came out of it."""

    house: House
    app: FastAPI
    name: str = "past all layers"
    answers: list[Any] = field(default_factory=list)

    async def send(self, case: Case, token: str) -> None:
        said: list[Any] = []
        step = max(1, -(-len(case.body) // case.pieces))
        chunks = [case.body[at : at + step] for at in range(0, len(case.body), step)] or [b""]
        came = [{"type": "http.request", "body": each, "more_body": True} for each in chunks]
        came[-1]["more_body"] = case.leaves
        came.append({"type": "http.disconnect"})

        async def receive() -> Any:
            return came.pop(0)

        async def send(message: Any) -> None:
            said.append(message)

        scope = scope_of(case, token)
        if self.name == "the same without a timer":
            scope["extensions"] = {WHOLE: {}}
        self.app.state.edge = self.house.edge
        enter = self.app if self.name not in LAYERED else partial(FastAPI.__call__, self.app)
        await enter(scope, receive, send)
        self.answers.append(said)

    def said(self) -> str:
        """Return every answer whole, without the numbers of ids."""
        whole = [
            (each[0], b"".join(more["body"] for more in each[1:])) for each in self.answers if each
        ]
        return IDS.sub(r"\1", str(whole))

    async def stored(self) -> list[list[str]]:
        kept = [await self.house.scene.rows(each) for each in (events, raw_bodies)]
        return [[IDS.sub(r"\1", str(row)) for row in rows] for rows in kept]

    @property
    def statuses(self) -> tuple[int, ...]:
        return tuple(each[0]["status"] for each in self.answers if each)


def scope_of(case: Case, token: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": case.method,
        "scheme": "http",
        "path": case.path,
        "raw_path": case.path.encode(),
        "query_string": case.query,
        "root_path": "",
        "headers": case.head(token),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8765),
    }


async def taken(way: Way, number: int, case: Case) -> Any:
    """Send what a case says, with a source of its own; return answers and log."""
    token = await way.house.token(*case.scopes, source=f"s{number}")
    if case.change is not None:
        case.change(way.house, f"s{number}")
    way.answers.clear()
    with capture_logs() as logs:
        for _ in range(1 + case.twice):
            await way.send(case, token)
    way.house.edge.limits.places.taken = 0
    vars(way.house.edge.coordinator).pop("take", None)
    return way.said(), [(each["event"], each["log_level"]) for each in logs]


def without_short_ways(house: House) -> FastAPI:
    app = create_api(house.edge, version="0.0.0")
    app.user_middleware = [each for each in app.user_middleware if each.cls is not Shortcut]  # type: ignore[comparison-overlap]
    return app


async def test_every_way_answers_and_stores_the_same(tmp_path: Path) -> None:
    names = ("past nothing", "past the routing", "past all layers", "the same without a timer")
    async with AsyncExitStack() as stack:
        ways = []
        for name in names:
            (tmp_path / name).mkdir()
            house = await stack.enter_async_context(open_house(tmp_path / name))
            ways.append(Way(house, house.app, name))
        ways[0].app = without_short_ways(ways[0].house)

        for number, (name, case) in enumerate(CASES.items()):
            first, *others = [await taken(way, number, case) for way in ways]
            assert ways[0].statuses == case.statuses, name
            for way, seen in zip(ways[1:], others, strict=True):
                assert seen == first, f"{name}, {way.name}"
        stored = [await way.stored() for way in ways]

    assert len(stored[0][0]) > 15
    for way, found in zip(ways, stored, strict=True):
        assert found == stored[0], way.name


@pytest.mark.parametrize("name", CASES)
def test_only_what_is_plain_goes_past_the_layers(name: str) -> None:
    assert (plain(scope_of(CASES[name], "bt_x")) is not None) == CASES[name].short


async def test_a_good_report_meets_no_layer_and_a_bad_one_does(house: House) -> None:
    met: list[str] = []

    async def layer(scope: Any, receive: Any, send: Any) -> None:
        met.append(scope["path"])

    kept, house.app.middleware_stack = house.app.middleware_stack, layer
    try:
        way = Way(house, house.app)
        token = await house.token("notify")
        await way.send(CASES["a good one"], token)
        assert (way.statuses, met) == ((202,), [])
        await way.send(CASES["bad JSON"], token)
        assert (way.statuses, met) == ((202,), ["/v1/notify"])
    finally:
        house.app.middleware_stack = kept


async def test_a_token_that_was_revoked_opens_the_short_way_no_more(house: House) -> None:
    way = Way(house, house.app)
    token = await house.token("notify")
    await way.send(CASES["a good one"], token)

    house.later(days=1)
    ended = await house.token("notify", ends=house.world.clock.now())
    await way.send(CASES["a good one"], ended)

    assert way.statuses == (202, 401)
    assert len(await house.scene.rows(events)) == 1
