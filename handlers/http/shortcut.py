"""The short way of reports: past the routing and the injection of the framework.

Most requests are reports, and finding the route and its arguments takes longer than reading one. What
is done is the same as on the long way: `auth.reporter`, then `notify.take_in`.
"""

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from handlers.http.auth import NOTIFY, reporter
from handlers.http.edge import Edge
from handlers.http.notify import take_in


class Shortcut:
    """Answers reports itself and hands on everything else; what it raises the guards answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", NOTIFY):
            await self.app(scope, receive, send)
            return
        edge: Edge = scope["app"].state.edge
        request = Request(scope, receive, send)
        answer = await take_in(request, edge, await reporter(request, edge))
        await answer(scope, receive, send)
