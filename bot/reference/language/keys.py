"""Writes a page for each key at the top of a file, each setting and each key that any step may have."""

from collections.abc import Mapping
from typing import Final

from bot.reference.language.examples import example
from bot.reference.language.forms import about, models, row, table
from bot.reference.language.words import NOTE
from workflows.language.model import Step

__all__ = ["OWN", "PARTS", "names", "pages"]

PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "top": ("Workflow", "A key at the top of a definition."),
    "settings": ("Settings", "A rule for all runs of a workflow: a key of `settings`."),
    "steps": ("Step", "A key that a step may have beside its verb."),
}
"""The folders of pages: the model whose keys they tell, and what such a key is."""
OF_SOME: Final[Mapping[str, str]] = {
    "retry": "It goes with `action` and `workflow`.",
    "repeatable": "It goes with `action`.",
    "requires_approval": "It goes with `action`.",
    "timeout": "It goes with each verb but `approval` and `wait_for`.",
    "on_error": "`continue` goes neither with `approval` nor with `requires_approval`.",
}
"""Of keys that most verbs have, which do not."""
OWN: Final = (
    "Keys that begin with `x-` belong to other programs. They are kept and mean nothing to Baton, at the top of a "
    "definition and on steps. `x-layout` holds the places of steps on a canvas."
)


def names(part: str) -> list[str]:
    """Return the keys that have a page in *part*."""
    keys = list(models()[PARTS[part][0]]["properties"])
    if part != "steps":
        return keys
    inner = {*Step.verbs, *Step.keys} - OF_SOME.keys()
    return [key for key in keys if key not in inner]


def pages() -> Mapping[str, str]:
    found = {f"{part}/{name}.md": _page(part, name) for part in PARTS for name in names(part)}
    return {**found, "top/x.md": f"# `x-…`\n{NOTE}\n{OWN}\n{example('top', 'x')}"}


def _page(part: str, name: str) -> str:
    model, what = PARTS[part]
    some = f" {OF_SOME[name]}" if part == "steps" and name in OF_SOME else ""
    head = f"# `{name}`\n{NOTE}\n{what}{some}\n\n{about(model, name)}\n"
    return f"{head}{table(row(model, name, told=True))}{example(part, name)}"
