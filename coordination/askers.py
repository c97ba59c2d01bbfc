"""Who stands behind a question: whoever asked, launched or owns what asks. None of them answers it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from baton.parts import Actor
from coordination import directory
from coordination.database import Row, Transaction
from coordination.questions import is_person
from coordination.store import processes

MOST_ABOVE = 16  # parents of a process; what launched it is rarely further away than one


def behind_run(tx: Transaction, run: Row) -> tuple[str, ...]:
    """Return who started *run*, and who stands behind the process whose event did."""
    trigger: Mapping[str, Any] = run.trigger or {}
    actor = trigger.get("actor")
    found = [run.requested_by, run.started_by]
    if isinstance(actor, Mapping):
        found += _named(Actor(actor.get("id"), None, actor.get("email"), actor.get("kind", "user")))
    namespace, process_id = trigger.get("namespace"), trigger.get("process_id")
    if isinstance(namespace, str) and isinstance(process_id, str):
        found += _family(tx, processes.by_id(tx, namespace, process_id))
    return _once(tx, found)


def behind_process(
    tx: Transaction, process_key: int, asking: Iterable[str | None] = ()
) -> tuple[str, ...]:
    """Return who owns a process, or what it is a part of, with those who stand behind the very report.

    Its source counts as well: a machine does not answer what it asks itself.
    """
    return _once(tx, (*_family(tx, processes.by_key(tx, process_key)), *asking))


def behind_report(owner: str | None, actor: Actor | None) -> tuple[str | None, ...]:
    """Return who stands behind one report: the owner of its token, and whom the tool says it acts for."""
    return (owner, *(_named(actor) if actor is not None else ()))


def _family(tx: Transaction, row: Row | None) -> Iterator[str | None]:
    if row is None:
        return
    yield row.owner
    yield f"source:{row.source}"
    for _ in range(MOST_ABOVE):
        above = processes.by_key(tx, row.parent_key) if row.parent_key is not None else None
        if above is None:
            return
        yield above.owner
        row = above


def _named(actor: Actor) -> Iterator[str | None]:
    if actor.kind == "user":
        yield actor.id
        yield actor.email


def _once(tx: Transaction, found: Iterable[str | None]) -> tuple[str, ...]:
    """Return each who can be told from a name out of the blue: an id, a handle, an address, a source.

    The addresses of people are kept with them as they are now: who changes theirs, or closes the
    account, is the same human still.
    """
    told = [each for each in found if each and _is_somebody(each)]
    known = [directory.person(tx, each) for each in dict.fromkeys(told) if is_person(each)]
    addresses = [each.email for each in known if each is not None and each.email]
    return tuple(dict.fromkeys((*told, *addresses)))


def _is_somebody(name: str) -> bool:
    return is_person(name) or "@" in name or name.startswith("source:")
