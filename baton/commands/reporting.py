"""Sends what commands report, and keeps for later what the server cannot take now."""

from typing import TYPE_CHECKING, Any

from baton.commands.talk import Away, ask, connect, say
from baton.environment import read_environment

if TYPE_CHECKING:
    from baton.wire import Wire

__all__ = ["report"]


def report(
    body: dict[str, Any] | list[dict[str, Any]], *, sync: bool, wire: "Wire | None" = None
) -> Any:
    """Return the server's answer; None where what it is about was kept to be sent later.

    Args:
        body: one event or several, which have their ids already.
        sync: that it is delivered counts, so that nothing is kept.
        wire: by default to the configured server.

    Raises:
        Stop: a refusal; or no answer, where nothing can be kept.
    """
    try:
        timeout = read_environment().timeout
        return ask(wire or connect(), "POST", "/v1/notify", body, timeout=timeout)
    except Away as away:
        if sync or not _keep(body if isinstance(body, list) else [body]):
            raise
        say(f"{away}; kept, and sent when it is back, or with: baton doctor --flush")
        return None


def _keep(bodies: list[dict[str, Any]]) -> bool:
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
