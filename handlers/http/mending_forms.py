"""The forms on the page of a failed run: say that it is dealt with, or start it again otherwise. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from baton.reading.text import visible
from coordination.ports import RunView
from handlers.http.html import tag, text, void

__all__ = ["Mending", "about_again", "about_handled", "as_fields", "changes_in", "mending_forms"]

FIELD = "input."  # before the name of an input, among the fields of the form
LARGEST = 4_000  # characters of a value that the form shows
LONG = 60  # characters of a value that takes more than a line


@dataclass(frozen=True, slots=True)
class Mending:
    """What this person may do about a failed run.

    Args:
        handled: the token of the form that says what was done; None: they may not.
        again: that of the form that starts it again; None: they may not, or nothing can be changed.
        fields: what its inputs are now, as text, by name, where they can be changed here.
        secret: the inputs that only a shell gives.
    """

    handled: str | None = None
    again: str | None = None
    fields: Mapping[str, str] | None = None
    secret: tuple[str, ...] = ()


def about_handled(run: RunView) -> str:
    """Name what the form is about, for its token: this failure, and none that comes later."""
    return f"handled {run.id} {run.ended_at}"


def about_again(run: RunView) -> str:
    """Name what the form is about, for its token."""
    return f"again {run.id} {run.ended_at}"


def mending_forms(run: RunView, mending: Mending, request: str) -> str:
    """Offer what this person may do; empty where that is nothing."""
    return _handled(run, mending, request) + _again(run, mending, request)


def _handled(run: RunView, mending: Mending, request: str) -> str:
    if mending.handled is None:
        return ""
    asked = tag("textarea", "", name="reason", maxlength=2000, required="required")
    return _form(
        "handled",
        run,
        (mending.handled, request),
        tag("p", text("Then it asks nobody for anything any more. It stays failed.")),
        tag("label", "What was done about it ", asked),
        button="Mark handled",
    )


def _again(run: RunView, mending: Mending, request: str) -> str:
    if mending.again is None:
        return ""
    given = [_field(name, written) for name, written in (mending.fields or {}).items()]
    names = ", ".join(mending.secret)
    secret = (
        f"What is secret has to be given anew, from a shell: `baton again {run.label} NAME=@FILE`"
    )
    return _form(
        "again",
        run,
        (mending.again, request),
        tag("p", text("Starts a new run in the place of this one, of the revision in use now.")),
        *given,
        tag("p", text(f"{secret} ({names}).")) if mending.secret else "",
        button="Start again",
    )


def _form(what: str, run: RunView, tokens: tuple[str, str], *body: str, button: str) -> str:
    return tag(
        "form",
        *body,
        void("input", type="hidden", name="csrf", value=tokens[0]),
        void("input", type="hidden", name="request", value=tokens[1]),
        tag("div", tag("button", text(button), type="submit"), class_="buttons"),
        method="post",
        action=f"/r/{run.id}/{what}",
        class_="decision",
    )


def _field(name: str, written: str) -> str:
    label = text(f"{name} ")
    if len(written) > LONG or "\n" in written:
        return tag("label", label, tag("textarea", "\n" + text(written), name=FIELD + name))
    return tag("label", label, void("input", type="text", name=FIELD + name, value=written))


def as_fields(inputs: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """Write inputs as somebody types them; those that no form has room for stay as they are."""
    fields = {name: visible(_typed(inputs.get(name))) for name in names}
    return {name: written for name, written in fields.items() if len(written) <= LARGEST}


def _typed(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def changes_in(form: Mapping[str, str], shown: Mapping[str, str]) -> dict[str, str | None]:
    """Return what somebody changed in the form, by the name of the input; None: it was emptied."""
    typed = {name: _lines(form[FIELD + name]) for name in shown if FIELD + name in form}
    return {name: said or None for name, said in typed.items() if said != _lines(shown[name])}


def _lines(said: str) -> str:
    return said.replace("\r\n", "\n")
