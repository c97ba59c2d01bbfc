"""What a name means that people type: a run, an approval, a thread or a process."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from baton.commands.showing import error_of, line, number_of, waits
from baton.commands.talk import FAILED, REJECTED, TIMED_OUT, Stop, ask, quoted

if TYPE_CHECKING:
    from baton.wire import Wire

__all__ = ["Place", "ended", "outcome", "place_of", "summary"]

Kind: TypeAlias = Literal["run", "approval", "thread", "process"]

_FORMS: tuple[tuple[Kind, "re.Pattern[str]"], ...] = (
    ("run", re.compile(r"(?i:R-\d+)|run_[0-9A-Za-z]+|last")),
    ("approval", re.compile(r"(?i:A-\d+)|ap_[0-9A-Za-z]+")),
    ("thread", re.compile(r"th_[0-9A-Za-z]+")),
)
_FOLDERS = {"run": "runs", "approval": "approvals", "thread": "threads", "process": "processes"}
_OPEN = ("open", "checking")
_RUN_ENDS = ("completed", "failed", "cancelled")
_PROCESS_ENDS = ("completed", "failed", "rejected", "cancelled", "skipped")
_GOOD = ("completed", "skipped")


class Place:
    """Where something is to be looked at."""

    def __init__(self, kind: Kind, ref: str) -> None:
        self.kind = kind
        self.path = f"/v1/{_FOLDERS[kind]}/{quoted(ref)}"


def place_of(wire: "Wire", ref: str) -> Place:
    """Say what *ref* means: ``R-7``, ``A-17``, ``th_…``, ``ci:build-42``, or a process of one's own.

    Raises:
        Stop: nobody answers, or there is nothing of that name.
    """
    for kind, form in _FORMS:
        if form.fullmatch(ref):
            return Place(kind, ref)
    if ":" in ref:
        return Place("process", ref)
    me = ask(wire, "GET", "/v1/whoami")
    process = Place("process", f"{me.get('namespace')}:{ref}")
    try:
        ask(wire, "GET", process.path)
    except Stop as missing:
        if missing.reason != "not-found":
            raise
        return _thread(wire, ref, missing)
    return process


def _thread(wire: "Wire", ref: str, missing: Stop) -> Place:
    """Return the thread that a tool called *ref*."""
    thread = Place("thread", ref)
    try:
        ask(wire, "GET", thread.path)
    except Stop as error:
        if error.reason in ("not-found", "forbidden-scope"):
            raise missing from None
        raise
    return thread


def ended(kind: Kind, thing: Mapping[str, Any]) -> bool:
    """Say whether nothing more will come of *thing*."""
    if kind == "approval":
        return thing.get("state") not in _OPEN
    if kind == "thread":
        return all(_is_over(each) for each in _parts(thing))
    return thing.get("status") in (_RUN_ENDS if kind == "run" else _PROCESS_ENDS)


def _parts(thread: Mapping[str, Any]) -> list[tuple[Kind, Mapping[str, Any]]]:
    names: tuple[tuple[Kind, str], ...] = (
        ("process", "processes"),
        ("run", "runs"),
        ("approval", "approvals"),
    )
    return [(kind, each) for kind, name in names for each in thread.get(name) or ()]


def _is_over(part: tuple[Kind, Mapping[str, Any]]) -> bool:
    return ended(*part)


def outcome(kind: Kind, thing: Mapping[str, Any]) -> int:
    """Return the exit code for how *thing* ended: 0, 3 for a bad end, 5 for an unanswered question."""
    if kind == "approval":
        return _verdict(thing)
    if kind == "thread":
        bad = [
            part
            for part in _parts(thing)
            if part[0] != "approval" and part[1].get("status") not in _GOOD
        ]
        return REJECTED if bad else 0
    return 0 if thing.get("status") in _GOOD else REJECTED


def _verdict(approval: Mapping[str, Any]) -> int:
    state = approval.get("state")
    if state == "expired" or approval.get("via") == "timer":
        return TIMED_OUT
    if state == "rejected":
        return REJECTED
    return 0 if state in ("approved", "answered") else FAILED


def summary(kind: Kind, thing: Mapping[str, Any]) -> str:
    """Say in one line how *thing* stands."""
    if kind == "run":
        word = thing.get("status")
        return line(number_of(thing), thing.get("workflow"), word, waits(thing) or error_of(thing))
    if kind == "approval":
        return line(thing.get("label") or thing.get("id"), thing.get("state"), thing.get("prompt"))
    if kind == "thread":
        counted = [f"{each.get('status') or each.get('state')}" for _, each in _parts(thing)]
        return line(thing.get("id"), thing.get("title"), ", ".join(counted))
    name = f"{thing.get('namespace')}:{thing.get('process_id')}"
    return line(name, thing.get("status"), thing.get("name"), error_of(thing))
