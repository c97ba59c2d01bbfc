"""Writes ``docs/reference/slack-commands.md`` from the verbs, words, shortcuts and events as they are."""

from collections.abc import Iterator

from bot.slack.manifest import EVENTS, SHORTCUTS
from handlers.slack import ids
from handlers.slack.mentions import WORDS
from handlers.slack.verb import Verb
from handlers.slack.verbs import VERBS

HEAD = f"""# Slack commands

<!-- Written by `python -m bot.reference`; a test compares. Change the code, not this page. -->

Everything is typed after `{ids.COMMAND}`, in any channel or direct message, but not inside a thread: Slack does not
take commands there. Answers are seen by nobody else.

Verbs may be written in any case. A value that holds spaces stands in quotes; `key:value` has no space after the colon.
A run is `R-3`, `last`, or the beginning of its id; an approval is `A-17`.
"""
TAIL = """
## In threads

Mention Baton in a thread of its own. `status`, `why` and `approvals` are answered there for everybody, anything else only
to who asked.

| word | says |
|---|---|
"""
MENUS = """
## In Slack's menus

| name | where | does |
|---|---|---|
"""
HEARD = """
## What Slack tells Baton

| event | scope |
|---|---|
"""


def reference() -> str:
    """Return the whole page."""
    words = "".join(f"| `@Baton {word}` | {about} |\n" for word, about in WORDS.items())
    menus = "".join(
        f"| {each['name']} | {'a message' if each['type'] == 'message' else 'everywhere'} "
        f"| {each['description']} |\n"
        for each in SHORTCUTS
    )
    events = "".join(
        f"| `{name}` | {', '.join(f'`{scope}`' for scope in scopes) or 'none'} |\n"
        for name, scopes in sorted(EVENTS.items())
    )
    return f"{HEAD}{''.join(of_verbs())}{TAIL}{words}{MENUS}{menus}{HEARD}{events}"


def of_verbs() -> Iterator[str]:
    """Describe each verb under its group, in the order of help."""
    for group in dict.fromkeys(verb.group for verb in VERBS):
        yield f"\n## {group}\n"
        yield from (of_verb(verb) for verb in VERBS if verb.group == group)


def of_verb(verb: Verb) -> str:
    about = f"{verb.about[0].upper()}{verb.about[1:]}."
    example = (
        f"\n\nFor example `{ids.COMMAND} {verb.example}`." if verb.example != verb.usage else ""
    )
    return f"\n### `{verb.name}`\n\n`{ids.COMMAND} {verb.usage}`\n\n{about}{example}\n"
