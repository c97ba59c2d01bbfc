"""The one way to Slack's Web API, and what its refusals mean for a message."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

PATIENCE = 10  # s
SDK_LOG = logging.getLogger("baton.slack")  # at INFO: at DEBUG the SDK logs whole messages


class Meaning(Enum):
    """What an answer of Slack tells Delivery to do."""

    LATER = "later"  # Slack asked to slow down
    NOT_SENT = "not sent"  # nothing arrived: send again
    AMBIGUOUS = "ambiguous"  # it may have arrived: look before posting again
    SIMPLER = "simpler"  # the blocks are not taken: draw it more simply
    GONE = "gone"  # the message was deleted
    LOCKED = "locked"  # the message cannot be edited any more
    NO_THREAD = "no thread"  # the root was deleted
    NO_PLACE = "no place"  # the channel does not take it
    NO_TOKEN = "no token"  # noqa: S105 - a word, no secret: Slack does not know us any more
    NO_SCOPE = "no scope"  # the app was not given the right; `needed` names it
    STREAMING = "streaming"  # a stream is still open on the message
    NEVER = "never"  # it will not be taken however often


MEANINGS: Mapping[str, Meaning] = {
    **dict.fromkeys(
        ("invalid_blocks", "msg_blocks_too_long", "msg_too_long", "invalid_blocks_format"),
        Meaning.SIMPLER,
    ),
    "message_not_found": Meaning.GONE,
    "cant_update_message": Meaning.LOCKED,
    "edit_window_closed": Meaning.LOCKED,
    "thread_not_found": Meaning.NO_THREAD,
    "cannot_reply_to_message": Meaning.NO_THREAD,
    **dict.fromkeys(
        (
            "not_in_channel",
            "channel_not_found",
            "is_archived",
            "restricted_action",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "restricted_action_non_threadable_channel",
            "messages_tab_disabled",
            "cannot_dm_bot",
            "user_not_found",
            "user_disabled",
        ),
        Meaning.NO_PLACE,
    ),
    **dict.fromkeys(
        ("token_revoked", "invalid_auth", "account_inactive", "not_authed"), Meaning.NO_TOKEN
    ),
    "ratelimited": Meaning.LATER,
    "missing_scope": Meaning.NO_SCOPE,
    "streaming_state_conflict": Meaning.STREAMING,
    **dict.fromkeys(("internal_error", "fatal_error", "service_unavailable"), Meaning.AMBIGUOUS),
}


# What was to be done is done already.
DONE = frozenset({"already_reacted", "already_pinned", "no_reaction"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a call did not succeed: what it means, Slack's word for it, and when to come back.

    *needed* is the scope that is missing, *details* what Slack found wrong with the blocks.
    """

    meaning: Meaning
    word: str
    retry_after: timedelta | None = None
    needed: str | None = None
    details: tuple[str, ...] = ()


class SlackTrouble(Exception):
    """A call to Slack did not succeed; `trouble` says what follows from it."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.word)
        self.trouble = trouble


class SlackCalls(Protocol):
    """What everything here needs of Slack. Raises: SlackTrouble."""

    async def call(self, method: str, **arguments: Any) -> Mapping[str, Any]: ...


def open_session() -> aiohttp.ClientSession:
    """Open the one session that all calls share; the SDK would open one for every call."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))


def open_web(
    session: aiohttp.ClientSession, *, api_url: str, token: str | None = None
) -> AsyncWebClient:
    """Return the SDK's client without its own retries: they could post twice."""
    return AsyncWebClient(
        token=token,
        base_url=api_url,
        timeout=PATIENCE,
        session=session,
        retry_handlers=[],
        logger=SDK_LOG,
    )


