"""Text for Slack: masked, escaped, cut where it must be, and never able to mention or to link."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime

from baton.masking import mask
from baton.reading.text import visible

MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
PERSON = re.compile(r"[UW][A-Z0-9]{1,30}")
GROUP = re.compile(r"S[A-Z0-9]{1,30}")
ESCAPED_MENTION = re.compile(r"&lt;(@[UW][A-Z0-9]{1,30})&gt;")
MARKUP = re.compile(r"<(?!@[UW][A-Z0-9]{1,30}>|#C[A-Z0-9]{1,30}>)")
TORN = re.compile(r"(?:<[^<>]*|&[a-z]{0,3})$")  # markup or an escape that a cut went through
LONGEST = 12_000  # more is never shown, and looking for secrets in it takes its time
LINES = 40
AHEAD = 4  # how much more of a log is masked than is shown: a secret may begin before the cut


def plain(text: str) -> str:
    """Hide secrets, and remove what cannot be seen and could mislead: controls, bidi overrides."""
    return mask(visible(text[:LONGEST].replace("\r\n", "\n")))


def escape(text: str) -> str:
    """Write text from outside as mrkdwn: no mention, no link, no channel comes out of it."""
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def sentence(text: str) -> str:
    """Write a sentence of ours: people whom it mentions show their names, all else is text."""
    return ESCAPED_MENTION.sub(r"<\1>", escape(text))


def replied(text: str, involved: Collection[str], handles: Mapping[str, str]) -> str:
    """Take a reply that is Slack's markup already, and leave of its markup people and channels.

    Only who is *involved* in the thread is mentioned, by id; anybody else is written by their
    handle, since the mention may come from what a tool reported.
    """

    def named(found: re.Match[str]) -> str:
        return found[0] if found[1] in involved else f"@{escape(handles.get(found[1], found[1]))}"

    return MENTION.sub(named, MARKUP.sub("&lt;", plain(text)))


def one_line(text: str, limit: int) -> str:
    """Return the first line that says something, cut and escaped."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return escape(head(plain(first), limit))


def head(text: str, limit: int) -> str:
    """Keep the beginning: for prose."""
    if len(text) <= limit:
        return text
    note = f"… {len(text) - limit:,} characters more".replace(",", " ")
    return TORN.sub("", text[: max(0, limit - len(note) - 1)]) + note


def tail(text: str, limit: int) -> str:
    """Keep the end: for logs."""
    if len(text) <= limit:
        return text
    return "…" + text[-(limit - 1) :]


def ends(text: str, limit: int) -> str:
    """Keep both ends: for paths."""
    if len(text) <= limit:
        return text
    half = (limit - 1) // 2
    return f"{text[: limit - 1 - half]}…{text[len(text) - half :]}"


def code_block(text: str, limit: int) -> str:
    """Show *text* as a block of code that it cannot end by itself; its last lines are kept."""
    body = last_lines(tail(plain(tail(text.rstrip(), limit * AHEAD)), limit))
    return f"```\n{escape(body).replace('`', chr(39))}\n```"


def last_lines(text: str) -> str:
    """Keep the last 40 lines: a card is no log."""
    lines = text.splitlines()
    return "\n".join(["…", *lines[-LINES:]]) if len(lines) > LINES else text


def code(text: str) -> str:
    """Show *text* as code within a line."""
    return f"`{escape(' '.join(text.split())).replace('`', chr(39))}`" if text.strip() else ""


def person(who: str) -> str:
    """Write a person's id as a mention, and any other actor as it is."""
    return f"<@{who}>" if PERSON.fullmatch(who) else escape(who)


def link(url: str, label: str) -> str:
    """Return a link, or its label where the address is no web address."""
    if not url.startswith(("http://", "https://")) or any(part.isspace() for part in url):
        return escape(label)
    return f"<{escape(url).replace('|', '%7C')}|{escape(label).replace('|', '¦')}>"


def time(at: datetime, form: str = "{date_short_pretty} at {time}") -> str:
    """Write a time that each reader sees in their own zone."""
    return f"<!date^{int(at.timestamp())}^{form}|{at:%Y-%m-%d %H:%M} UTC>"


def took(start: datetime | None, end: datetime | None) -> str:
    """Write how long something took."""
    if start is None or end is None:
        return ""
    seconds = max(0.0, (end - start).total_seconds())
    if seconds < 0.1:
        return "under 0.1 s"
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
