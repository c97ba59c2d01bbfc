"""What people write or do in Slack, and whether a trigger asks for it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coordination.bus_reading import moment_of

__all__ = ["ANY", "Spoken", "could_fit", "fits", "says"]

ANY = "*"
"""Stands for any text in what a trigger asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A message that a person wrote, or a reaction that somebody put to one.

    Args:
        team: the workspace.
        channel: its id.
        ts: of the message: with the channel it names it for ever.
        user: who wrote it, or reacted.
        text: of the message, freed of Slack's escapes; None where it is not known.
        thread_ts: of the thread in which the message is a reply.
        reaction: the name of the emoji; None: it is the message itself.
        name: of the channel, as ``#name``; None where it is not known.
    """

    team: str
    channel: str
    ts: str
    user: str
    text: str | None = None
    thread_ts: str | None = None
    reaction: str | None = None
    name: str | None = None

    @property
    def identity(self) -> str:
        """Under what it is known however often it arrives, and whatever the message says later."""
        place = f"{self.team}:{self.channel}:{self.ts}"
        return f"{place}:{self.reaction}:{self.user}" if self.reaction else place

    @property
    def at(self) -> datetime:
        """When the message was posted."""
        return moment_of(self.ts)

    def told(self) -> dict[str, Any]:
        """Return what stands under ``trigger``."""
        return {
            "text": self.text,
            "user": self.user,
            "channel": self.channel,
            "ts": self.ts,
            "thread_ts": self.thread_ts,
            "reaction": self.reaction,
        }


def could_fit(wanted: Mapping[str, str], said: Spoken) -> bool:
    """Say whether *said* may be asked for, as far as is known; the name of its channel is not."""
    if wanted.get("reaction") != _plain(said.reaction):
        return False
    channel, message = wanted.get("channel"), wanted.get("message")
    if not (channel is None or channel.startswith("#") or channel == said.channel):
        return False
    return message is None or said.text is None or says(message, said.text)


def fits(wanted: Mapping[str, str], said: Spoken) -> bool:
    """Say whether a trigger asks for *said*; *wanted* is what stands under its key ``slack``.

    With a reaction and a message it asks for that reaction to a message that says so.
    """
    if not could_fit(wanted, said):
        return False
    if wanted.get("channel") not in (None, said.channel, said.name):
        return False
    return said.text is not None or wanted.get("message") is None


def says(pattern: str, text: str) -> bool:
    """Say whether a message says what *pattern* asks for, whatever the case and the spaces.

    Plain words may stand anywhere in it, as whole words. A pattern with ``*`` is about all of it.
    """
    wanted, given = _even(pattern), _even(text)
    if ANY in wanted:
        return _is_all(wanted.split(ANY), given)
    return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", given) is not None


def _is_all(parts: list[str], given: str) -> bool:
    """Say whether *given* is made of *parts* in their order, with anything between them."""
    first, *inner, last = parts
    if not given.startswith(first):
        return False
    place = len(first)
    for part in inner:
        found = given.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return len(given) - len(last) >= place and given.endswith(last)


def _even(text: str) -> str:
    return " ".join(text.split()).casefold()


def _plain(reaction: str | None) -> str | None:
    """Return the name of an emoji without its skin tone."""
    return None if reaction is None else reaction.partition("::")[0]
