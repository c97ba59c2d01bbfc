"""Puts into an event what is found around the program: the revision, the CI run, the agent."""

import time
from collections.abc import Mapping
from functools import cache

from baton.collected.agent import agent_key
from baton.collected.ci import CI, read_ci
from baton.collected.git import read_git

__all__ = ["Surroundings", "with_surroundings"]

FRESH = 10.0  # s; a program may change what it works on, by a commit for one
_MOST_PLACES = 100
_ABOUT_CODE = frozenset({"repo", "sha", "ref", "pr"})


def with_surroundings(
    body: Mapping[str, object], where: str, variables: Mapping[str, str]
) -> dict[str, object]:
    """Return *body* with subject, keys and actor as found from the folder *where*.

    What the program says itself counts: a subject that names code of its own is left as it is.
    """
    found = _seen().at(where, variables)
    event = {**found, **body}
    keys = [*_list(body.get("keys")), *_list(found.get("keys"))]
    if keys:
        event["keys"] = list(dict.fromkeys(keys))
    given, about = body.get("subject"), found.get("subject")
    if isinstance(given, dict) and isinstance(about, dict) and not given.keys() & _ABOUT_CODE:
        event["subject"] = {**about, **given}
    return event


class Surroundings:
    """What was found, for each folder, a short while ago."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, dict[str, object]]] = {}

    def at(self, where: str, variables: Mapping[str, str]) -> dict[str, object]:
        """Return subject, keys and actor, as an event has them."""
        now = time.monotonic()
        known = self._known.get(where)
        if known is not None and now - known[0] < FRESH:
            return known[1]
        if len(self._known) >= _MOST_PLACES:
            self._known.clear()
        found = _find(where, variables)
        self._known[where] = (now, found)
        return found


@cache
def _seen() -> Surroundings:
    return Surroundings()


def _find(where: str, variables: Mapping[str, str]) -> dict[str, object]:
    run = read_ci(variables)
    agent = agent_key(variables)
    subject = read_git(where, variables) if run is None else _of_run(run, where, variables)
    keys = [key for key in (run and run.key, agent) if key]
    found: dict[str, object] = {}
    if subject.keys() - {"default_branch"}:
        found["subject"] = subject
    if keys:
        found["keys"] = keys
    if run is not None and run.actor:
        kind = "bot" if run.actor.endswith("[bot]") else "user"
        found["actor"] = {"id": run.actor, "kind": kind}
    return found


def _of_run(run: CI, where: str, variables: Mapping[str, str]) -> dict[str, object]:
    """Let git say what the service does not; its branch is none, for services check out a revision."""
    if run.subject.keys() >= {"repo", "sha"}:
        return run.subject
    of_git = read_git(where, variables)
    of_git.pop("ref", None)
    return {**of_git, **run.subject}


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
