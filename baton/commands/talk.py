"""One question to the server, and what its answer means for a command."""

import sys
import time

from baton.environment import read_environment
from baton.errors import BatonError

TYPE_CHECKING = False
if TYPE_CHECKING:  # these are slow to import
    from typing import Any

    from baton.wire import Answer, Wire

__all__ = [
    "FAILED",
    "NOT_ALLOWED",
    "REJECTED",
    "TIMED_OUT",
    "USAGE",
    "Away",
    "Stop",
    "ask",
    "connect",
    "is_interrupt",
    "quoted",
    "refusal",
    "say",
]

FAILED, USAGE, REJECTED, NOT_ALLOWED, TIMED_OUT = 1, 2, 3, 4, 5
_TRIES = 3
_LONGEST_PAUSE = 5.0


class Stop(BatonError):
    """A command ends here, with this exit code and one sentence on stderr."""

    def __init__(self, code: int, sentence: str, *, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        super().__init__(sentence)


class Away(Stop):
    """The server cannot be reached, or cannot answer now: the same request may succeed later."""

    def __init__(self, sentence: str, pause: float | None = None) -> None:
        self.pause = pause
        super().__init__(FAILED, sentence)


def connect() -> "Wire":
    """Return the way to the configured server.

    Raises:
        Stop: none is configured, or its address cannot be read.
    """
    from baton.wire import BadAddress, Wire  # noqa: PLC0415 - 50 ms that ``baton run`` can spare

    environment = read_environment()
    if not environment.url:
        raise Stop(
            NOT_ALLOWED,
            "no server is configured; set BATON_URL and BATON_TOKEN, or: baton login URL",
        )
    try:
        return Wire(environment.url, environment.token)
    except BadAddress as error:
        raise Stop(NOT_ALLOWED, str(error)) from None


def ask(
    wire: "Wire",
    method: str,
    path: str,
    body: object = None,
    *,
    timeout: float = 10.0,
    steadily: bool = False,
) -> "Any":
    """Return what the server answers; one that is busy is asked again, twice at most.

    Args:
        wire: the way to the server.
        method: of HTTP.
        path: with its query.
        body: what is sent as JSON.
        timeout: in seconds, for each try.
        steadily: ask again also where no answer came, for what may be done twice without harm.

    Raises:
        Away: no answer, or none that means anything.
        Stop: a refusal; the sentence is the server's own.
    """
    for last in (False,) * (_TRIES - 1) + (True,):
        try:
            return _once(wire, method, path, body, timeout)
        except Away as away:
            if last or (away.pause is None and not steadily):
                raise
            time.sleep(min(0.5 if away.pause is None else away.pause, _LONGEST_PAUSE))
    raise AssertionError  # pragma: no cover - the last try returns or raises


def _once(wire: "Wire", method: str, path: str, body: object, timeout: float) -> "Any":
    import json  # noqa: PLC0415 - as the next: ``baton run`` asks nothing

    from baton.wire import Unreachable  # noqa: PLC0415

    content = None if body is None else json.dumps(body).encode()
    try:
        answer = wire.call(method, path, content, timeout=timeout)
    except Unreachable as error:
        raise Away(str(error)) from None
    if answer.ok:
        return answer.body
    if answer.again:
        pause = 0.5 if answer.retry_after is None else answer.retry_after
        raise Away(answer.detail, pause)
    raise refusal(answer)


def refusal(answer: "Answer") -> Stop:
    """Return how a command ends that was answered so."""
    sentence, reason = answer.detail, answer.code
    if answer.status == 401:
        hint = f"{sentence}; check BATON_TOKEN, or: baton login URL"
        return Stop(NOT_ALLOWED, hint, reason=reason)
    if answer.status == 403:
        return Stop(NOT_ALLOWED, sentence, reason=reason)
    if answer.code == "comment-required":
        return Stop(USAGE, f"{sentence}; say why with --comment TEXT", reason=reason)
    places = answer.body.get("errors") if isinstance(answer.body, dict) else None
    if answer.status in (400, 422):
        return Stop(USAGE, _with_places(sentence, places), reason=reason)
    return Stop(FAILED, sentence, reason=reason)


def _with_places(sentence: str, places: object) -> str:
    if not isinstance(places, list):
        return sentence
    new = [
        f"{each.get('pointer')}: {each.get('detail')}"
        for each in places
        if isinstance(each, dict) and str(each.get("detail")) not in sentence
    ]
    return f"{sentence} ({'; '.join(new[:5])})" if new else sentence


def quoted(name: str) -> str:
    """Return *name* as one part of a path."""
    from urllib.parse import quote  # noqa: PLC0415 - slow to load, and ``baton run`` does not need it

    return quote(name, safe="")


def is_interrupt(error: BaseException) -> bool:
    """Say whether *error* is a Ctrl-C; in the middle of an import it may come wrapped."""
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, KeyboardInterrupt)


def say(sentence: str) -> None:
    """Tell the person something, on stderr: stdout is for data."""
    print(f"baton: {sentence}", file=sys.stderr)
