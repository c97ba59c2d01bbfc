"""A rehearsal in Slack: its beginning, line by line, and how it stands in the end."""

from collections.abc import Sequence

from bot.slack.blocks import Shown, context, fit, section
from bot.slack.text import code, code_block, escape, one_line
from handlers.slack.answers import Rehearsed

LINES = 36  # a block of code shows no more than 40
LONGEST = 2_400


def rehearsal(answer: Rehearsed) -> Shown:
    """Draw what would happen, as far as there is room for it."""
    name = code(answer.name)
    waits = f"\n{one_line(answer.waiting_for, 400)}" if answer.waiting_for else ""
    text = f"Rehearsal of {name}: {escape(answer.status)}"
    blocks = [
        section(f"*{text}*{waits}", "h"),
        section(code_block(beginning(answer.lines), LONGEST), "l"),
        context("Nothing was performed. What actions gave are samples of their results.", "c"),
    ]
    return fit(text, blocks)


def beginning(lines: Sequence[str]) -> str:
    """Keep the first lines that fit, and say how many are missing."""
    kept, room = list[str](), LONGEST - 60
    for line in lines[:LINES]:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    missing = len(lines) - len(kept)
    more = f"… and {missing} more; `python -m bot dry-run` shows them all"
    return "\n".join([*kept, more] if missing else kept)
