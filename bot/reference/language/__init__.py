"""Writes ``docs/reference/language``: a page for each verb, key, setting, kind of trigger, filter and error."""

from collections.abc import Mapping

from bot.reference.language import contents, errors, failures, filters, keys, triggers, verbs

__all__ = ["pages"]


def pages() -> Mapping[str, str]:
    """Return every page by its place in the folder."""
    parts = (verbs.pages(), keys.pages(), triggers.pages(), errors.pages(), filters.pages())
    found = {place: text for part in parts for place, text in part.items()}
    return {"index.md": contents.page(), "failures.md": failures.page(), **found}
