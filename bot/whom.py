"""Whom the administrator means, who names people as Slack shows them."""

import re

from coordination import directory
from coordination.database import Reader
from coordination.errors import NotFound
from coordination.tokens import UnusableToken

_ID = re.compile(r"(?:<@)?([UW][A-Z0-9]+)(?:\|[^>]*)?>?")


async def whom(reader: Reader, said: str) -> str:
    """Return the id of the person that *said* means: ``U123``, ``<@U123>`` or ``@handle``.

    An id is taken as it is, since the directory may be younger than it.

    Raises:
        NotFound: nobody is called that.
        UnusableToken: it is no name of a person, or nobody is known yet.
    """
    if match := _ID.fullmatch(said):
        return match[1]
    handle = said.strip().lstrip("@").casefold()
    if not handle:
        raise UnusableToken(f"{said[:100]!r} is nobody's name; give the id, as U123, or @handle.")
    known = await directory.read_all(reader)
    found = directory.ids_by_handle(known).get(handle)
    if found in known.groups:
        raise UnusableToken(f"@{handle[:100]} is a group; name a person.")
    if found is None and not known:
        raise UnusableToken(
            f"Baton has read nobody from Slack yet, so it cannot say who @{handle[:100]} is. "
            "Start it first, or give the id, as U123; Slack shows it under the profile."
        )
    if found is None:
        handles = [f"@{each.handle.casefold()}" for each in known.values() if each.handle]
        raise NotFound("person", f"@{handle}", known=handles)
    return found
