"""Text for Slack: escaped, cut where it must be, and never able to mention anybody by itself."""

import re
from datetime import datetime

HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
PERSON = re.compile(r"[UW][A-Z0-9]{4,}")


def plain(text: str) -> str:
    """Remove what cannot be seen and could mislead: controls, bidi overrides, zero-width ones."""
    return HIDDEN.sub("", text)


def escape(text: str) -> str:
    """Write text from outside as mrkdwn: no mention, no link, no channel comes out of it."""
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def head(text: str, limit: int) -> str:
    """Keep the beginning: for prose."""
    if len(text) <= limit:
        return text
    note = f"… {len(text) - limit:,} characters more".replace(",", " ")
    return text[: max(0, limit - len(note) - 1)] + note


def tail(text: str, limit: int) -> str:
    """Keep the end: for logs."""
    if len(text) <= limit:
        return text
    return "…" + text[-(limit - 1) :]


def code_block(text: str, limit: int) -> str:
    """Show *text* as a block of code that it cannot end by itself; the end is kept."""
    body = escape(tail(text.rstrip(), limit)).replace("```", "'''")
    return f"```\n{body}\n```"


def code(text: str) -> str:
    """Show *text* as code within a line."""
    return f"`{escape(text).replace('`', chr(39))}`" if text else ""


def person(who: str) -> str:
    """Write a person's id as a mention, and any other actor as it is."""
    return f"<@{who}>" if PERSON.fullmatch(who) else escape(who)


def approver(form: str) -> str:
    """Write an approver as the card shows them: people as mentions, roles and groups as words."""
    match = MENTION.fullmatch(form)
    if match:
        return form
    return person(form) if PERSON.fullmatch(form) else escape(form)


def link(url: str, label: str) -> str:
    """Return a link, or its label where the address is no web address."""
    if not url.startswith(("http://", "https://")):
        return escape(label)
    safe = escape(url).replace("|", "%7C")
    return f"<{safe}|{escape(label).replace('|', '¦')}>"


def time(at: datetime, form: str = "{date_short_pretty} at {time}") -> str:
    """Write a time that each reader sees in their own zone."""
    return f"<!date^{int(at.timestamp())}^{form}|{at:%Y-%m-%d %H:%M} UTC>"


def took(start: datetime | None, end: datetime | None) -> str:
    """Write how long something took."""
    if start is None or end is None:
        return ""
    seconds = max(0.0, (end - start).total_seconds())
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
