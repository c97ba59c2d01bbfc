"""What Baton says about its own telling: digests, roll-ups, what somebody follows, and notes on cards."""

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.slack.blocks import (
    BLOCKS,
    Shown,
    at_rung,
    context,
    fit,
    header,
    length,
    lines,
    section,
)
from bot.slack.text import MENTION, ends, escape, head, link, plain, time
from bot.slack.views.approvals import asked
from bot.slack.views.threads import thread_word
from bot.slack.views.words import icon
from coordination.questions import Approval
from coordination.threads_view import ThreadView

TITLE = 120
CAUSE = 300
NOTE = 400
NAMED = re.compile(
    r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>|<!subteam\^([A-Z0-9]{1,30})(?:\|([^<>]*))?>"
)
HERE = re.compile(r"<!(here|channel|everyone)(?:\|[^<>]*)?>")


@dataclass(frozen=True, slots=True)
class Line:
    """A thread in a list: what it is about, how it stands, where, and how much of it was not said."""

    title: str
    word: str
    url: str | None
    count: int


def digest_card(found: Sequence[Line], *, since: datetime, until: datetime, rung: int) -> Shown:
    """Draw what was left to the cards for a while."""
    count = sum(each.count for each in found)
    text = f"What you did not hear of: {count} in {len(found)} thread{'s'[: len(found) != 1]}."
    rows = [f"{row(each)} · {each.count}" for each in found]
    blocks = [
        header("What you did not hear of", "h"),
        section(lines(rows), "r"),
        context(f"{time(since)} to {time(until)}", "c"),
    ]
    return at_rung(fit(text, blocks), rung, None)


def rollup_card(
    cause: str, count: int, newest: datetime, found: Sequence[Line], *, rung: int
) -> Shown:
    """Draw many failures of one cause as one."""
    text = f":x: {count} similar failures, newest {time(newest, '{time}')}"
    about = escape(head(plain(cause), CAUSE))
    blocks = [section(f"*{text}*\n> {about}", "h")]
    if found:
        blocks.append(section(lines([row(each) for each in found]), "r"))
    return at_rung(fit(f"{count} similar failures: {about}", blocks), rung, None)


def follow_card(thread: ThreadView, *, public_url: str, rung: int) -> Shown:
    """Draw what somebody who follows a thread is told; it changes with the word alone."""
    word = thread_word(thread)
    title = escape(ends(plain(thread.title), TITLE))
    where = thread.url or (f"{public_url}/r/{thread.runs[-1].label}" if thread.runs else "")
    shown = f"{icon(word)} *{word}* · {link(where, thread.title[:TITLE]) if where else title}"
    note = "You follow this. `/baton unsubscribe` ends it."
    return at_rung(
        fit(f"{title}: {word}", [section(shown, "h"), context(note, "c")]), rung, where or None
    )


def reminder(approval: Approval, people: Mapping[str, str], *, rung: int) -> Shown | None:
    """Name those who were asked while it was quiet; nothing, once it is answered."""
    if approval.ended:
        return None
    title = escape(head(plain(approval.title), TITLE))
    text = f"{approval.label} still waits for {asked(approval, people)}: {title}"
    return at_rung(fit(text, [section(text, "h")]), rung, None)


def row(found: Line) -> str:
    title = ends(plain(found.title), TITLE)
    named = link(found.url, title) if found.url else escape(title)
    return f"{icon(found.word)} {named} · {found.word}"


def noted(shown: Shown, note: str) -> Shown:
    """Return the message with a note below it; a message that is full says it in its text alone."""
    size = sum(length(block) for block in shown.blocks)
    if not shown.blocks:
        return replace(shown, text=head(f"{shown.text} {note}", NOTE))
    if len(shown.blocks) >= BLOCKS or size + len(note) > 10_900:
        return shown
    return replace(shown, blocks=(*shown.blocks, context(note, "note")))


def without_mentions(
    shown: Shown, handles: Mapping[str, str], only: Container[str] | None = None
) -> Shown:
    """Return the message with names in place of mentions: nobody is notified of it, or not *only* they.

    *handles* are by id; who is not known shows as their id.
    """

    def named(found: re.Match[str]) -> str:
        known = found[1] or found[2]
        if only is not None and known not in only:
            return found[0]
        return f"@{escape(handles.get(known) or (found[3] or '').lstrip('@') or known)}"

    def quiet(text: str) -> str:
        said = NAMED.sub(named, text)
        return said if only is not None else HERE.sub(lambda found: f"@{found[1]}", said)

    return Shown(quiet(shown.text), tuple(mapped(block, quiet) for block in shown.blocks))


def mentions(shown: Shown) -> bool:
    """Say whether the message would notify somebody by name."""
    text = markup(shown)
    return bool(NAMED.search(text) or HERE.search(text))


def mentioned(shown: Shown) -> tuple[str, ...]:
    """Return the ids of the people whom the message would notify, each once."""
    return tuple(dict.fromkeys(MENTION.findall(markup(shown))))


def markup(shown: Shown) -> str:
    """Return everything in the message in which Slack would find a mention."""
    texts = [shown.text]

    def look(text: str) -> str:
        texts.append(text)
        return text

    for block in shown.blocks:
        mapped(block, look)
    return "\n".join(texts)


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return a block with *change* applied to its markup; what plain text says stays."""
    if isinstance(value, Mapping):
        if value.get("type") == "mrkdwn":
            return {**value, "text": change(str(value["text"]))}
        return {name: mapped(item, change) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [mapped(item, change) for item in value]
    return value
