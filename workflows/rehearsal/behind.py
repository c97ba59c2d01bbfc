"""Who stands behind a rehearsed run: none of them answers what it asks, unless a question allows it."""

from collections.abc import Mapping

from coordination.questions import is_person
from workflows.runs import RunRecord

__all__ = ["behind", "plain"]


def behind(run: RunRecord) -> tuple[str, ...]:
    """Return who started *run*, and whom the tool acted for whose event did."""
    actor = run.trigger.get("actor")
    found: list[str | None] = [run.started_by]
    if isinstance(actor, Mapping) and actor.get("kind", "user") == "user":
        found += [actor.get("id"), actor.get("email")]
    return tuple(plain(each) for each in found if each and (is_person(each) or "@" in each))


def plain(person: str) -> str:
    """Return a mention as the id in it, and anything else as it is."""
    return person[2:-1] if person.startswith("<@") and person.endswith(">") else person
