"""Everywhere that text can end up: what Slack was told and shows, files, logs. For looking it over."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tests.stories.box import BatonInABox
from tests.stories.life import KEY
from tests.stories.slack import PEOPLE, markup_of

WRITING = ("chat.", "views.", "response_url", "assistant.", "conversations.canvases", "reactions.")
TOKEN = re.compile(r"<[^<>]*>")


def told(baton: BatonInABox) -> list[dict[str, Any]]:
    """Return every call in which Baton wrote something into Slack."""
    return [call for call in baton.slack.calls("") if call["method"].startswith(WRITING)]


def refused(baton: BatonInABox) -> list[str]:
    """Return what Slack did not take."""
    return [
        f"{call['method']}: {call['error']}" for call in baton.slack.calls("") if not call["ok"]
    ]


def live(baton: BatonInABox) -> Iterator[str]:
    """Yield all that Slack acts upon in what Baton wrote: mentions, links, dates."""
    for call in told(baton):
        for text in (str(call["args"].get("text") or ""), *markup_of(unpacked(call["args"]))):
            yield from TOKEN.findall(text)


def unpacked(args: Any) -> Any:
    """Return arguments with the JSON that stands in them as text."""
    if not isinstance(args, dict):
        return args
    return {name: _parsed(value) for name, value in args.items()}


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def pinged(baton: BatonInABox) -> dict[str, list[str]]:
    """Return who was notified of what; who was not is left out."""
    found = {who: baton.slack.pings(who) for who in PEOPLE}
    return {who: reasons for who, reasons in found.items() if reasons}


def forms(secret: str) -> dict[str, str]:
    """Return the shapes in which *secret* could leave, by name."""
    raw = secret.encode()
    return {
        "raw": secret,
        "hex": raw.hex(),
        "base64": base64.b64encode(raw).decode().rstrip("=")[:-1],
        "backwards": secret[::-1],
        "percent": quote(secret, safe=""),
        "escaped": json.dumps(secret)[1:-1],
        "first half": secret[: len(secret) // 2],
        "second half": secret[len(secret) // 2 :],
    }


def spilled(baton: BatonInABox) -> list[str]:
    """Name each place that holds a secret which every story has: in files, the log, or Slack."""
    birth = baton.lives[0].birth
    keys = birth.server.keys
    secrets = {
        "the token of the tool": baton._token.rpartition("_")[2],
        "the token of the bot": keys.bot_token,
        "the token of the socket": keys.app_token,
        "the key of the instance": KEY,
    }
    places = {each.name: each.read_bytes() for each in birth.data.glob("baton.db*")}
    places["the log"] = repr(baton.logs).encode("utf-8", "surrogatepass")
    places["Slack"] = json.dumps(told(baton)).encode()
    return [
        f"{name} is in {place}"
        for place, held in places.items()
        for name, secret in secrets.items()
        for shape in (secret.encode(), base64.b64encode(secret.encode())[:-4])
        if shape in held
    ]


def leaks(baton: BatonInABox, secret: str, **pages: str) -> list[str]:
    """Name each place that holds *secret* in any shape: files, logs, Slack, and the given *pages*."""
    data = baton.lives[0].birth.data
    places = {
        str(path.relative_to(data)): path.read_bytes() for path in data.rglob("*") if path.is_file()
    }
    texts = {
        **pages,
        "log": repr(baton.logs),
        "calls of Slack": json.dumps(told(baton), ensure_ascii=False),
        "Slack": json.dumps(baton.slack.look("state"), ensure_ascii=False),
    }
    places |= {name: text.encode("utf-8", "surrogatepass") for name, text in texts.items()}
    return [
        f"{place}: {form}"
        for place, held in places.items()
        for form, text in forms(secret).items()
        if text.encode() in held
    ]
