"""The Bolt app as Baton needs it: no retries of its own, no call to Slack before a listener runs."""

from collections.abc import MutableMapping

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.slack.client import SDK_LOG, SlackCalls, open_web

PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


class Identity:
    """Who we are in the workspace, asked once; every request is authorized with it."""

    def __init__(self, slack: SlackCalls, token: str) -> None:
        self._slack = slack
        self._token = token
        self._known: AuthorizeResult | None = None

    async def read(self) -> AuthorizeResult:
        """Ask Slack who the token is.

        Raises:
            SlackTrouble: the token is no good, or Slack does not answer.
        """
        answer = await self._slack.call("auth.test")
        self._known = AuthorizeResult(
            enterprise_id=answer.get("enterprise_id"),
            team_id=answer.get("team_id"),
            team=answer.get("team"),
            url=answer.get("url"),
            bot_id=answer.get("bot_id"),
            bot_user_id=answer.get("user_id"),
            bot_token=self._token,
        )
        return self._known

    async def known(self) -> AuthorizeResult:
        """Return who we are, without a call once it is known."""
        return self._known or await self.read()


def build_bolt(session: aiohttp.ClientSession, identity: Identity, *, api_url: str) -> AsyncApp:
    """Return the app without listeners; it speaks to *api_url*.

    The token goes along with each authorized request. A client that had it would make Bolt ask
    who we are before the first listener runs.
    """

    async def authorize() -> AuthorizeResult:  # Bolt asks for every request, before any listener
        return await identity.known()

    return AsyncApp(
        name="baton",  # else Bolt reads the source of everybody up the stack to find one
        logger=SDK_LOG,
        client=open_web(session, api_url=api_url),
        authorize=authorize,
        raise_error_for_unhandled_request=True,
        ignoring_self_events_enabled=False,
        request_verification_enabled=False,  # Socket Mode requests are not signed
    )


def forget_proxies(environment: MutableMapping[str, str]) -> dict[str, str]:
    """Take the proxies out of *environment* and return them, for clients that are to use them.

    The SDK reads these by itself, ignores NO_PROXY, and would send calls to a local Slack away.
    """
    return {name: environment.pop(name) for name in PROXIES if name in environment}
