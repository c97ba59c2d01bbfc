"""Writes the page that leads to all the others."""

from collections.abc import Iterable, Mapping
from typing import Final

from bot.reference.expressions import about as said_of
from bot.reference.expressions import filters
from bot.reference.language import keys
from bot.reference.language.examples import CASES, shown
from bot.reference.language.forms import about
from bot.reference.language.triggers import BESIDE
from bot.reference.language.words import NOTE
from workflows.language.codes import CODES
from workflows.language.model import Step, Trigger

__all__ = ["page"]

HEAD: Final = f"""# The workflow language
{NOTE}
A workflow is a YAML file. It says what starts it, what it is started with, and what happens, step by step. A step does one
thing: its *verb*. [Examples](../examples.md) shows whole definitions, [Expressions](../expressions.md) what may stand between
`{{{{` and `}}}}`, and [Actions](../actions.md) what a step can call.

`python -m bot validate FILE` says what is wrong with a definition, each with its place and its mend. `python -m bot schema`
writes the JSON Schema that lets an editor say it while you type: with the schema beside the file, the first line of this
example is all that an editor with a YAML language server needs.
"""
KINDS: Final[Mapping[str, str]] = {
    "verbs": "verb | does",
    "steps": "key | says",
    "top": "key | says",
    "settings": "setting | says",
    "triggers": "kind | starts a run when",
}
"""The heads of the tables, by the folder of the pages."""


def page() -> str:
    return "".join((
        HEAD,
        shown(CASES / "release.yaml"),
        _section("Verbs", "A step has exactly one.", "verbs", "Step", Step.verbs),
        _section("Keys of every step", "", "steps", "Step", keys.names("steps")),
        _section("The top of a definition", "", "top", "Workflow", keys.names("top")),
        f"| [`x-…`](top/x.md) | {keys.OWN.split('. ')[0]}. |\n",
        _section("Settings", "The keys of `settings`.", "settings", "Settings", keys.names("settings")),
        _section("Triggers", _triggers(), "triggers", "Trigger", Trigger.kinds),
        _filters(),
        _errors(),
    ))  # fmt: skip


def _section(title: str, says: str, folder: str, model: str, names: Iterable[str]) -> str:
    lines = "".join(
        f"| [`{name}`]({folder}/{name}.md) | {_first(about(model, name))} |\n" for name in names
    )
    head = f"\n## {title}\n\n" + (f"{says}\n\n" if says else "")
    return f"{head}| {KINDS[folder]} |\n|---|---|\n{lines}"


def _first(text: str) -> str:
    """Return the first sentence."""
    return text.partition(". ")[0].removesuffix(".").replace("|", "\\|") + "."


def _triggers() -> str:
    beside = ", ".join(f"`{key}`" for key in BESIDE)
    return (
        f"A trigger has exactly one of these kinds; {beside} go with each. Every workflow can be started by "
        "hand as well: `trigger` holds `kind: manual` and `by` then."
    )


def _filters() -> str:
    lines = "".join(
        f"| [`{name}`](filters/{name}.md) | {said_of(name, each)} |\n" for name, each in filters()
    )
    return f"\n## Filters\n\nExpressions pass values through them.\n\n| filter | does |\n|---|---|\n{lines}"


def _errors() -> str:
    lines = "".join(f"| [`{code}`](errors/{code}.md) | {text} |\n" for code, text in CODES.items())
    return (
        "\n## Errors\n\nEach problem that Baton finds in a definition has one of these codes. What may go wrong with a "
        "step while it runs: [Errors of steps](failures.md).\n\n"
        f"| code | means |\n|---|---|\n{lines}"
    )
