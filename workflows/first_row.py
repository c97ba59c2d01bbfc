"""The first row of a journal, of which the database holds each thing once: here, or in the row of its run.

What of a run is written into it when the run is made, and never changes: what is left out here is put
in again when the journal is read, so that it has the very text that was sealed. The rows of earlier
versions hold all of it, and read the same.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workflows.core.codec import canonical, read_back
from workflows.runs import Entry, RunRecord

__all__ = ["filled", "shortened"]

_KIND = "RunStarted"
_SHORT = "short"  # a member of the text that was made shorter


def shortened(run: RunRecord, entry: Entry) -> str:
    """Return the text of *entry* without what its run says; all of it, where that would lose anything."""
    if entry.kind != _KIND:
        return entry.data
    held: dict[str, Any] = read_back(entry.data.encode())
    fact, known = held.get("fact"), _known(run, entry)
    if not isinstance(fact, dict):  # it is sealed
        return entry.data
    about = _without(fact.get("run", {}), known.pop("run"))
    kept = {**_without(fact, known), "run": about}
    if about.get("thread_url") == about.get("url"):  # nothing was posted yet
        about.pop("thread_url", None)
    short = canonical({**held, "fact": kept, _SHORT: 1}).decode()
    return short if filled(run, replace(entry, data=short)) == entry.data else entry.data


def filled(run: RunRecord, entry: Entry) -> str:
    """Return the text of *entry* as it was before it was `shortened`, if it was."""
    if entry.kind != _KIND:
        return entry.data
    held: dict[str, Any] = read_back(entry.data.encode())
    if held.pop(_SHORT, None) is None:
        return entry.data
    fact, known = held["fact"], _known(run, entry)
    about = {**known["run"], **fact["run"]}
    about.setdefault("thread_url", about.get("url"))
    return canonical({**held, "fact": {**known, **fact, "run": about}}).decode()


def _known(run: RunRecord, entry: Entry) -> dict[str, Any]:
    """Return the fact as far as the rows of the run and of the journal say it."""
    at = entry.at.isoformat()
    return {
        "at": at,
        "inputs": run.inputs,
        "trigger": run.trigger,
        "workflow": {"name": run.workflow, "revision": run.hash},
        "run": {
            "folder": f"runs/{run.id}",
            "id": run.id,
            "inputs": run.inputs,
            "number": run.number,
            "started_at": at,
            "started_by": run.started_by,
        },
    }


def _without(said: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in said.items() if name not in known or known[name] != value
    }
