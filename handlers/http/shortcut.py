"""The short ways of reports: most requests are reports, and the layers around one take longer than it.

`Shortcut` takes every report past the routing and the injection of the framework. `Api` takes a plain
one past all layers: it answers what is good, and leaves the rest to them, with the error if there was
one. So whatever is refused is worded, named and logged in one place.
"""

from collections.abc import Mapping
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

ODD = ("transfer-encoding", "content-encoding", "ce-specversion")
REFUSED = "baton.refused"  # in the scope: what the shortest way raised


class Api(FastAPI):
    """The application over *edge*. A plain report goes past its layers as long as it is good."""

    def __init__(self, edge: Edge, **about: Any) -> None:
        super().__init__(**about)
        self.state.edge = edge
        self.always = in_bytes(browser_headers(edge.demo))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = plain(scope)
        written = None
        if head is not None:
            try:
                written = await taken(self.state.edge, head, scope, receive)
            except Overloaded as error:  # there is too much to do already
                await self._refuse(error, scope, send)
                return
            except Exception as error:  # noqa: BLE001 - the long way answers it, and logs it
                scope[REFUSED] = error
        if written is None:
            await super().__call__(scope, receive, send)
            return
        name = self.state.edge.world.ids.new("rq").encode()
        headers = [*written.headers, (b"x-request-id", name), *self.always]
        await send({"type": "http.response.start", "status": written.status, "headers": headers})
        await send({"type": "http.response.body", "body": written.body})

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
        if REFUSED in scope:
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
    length = head.get("content-length", "")
    fine = (
        not scope["query_string"]
        and len(head) == len(came)
        and head.get("content-type") == JSON_TYPE
        and "authorization" in head
        and head.keys().isdisjoint(ODD)
        and length.isascii()
        and length.isdigit()
        and int(length[:20]) <= BIG
    )
    return head if fine else None


async def taken(
    edge: Edge, head: Mapping[str, str], scope: Scope, receive: Receive
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
        whole = WHOLE in scope.get("extensions", ())  # a timer costs as much as all the rest here
        raw = await (joined(receive, LIMIT) if whole else arrived(receive, LIMIT))
        return await store(terms, read_items(terms, parse_json(raw, DEPTH), raw))
