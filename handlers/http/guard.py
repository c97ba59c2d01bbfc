"""Headers that go along with every answer. Plain ASGI, so that a stream is passed through as it is."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handlers.http.edge import Demo


class Guard:
    """Adds *headers* to each answer, where the answer does not say otherwise itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = [(name.lower().encode(), says.encode()) for name, says in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                added = [pair for pair in self.headers if pair[0] not in there]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self.app(scope, receive, guarded)


def browser_headers(demo: Demo | None) -> dict[str, str]:
    """Return what browsers are told: only our own files, and, in the demo, the local Slack's frame."""
    frames = f"frame-src {origin(demo.slack_page)}; " if demo else ""
    return {
        "Content-Security-Policy": f"default-src 'self'; {frames}frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }


def origin(url: str) -> str:
    """Return scheme, host and port of *url*."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
