"""Ids, tokens and secrets with Slack's letters, the same again for the same seed."""

import random
import uuid

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


class Ids:
    """A stream of ids. *seed* and *boot* together decide all of them.

    *boot* counts the starts on the same state file: a second start must not hand out the event
    ids of the first, because an app rightly drops an event it has seen.
    """

    def __init__(self, seed: str, boot: int = 0) -> None:
        self._random = random.Random(f"{seed}/{boot}")  # noqa: S311  repeatable on purpose

    def restart(self, seed: str) -> None:
        """Begin the stream of another seed."""
        self._random.seed(f"{seed}/0")

    def make(self, letters: str, size: int = 10) -> str:
        """Return an id such as ``Ev0KQ3…``: its letters, a zero, then *size* characters."""
        return f"{letters}0" + "".join(self._random.choices(ALPHABET, k=size))

    def short(self, size: int = 5) -> str:
        """Return a few characters, as Slack gives to a block without a block_id."""
        return "".join(self._random.choices(ALPHABET, k=size))

    def secret(self, size: int = 32) -> str:
        """Return *size* hexadecimal digits."""
        return f"{self._random.getrandbits(size * 4):0{size}x}"

    def uuid(self) -> str:
        """Return a random UUID, the form of an envelope_id."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def pick(self, count: int) -> int:
        """Return a number from 0 to *count* - 1."""
        return self._random.randrange(count)

    def chance(self) -> float:
        """Return a number from 0.0 up to 1.0."""
        return self._random.random()