class SlackClient:
    """Wraps the SDK's client, whose own retries are off: Delivery alone decides about them."""

    def __init__(self, web: AsyncWebClient) -> None:
        self._web = web

    async def call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Call *method* with JSON arguments and return its answer."""
        try:
            if method.startswith(("chat.", "views.")):
                answer = await self._web.api_call(method, json=arguments)
            else:
                answer = await self._web.api_call(method, params=flat(arguments))
        except SlackApiError as error:
            trouble = of_answer(error)
            if trouble.word in DONE:
                return {"ok": True}
            raise SlackTrouble(trouble) from error
        except (aiohttp.ClientConnectorError, aiohttp.ClientProxyConnectionError) as error:
            raise SlackTrouble(Trouble(Meaning.NOT_SENT, str(error))) from error
        except (aiohttp.ClientError, TimeoutError, OSError, json.JSONDecodeError) as error:
            raise SlackTrouble(Trouble(Meaning.AMBIGUOUS, type(error).__name__)) from error
        body = answer.data
        if not isinstance(body, dict):
            raise SlackTrouble(Trouble(Meaning.AMBIGUOUS, "no JSON"))
        return body

    async def send(self, url: str, content: bytes) -> None:
        """Send the bytes of a file to the address that Slack gave for them, without our token.

        Raises:
            SlackTrouble: they were not taken, or the address is none of Slack's.
        """
        if not self.owns(url):
            raise SlackTrouble(Trouble(Meaning.NEVER, "foreign upload_url"))
        session = self._web.session
        if session is None:
            raise SlackTrouble(Trouble(Meaning.NOT_SENT, "no session"))
        try:
            async with session.post(url, data=content) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SlackTrouble(Trouble(Meaning.NOT_SENT, type(error).__name__)) from error
        if status != 200:  # nothing is shown before it is complete: it may be sent again
            raise SlackTrouble(Trouble(Meaning.AMBIGUOUS, f"status {status} at an upload"))

    async def rights(self) -> tuple[frozenset[str], str | None]:
        """Return the scopes that our token was given, and the time of Slack's clock as HTTP writes it.

        Raises:
            SlackTrouble: Slack did not say.
        """
        try:
            answer = await self._web.api_call("auth.test")
        except SlackApiError as error:
            raise SlackTrouble(of_answer(error)) from error
        except (aiohttp.ClientError, TimeoutError, OSError, json.JSONDecodeError) as error:
            raise SlackTrouble(Trouble(Meaning.AMBIGUOUS, type(error).__name__)) from error
        headers = {name.lower(): value for name, value in answer.headers.items()}
        given = str(headers.get("x-oauth-scopes", ""))
        scopes = frozenset(scope.strip() for scope in given.split(",") if scope.strip())
        return scopes, headers.get("date")

    async def answer(self, response_url: str, body: Mapping[str, Any]) -> None:
        """Answer an interaction at the address that came with it. Refusals come as plain text.

        Raises:
            SlackTrouble: it was not taken, or the address is none of Slack's.
        """
        if not self.owns(response_url):
            raise SlackTrouble(Trouble(Meaning.NEVER, "foreign response_url"))
        hook = AsyncWebhookClient(
            response_url, session=self._web.session, retry_handlers=[], logger=SDK_LOG
        )
        try:
            response = await hook.send_dict(dict(body))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SlackTrouble(Trouble(Meaning.AMBIGUOUS, type(error).__name__)) from error
        if response.status_code != 200:
            why = f"{response.status_code} {response.body[:80]}"
            raise SlackTrouble(Trouble(Meaning.NEVER, why))

    def owns(self, url: str) -> bool:
        """Say whether *url* leads to the Slack that we talk to: only there an answer goes."""
        asked, ours = urlsplit(url), urlsplit(self._web.base_url)
        if (asked.scheme, asked.netloc) == (ours.scheme, ours.netloc):
            return True
        host = asked.hostname or ""
        return asked.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com"))


def flat(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write arguments as a query takes them."""
    return {
        name: json.dumps(value) if isinstance(value, dict | list) else value
        for name, value in arguments.items()
    }


def of_answer(error: SlackApiError) -> Trouble:
    """Read an answer that was no success."""
    response = error.response
    status = getattr(response, "status_code", 200)
    body = getattr(response, "data", None)
    said: Mapping[str, Any] = body if isinstance(body, dict) else {}
    word = str(said.get("error", ""))
    if status == 429 or word == "ratelimited":
        return Trouble(Meaning.LATER, "ratelimited", retry_after(response.headers))
    if status >= 500 or not word:
        return Trouble(Meaning.AMBIGUOUS, word or f"status {status}")
    return Trouble(
        MEANINGS.get(word, Meaning.NEVER),
        word,
        needed=str(said["needed"]) if said.get("needed") else None,
        details=tuple(str(each) for each in said.get("errors") or ()),
    )


def retry_after(headers: Mapping[str, str]) -> timedelta:
    """Return what Slack asks to wait; where it does not say, half a minute."""
    given = headers.get("Retry-After") or headers.get("retry-after") or ""
    if isinstance(given, list):
        given = given[0]
    return timedelta(seconds=int(given)) if given.isdigit() else timedelta(seconds=30)
