"""Finds braces where no template is read."""

from typing import Any, Final

from workflows.language.findings import Findings
from workflows.language.places import Path, step_of

__all__ = ["refuse_stray_templates"]

STEP_TEMPLATES: Final = frozenset(
    ["params", "wait", "set", "fail", "stop", "condition", "for_each", "key", "collect", "inputs"]
)
WAIT_TEMPLATES: Final = frozenset({"correlate", "where"})
APPROVAL_TEMPLATES: Final = frozenset(
    {"title", "description", "show", "approvers", "channel", "escalate"}
)
TRIGGER_TEMPLATES: Final = frozenset({"inputs", "where", "correlate"})
EXPRESSIONS: Final = frozenset({"if", "until"})


def refuse_stray_templates(data: Any, findings: Findings) -> None:
    """Note every ``{{`` that nobody would ever look at."""
    _refuse_strays(data, (), findings)


def _refuse_strays(value: Any, path: Path, findings: Findings) -> None:
    match value:
        case str() if "{{" in value and not _is_template(path):
            findings.add_inside(
                "stray_template",
                path,
                value.index("{{"),
                "there is no template here, so `{{` would stay as it is",
                "Leave the braces out.",
            )
        case list():
            for index, each in enumerate(value):
                _refuse_strays(each, (*path, index), findings)
        case dict():
            for key, each in value.items():
                _refuse_stray_key(str(key), each, path, findings)


def _refuse_stray_key(key: str, value: Any, path: Path, findings: Findings) -> None:
    if key.startswith("x-"):
        return
    if "{{" in key:
        findings.add_key(
            "stray_template", (*path, key), "a key cannot be a template", "Write it out."
        )
    _refuse_strays(value, (*path, key), findings)


def _is_template(path: Path) -> bool:
    """Say whether somebody reads the templates at *path*, or has a say about its braces."""
    holder = step_of(path)
    if holder:
        return _is_step_template(path[len(holder) :])
    match path:
        case (
            ("vars" | "outputs", *_) | ("settings", "channel") | ("settings", "concurrency", "key")
        ):
            return True
        case ("triggers", *inside):
            return any(key in TRIGGER_TEMPLATES for key in inside)
    return False


def _is_step_template(path: Path) -> bool:
    match path:
        case ("approval", key, *_):
            return key in APPROVAL_TEMPLATES
        case ("wait_for", key, *_):
            return key in WAIT_TEMPLATES
        case ("compensate", "params", *_):
            return True
        case ("needs" | "retry" | "switch" | "repeat" | "compensate", *_):
            return path[-1] in EXPRESSIONS
        case (key, *_):
            return key in STEP_TEMPLATES
    return False
