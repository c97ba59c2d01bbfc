"""The stream of changes, line by line: a request that stays open, which the client's own are not."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import IO
from urllib.parse import urlsplit

from baton.commands.talk import Away
from baton.environment import read_environment

__all__ = ["lines"]

_LONGEST = 64 * 1024
_LOCAL = ("localhost", "127.0.0.1", "::1")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes to the configured server and to no other."""

    def redirect_request(self, req: object, fp: IO[bytes], *_: object) -> None:  # noqa: ARG002  # the library's signature
        return None


def lines(path: str, *, silence: float) -> Iterator[str]:
    """Yield the lines of a stream as they come, until the server ends it.

    Args:
        path: with its query.
        silence: seconds without a line after which nobody is there any more.

    Raises:
        Away: no answer, a refusal, or silence.
    """
    environment = read_environment()
    url = (environment.url or "").rstrip("/")
    headers = {"Accept": "text/event-stream", "User-Agent": "baton-client"}
    if environment.token:
        headers["Authorization"] = f"Bearer {environment.token}"
    # What runs on this machine is not asked for through a proxy.
    proxies: dict[str, str] | None = {} if urlsplit(url).hostname in _LOCAL else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies), _NoRedirect())
    request = urllib.request.Request(url + path, headers=headers)  # noqa: S310  # connect() checked it
    try:
        with opener.open(request, timeout=silence) as response:
            while line := response.readline(_LONGEST):
                yield line.decode("utf-8", "replace").rstrip("\r\n")
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise Away(f"the stream was answered with {refusal.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Away(f"the stream was cut ({type(error).__name__})") from None
