"""What is known of a run before anybody has said which workflow it is of."""

from collections import OrderedDict
from collections.abc import Mapping

from coordination.world import Ids

KEPT = 200


class Drafts:
    """Remembers the newest drafts of this life of the program, each for the person who made it.

    A form holds only the id of its draft: a message may be longer than what a form can carry. One
    that was forgotten is begun again from the message.
    """

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._kept: OrderedDict[str, tuple[str, Mapping[str, str]]] = OrderedDict()

    def keep(self, person: str, facts: Mapping[str, str]) -> str:
        """Keep *facts* and return the id under which *person* finds them again."""
        name = self._ids.new("draft")
        self._kept[name] = (person, dict(facts))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return name

    def read(self, name: str, person: str) -> Mapping[str, str] | None:
        """Return the facts, or None: forgotten, or another person's."""
        owner, facts = self._kept.get(name, ("", {}))
        return facts if owner == person else None
