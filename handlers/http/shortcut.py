"""The short ways of reports: most requests are reports, and the layers around one take longer than it.

`Shortcut` takes every report past the routing and the injection of the framework. `Api` takes a plain
one past all layers: it answers what is good, and leaves the rest to them, with the error if there was
one. So whatever is refused is worded, named and logged in one place. A server that has the bytes of a
plain one may ask `whole` and `Api.report`, and read no request at all.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from baton.reading import parse_json
from handlers.http.answers import answer
from handlers.http.auth import NOTIFY, may_report, presented, reporter
from handlers.http.bodies import DEPTH, LIMIT, WHOLE, arrived, joined
from handlers.http.edge import Edge
from handlers.http.guard import browser_headers, in_bytes
from handlers.http.notify import BIG, read_items, store, take_in
from handlers.http.places import Overloaded
from handlers.http.reports import JSON_TYPE, plain_terms
from handlers.http.results import Written

ODD = ("transfer-encoding", "content-encoding", "ce-specversion", "expect", "upgrade")
REFUSED = "baton.refused"  # in the scope: what a shorter way raised
# A head that every server reads alike: nothing in it is folded, padded, empty or beyond ASCII.
WHOLE_HEAD = re.compile(
    rb"POST /v1/notify HTTP/1\.1\r\n((?:[A-Za-z0-9-]+: [!-~]+(?: [!-~]+)*\r\n)+)\r\n"
)


class Api(FastAPI):
    """The application over *edge*. A plain report goes past its layers as long as it is good."""

    def __init__(self, edge: Edge, **about: Any) -> None:
        super().__init__(**about)
        self.state.edge = edge
        self.always = in_bytes(browser_headers(edge.demo))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        written = None
        head = None if REFUSED in scope else plain(scope)
        if head is not None:
            is_here = WHOLE in scope.get(
                "extensions", ()
            )  # then no timer: it costs as much as the rest
            raw = partial(joined if is_here else arrived, receive, LIMIT)
            written, scope[REFUSED] = await self._taken(head, raw)
        if written is not None:
            headers, status = self.headers_of(written), written.status
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": written.body})
        elif isinstance(scope.get(REFUSED), Overloaded):  # there is too much to do already
            await self._refuse(scope[REFUSED], scope, send)
        else:
            await super().__call__(scope, receive, send)

    async def report(
        self, head: Mapping[str, str], raw: bytes
    ) -> tuple[Written | None, Exception | None]:
        """Take what `whole` found; return what it is answered, or why it has to take a longer way."""

        async def here() -> bytes:
            return raw

        return await self._taken(head, here)

    def headers_of(self, written: Written) -> list[tuple[bytes, bytes]]:
        """Return all headers of an answer, which gets its name here."""
        name = self.state.edge.world.ids.new("rq").encode()
        return [*written.headers, (b"x-request-id", name), *self.always]

    async def _taken(
        self, head: Mapping[str, str], raw: Callable[[], Awaitable[bytes]]
    ) -> tuple[Written | None, Exception | None]:
        try:
            return await taken(self.state.edge, head, raw), None
        except Exception as error:  # noqa: BLE001 - the long way answers it, and logs it
            return None, error

    async def _refuse(self, error: Overloaded, scope: Scope, send: Send) -> None:
        """Answer as the layers do."""
        name = self.state.edge.world.ids.new("rq")
        refusal = await answer(Request({**scope, "app": self, "request_id": name}), error)
        headers = [*refusal.raw_headers, (b"x-request-id", name.encode()), *self.always]
        await send(
            {"type": "http.response.start", "status": refusal.status_code, "headers": headers}
        )
        await send({"type": "http.response.body", "body": refusal.body})


class Shortcut:
    """Answers reports itself and hands on everything else; what it raises the guards answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", NOTIFY):
            await self.app(scope, receive, send)
            return
        if scope.get(REFUSED) is not None:
            raise scope[REFUSED]
        edge: Edge = scope["app"].state.edge
        request = Request(scope, receive, send)
        answer = await take_in(request, edge, await reporter(request, edge))
        await answer(scope, receive, send)


def plain(scope: Scope) -> dict[str, str] | None:
    """Return the headers of a report with nothing unusual about it; None for any other request.

    It is short JSON, comes with a token, and says nothing twice.
    """
    if scope["type"] != "http" or scope["path"] != NOTIFY or scope["method"] != "POST":
        return None
    came = scope["headers"]
    head = {name.decode("latin-1"): value.decode("latin-1") for name, value in came}
    return head if not scope["query_string"] and is_plain(head, came) else None


def whole(data: bytes) -> tuple[dict[str, str], bytes] | None:
    """Return head and body of a plain report, if *data* is one and nothing more; None otherwise."""
    found = WHOLE_HEAD.match(data)
    if found is None:
        return None
    came = found[1].decode().split("\r\n")[:-1]
    pairs = [each.split(": ", 1) for each in came]
    head = {name.lower(): value for name, value in pairs}
    fine = (
        is_plain(head, came)
        and int(head["content-length"]) == len(data) - found.end()
        and head.get("connection", "keep-alive").lower() == "keep-alive"
    )
    return (head, data[found.end() :]) if fine else None


def is_plain(head: Mapping[str, str], came: Collection[object]) -> bool:
    """Say whether nothing is unusual about a *head*, of which so many lines *came*."""
    length = head.get("content-length", "")
    return (
        len(head) == len(came)
        and head.get("content-type") == JSON_TYPE
        and "authorization" in head
        and head.keys().isdisjoint(ODD)
        and length.isascii()
        and length.isdigit()
        and int(length[:20]) <= BIG
    )


async def taken(
    edge: Edge, head: Mapping[str, str], raw: Callable[[], Awaitable[bytes]]
) -> Written | None:
    """Store a plain report and return the answer; None where its token is not as good as can be.

    Nothing was read or counted then. In the order of `auth.reporter` and `notify.take_in`, and raises
    what they raise.
    """
    token = presented(head["authorization"])
    credential = await edge.coordinator.authenticate(token) if token else None
    if credential is None or not may_report(credential):
        return None
    edge.limits.look(edge.coordinator.rules, credential.source.source)
    with edge.limits.places:
        terms = plain_terms(head, edge, credential)
        body = await raw()
        return await store(terms, read_items(terms, parse_json(body, DEPTH), body))
