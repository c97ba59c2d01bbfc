"""Writes a page for each verb: what it does, what it takes, what it gives, and an example."""

from collections.abc import Iterator, Mapping
from typing import Final

from bot.reference.language.examples import EXAMPLES, shown
from bot.reference.language.forms import about, row, table
from bot.reference.language.outputs import FIELDS, OUTPUTS
from bot.reference.language.words import NOTE
from workflows.language.model import Step

__all__ = ["pages"]

FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "wait_for": ("wait_for_event", "wait_for_signal"),
    "workflow": ("child", "parent_and_children", "monitor"),
}
"""The examples of verbs that have more than the one that is called like them."""
MORE: Final[Mapping[str, str]] = {
    "action": "[Actions](../../actions.md)",
    "approval": "[Ask people, and answer](../../../howto/approvals.md)",
    "wait_for": "[Wait for events](../../../howto/wait-for-events.md)",
    "workflow": "[Publish workflows](../../../howto/publish.md)",
}


def pages() -> Mapping[str, str]:
    return {f"verbs/{verb}.md": _page(verb) for verb in Step.verbs}


def _page(verb: str) -> str:
    files = FILES.get(verb, (verb,))
    parts = [
        f"# `{verb}`\n{NOTE}\n{about('Step', verb)}\n",
        table(_form(verb)),
        f"\n## Output\n\n{OUTPUTS[verb]}\n{_fields(verb)}",
        f"\n## Example{'s'[: len(files) > 1]}\n",
        *(shown(EXAMPLES / f"{file}.yaml") for file in files),
        f"\n## More\n\n{''.join(_links(verb))}",
    ]
    return "".join(parts)


def _form(verb: str) -> Iterator[str]:
    yield from row("Step", verb, told=True)
    for key, owners in Step.keys.items():
        if verb in owners and key not in ("retry", "repeatable", "requires_approval"):
            yield from row("Step", key)


def _fields(verb: str) -> str:
    fields = FIELDS.get(verb)
    if fields is None:
        return ""
    lines = "".join(f"| `{name}` | {what} |\n" for name, what in fields.items())
    return f"\n| field | is |\n|---|---|\n{lines}"


def _links(verb: str) -> Iterator[str]:
    yield "- [Keys of every step](../index.md#keys-of-every-step)\n"
    if verb in MORE:
        yield f"- {MORE[verb]}\n"
    yield "- [Examples of patterns](../../examples.md)\n"
