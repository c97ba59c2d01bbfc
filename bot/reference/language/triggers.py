"""Writes a page for each kind of trigger: when it starts a run, and what `trigger` holds then."""

from collections.abc import Iterator, Mapping
from typing import Final

from bot.reference.language.examples import example
from bot.reference.language.forms import about, row, table
from bot.reference.language.words import NOTE
from workflows.language.model import Trigger

__all__ = ["BESIDE", "HOLDS", "pages"]

BESIDE: Final = ("where", "inputs", "id", "enabled")
"""The keys that go with every kind."""
DUE: Final[Mapping[str, str]] = {"due_at": "the time that has come"}
HOLDS: Final[Mapping[str, Mapping[str, str]]] = {
    "event": {},
    "schedule": DUE,
    "every": DUE,
    "file": {"path": "the file, from BATON_ROOT on", "change": "`added`, `modified` or `deleted`"},
    "workflow": {
        "run_id": "of the run that ended",
        "status": "how it ended",
        "outputs": "what it gave",
    },
    "webhook": {
        "headers": "some headers of the call: content type, user agent, `webhook-id`, `webhook-timestamp`, `x-event…`",
        "body": "the JSON, the form or the text, with what looks like a secret masked",
    },
    "slack": {
        "text": "what was written",
        "reaction": "the name of the emoji that was added; null of a message",
        "user": "who wrote it, or reacted",
        "channel": "where, by its id",
        "ts": "of the message",
        "thread_ts": "of its thread, if it stands in one",
    },
    "all_of": {"events": "what happened, in the order of the triggers"},
    "absence": {"after": "the event that began the wait"},
}
"""What `trigger` holds beside `kind`; of an event, all its fields."""


def pages() -> Mapping[str, str]:
    return {f"triggers/{kind}.md": _page(kind) for kind in Trigger.kinds}


def _page(kind: str) -> str:
    return (
        f"# Trigger `{kind}`\n{NOTE}\n{about('Trigger', kind)}\n"
        f"{table(_form(kind))}\n## `trigger` holds\n\n{_holds(kind)}{example('triggers', kind)}"
        "\n## More\n\n- [All kinds of triggers](../index.md#triggers)\n"
        "- [Publish workflows](../../../howto/publish.md)\n"
    )


def _form(kind: str) -> Iterator[str]:
    yield from row("Trigger", kind, told=True)
    for key, owners in Trigger.keys.items():
        if kind in owners:
            yield from row("Trigger", key)
    for key in BESIDE:
        yield from row("Trigger", key)


def _holds(kind: str) -> str:
    if not HOLDS[kind]:
        return (
            "`trigger.kind` is `event`. Everything else is the event, field by field, as "
            "`GET /v1/events/{id}` shows it.\n"
        )
    lines = "".join(f"| `{name}` | {what} |\n" for name, what in HOLDS[kind].items())
    return f"| field | is |\n|---|---|\n| `kind` | `{kind}` |\n{lines}"
