"""Sends what commands report, and keeps for later what the server cannot take now."""

import os

from baton.commands.talk import Away, ask, connect, say
from baton.environment import Environment, read_environment

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is slow to import
    from typing import Any

__all__ = ["about_here", "report"]


def about_here(body: "dict[str, Any]") -> "dict[str, Any]":
    """Return *body* with the revision, pull request and CI run that the work here is about."""
    from baton.collected.surroundings import with_surroundings  # noqa: PLC0415 - not for every verb

    try:
        here = os.getcwd()  # noqa: PTH109 - a text is what is asked for
    except OSError:  # the folder is gone, so nothing can be found out
        return body
    return with_surroundings(body, here, os.environ)


def report(body: "dict[str, Any] | list[dict[str, Any]]", *, sync: bool) -> "Any":
    """Return the server's answer; None where what it is about was kept to be sent later.

    Args:
        body: one event or several, which have their ids already.
        sync: that it is delivered counts, so that nothing is kept.

    Raises:
        Stop: a refusal; or no answer, where nothing can be kept.
    """
    environment = read_environment()
    if environment.webhook:
        return _post(body if isinstance(body, list) else [body], environment)
    try:
        return ask(connect(), "POST", "/v1/notify", body, timeout=environment.timeout)
    except Away as away:
        if sync or not _keep(body if isinstance(body, list) else [body]):
            raise
        say(f"{away}; kept, and sent when it is back, or with: baton doctor --flush")
        return None


def _post(bodies: "list[dict[str, Any]]", environment: Environment) -> None:
    """Hand events to Slack's webhook, which says nothing of what becomes of them.

    Raises:
        Away: it did not take them in time.
    """
    from baton.client import Client  # noqa: PLC0415 - only where Slack is the way

    client = Client()
    for body in bodies:
        client.send(body)
    if not client.flush(environment.timeout):
        raise Away("the webhook of Slack did not take it; is SLACK_WEBHOOK_URL right?")


def _keep(bodies: "list[dict[str, Any]]") -> bool:
    """Put events where the client keeps what it could not deliver; say whether that went well."""
    from baton.encoding import encode  # noqa: PLC0415 - only where the server is away
    from baton.item import rank_of  # noqa: PLC0415
    from baton.posting import destination_of  # noqa: PLC0415
    from baton.spool import Spool  # noqa: PLC0415

    here = read_environment()
    events = [(rank_of(body), encode(body)) for body in bodies]
    try:
        spool = Spool(here.spool_folder)
        spool.keep(destination_of(here.url or "", here.token), events, secret=here.token)
    except OSError:  # then the sentence about the server has to do
        return False
    return True
