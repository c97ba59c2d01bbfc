"""One question to the server, and what its answer means for a command."""

import json
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from baton.environment import read_environment
from baton.errors import BatonError

if TYPE_CHECKING:
    from baton.wire import Answer, Wire

__all__ = [
    "FAILED",
    "NOT_ALLOWED",
    "USAGE",
    "Stop",
    "ask",
    "connect",
    "pairs",
    "quoted",
    "show_json",
    "values",
]

FAILED, USAGE, NOT_ALLOWED = 1, 2, 4
_TRIES = 3
_LONGEST_PAUSE = 5.0


class Stop(BatonError):
    """A command ends here, with this exit code and one sentence on stderr."""

    def __init__(self, code: int, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


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


def ask(wire: "Wire", method: str, path: str, body: object = None, *, timeout: float = 10.0) -> Any:
    """Return what the server answers; one that is busy is asked again, twice at most.

    Raises:
        Stop: no answer, or a refusal; the sentence is the server's own.
    """
    from baton.wire import Unreachable  # noqa: PLC0415

    content = None if body is None else json.dumps(body).encode()
    for last in (False,) * (_TRIES - 1) + (True,):
        try:
            answer = wire.call(method, path, content, timeout=timeout)
        except Unreachable as error:
            raise Stop(FAILED, str(error)) from None
        if answer.ok:
            return answer.body
        if last or not answer.again:
            break
        pause = 0.5 if answer.retry_after is None else answer.retry_after
        time.sleep(min(pause, _LONGEST_PAUSE))
    raise _refusal(answer)


def _refusal(answer: "Answer") -> Stop:
    sentence = answer.detail
    if answer.status == 401:
        return Stop(NOT_ALLOWED, f"{sentence}; check BATON_TOKEN, or: baton login URL")
    if answer.status == 403:
        return Stop(NOT_ALLOWED, sentence)
    if answer.code == "comment-required":
        return Stop(USAGE, f"{sentence}; say why with --comment TEXT")
    places = answer.body.get("errors") if isinstance(answer.body, dict) else None
    if answer.status in (400, 422):
        return Stop(USAGE, _with_places(sentence, places))
    return Stop(FAILED, sentence)


def _with_places(sentence: str, places: object) -> str:
    if not isinstance(places, list):
        return sentence
    told = [
        f"{each.get('pointer')}: {each.get('detail')}" for each in places if isinstance(each, dict)
    ]
    new = [each for each in told if each not in sentence]
    return f"{sentence} ({'; '.join(new[:5])})" if new else sentence


def quoted(name: str) -> str:
    """Return *name* as one part of a path."""
    return quote(name, safe="")


def pairs(texts: list[str], option: str) -> dict[str, str]:
    """Read ``k=v`` texts.

    Raises:
        Stop: one of them has no name or no ``=``.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Stop(USAGE, f"{option} takes NAME=VALUE, not {text[:100]!r}")
        found[name] = value
    return found


def values(texts: list[str], option: str) -> dict[str, Any]:
    """Read ``k=v`` texts, whose values are JSON where they can be, and text where not."""
    return {name: _value(text) for name, text in pairs(texts, option).items()}


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=str)
    except ValueError:
        return text


def show_json(value: Mapping[str, Any] | list[Any]) -> None:
    """Print one JSON document on stdout."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    print()
