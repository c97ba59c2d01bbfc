"""What stands in for Bolt: it knows who listens to what, and does about acks and errors what Bolt does."""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from slack_bolt.response import BoltResponse

Handler = Callable[..., Awaitable[Any]]
TEAM, BOT = "T0SIM", "B0BATON"
WHO_WE_ARE = SimpleNamespace(
    authorize_result=SimpleNamespace(team_id=TEAM), bot_id=BOT, bot_user_id="U0BATON"
)


class Listeners:
    """Takes what Baton registers with Bolt, and hands it what Slack sends."""

    def __init__(self) -> None:
        self._exact: dict[str, Handler] = {}
        self._patterns: list[tuple[re.Pattern[str], Handler]] = []
        self._events: dict[str, list[tuple[Sequence[Handler], Handler]]] = {}
        self._first: list[Handler] = []
        self.on_error: Callable[..., Awaitable[BoltResponse | None]]

    def action(self, name: str | re.Pattern[str]) -> Callable[[Handler], Handler]:
        def take(handler: Handler) -> Handler:
            if isinstance(name, str):
                self._exact[name] = handler
            else:
                self._patterns.append((name, handler))
            return handler

        return take

    view = command = action

    def event(self, name: str, matchers: Sequence[Handler] = ()) -> Callable[[Handler], Handler]:
        def take(handler: Handler) -> Handler:
            self._events.setdefault(name, []).append((matchers, handler))
            return handler

        return take

    def use(self, middleware: Handler) -> None:
        self._first.append(middleware)

    def error(self, handler: Callable[..., Awaitable[BoltResponse | None]]) -> None:
        self.on_error = handler

    async def pressed(self, body: Mapping[str, Any], name: str) -> bool:
        """Hand what somebody pressed, typed or sent to its listener; say whether it went well."""
        found = (handler for pattern, handler in self._patterns if pattern.search(name))
        handler, acked = self._exact.get(name) or next(found, None), asyncio.Event()

        async def ack(**answer: Any) -> None:
            acked.set()

        assert handler is not None, f"nobody listens to {name}"
        given = {"view": body["view"]} if body.get("type") == "view_submission" else {}
        try:
            await handler(ack=ack, body=body, **given)
        except Exception as error:  # noqa: BLE001 - as Bolt does: the listener for errors answers
            response = None if acked.is_set() else BoltResponse(status=500)
            await self.on_error(error, body, response)
            return False
        assert acked.is_set(), f"nobody acknowledged {name}"
        return True

    async def happened(self, event: Mapping[str, Any], event_id: str) -> bool:
        """Hand over an event of Slack; say whether it was acknowledged, so that it does not come again.

        As Bolt does, one that no middleware takes is acknowledged before its listener runs.
        """
        body = {"type": "event_callback", "team_id": TEAM, "event_id": event_id, "event": event}
        went_on = asyncio.Event()

        async def next_() -> None:
            went_on.set()

        for middleware in self._first:
            went_on.clear()
            response = await middleware(body, WHO_WE_ARE, next_)
            if not went_on.is_set():
                return bool(response.status == 200)
        try:
            await self._listen(body, event)
        except Exception as error:  # noqa: BLE001 - as above
            await self.on_error(error, body, None)
        return True

    async def _listen(self, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        given = {"body": body, "event": event, "context": WHO_WE_ARE}
        for matchers, handler in self._events.get(str(event["type"]), ()):
            if all([await each(event) for each in matchers]):
                wanted = inspect.signature(handler).parameters
                await handler(**{name: given[name] for name in wanted})
                return


__all__ = ["Handler", "Listeners"]
