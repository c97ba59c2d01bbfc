"""Where the story stands, seen from outside, and when to strike."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

# What is going on, in the order of the story, and how long it lasts, in s, on a middling machine.
MOMENTS = {
    "start": 3.5,
    "build": 0.5,
    "tests": 3.0,
    "question": 0.4,
    "deploy": 0.3,
    "verify": 0.2,
    "second build": 0.6,
    "second tests": 3.0,
    "second question": 0.4,
    "end": 0.4,
}
NAMES = tuple(MOMENTS)
BAG = (*NAMES, "start", "deploy")  # drawn from until it is empty, then filled again

_FACTS = """
SELECT (SELECT count(*) FROM processes WHERE process_id LIKE 'build-web-%'),
       (SELECT count(*) FROM runs),
       (SELECT count(*) FROM approvals),
       (SELECT count(*) FROM journal WHERE path = 'deploy' AND kind = 'intent'),
       (SELECT count(*) FROM steps WHERE path = 'deploy' AND status = 'completed'),
       (SELECT count(*) FROM runs WHERE status IN ('completed', 'failed'))
"""


@dataclass(frozen=True)
class Kill:
    """Strike *delay* s after the story has come to *moment*; `start` counts from the start."""

    moment: str
    delay: float

    def __str__(self) -> str:
        return f"{self.moment}+{self.delay:.2f}s"


def looked_at(database: Path) -> str:
    """Say where the story stands, without any way of writing to the database."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as reader:
            builds, runs, questions, intents, deployed, ended = reader.execute(_FACTS).fetchone()
    except sqlite3.Error:  # there is none yet, or it has no tables
        return "start"
    passed = (
        *(builds > 0, runs > 0, questions > 0, intents > 0, deployed > 0),
        *(ended > 0, runs > 1, questions > 1, ended > 1),
    )
    return NAMES[max((place for place, is_so in enumerate(passed, 1) if is_so), default=0)]


def has_come(now: str, to: str) -> bool:
    return NAMES.index(now) >= NAMES.index(to)


def plans(rng: random.Random, each: int) -> Iterator[list[Kill]]:
    """Yield the kills of one history after the other, *each* at most, so that no moment is left out.

    The very first strikes as soon as a deploy begins: that is where nobody can know what happened. It
    comes before any other, since one that was meant for the question may strike when the deploy is
    over. A kill at the start of a life stands anywhere among the others, since a life that recovers
    can be killed too.
    """
    bag: list[str] = []
    first = [Kill("deploy", 0.0)]
    while True:
        drawn: list[Kill] = []
        while len(first) + len(drawn) < each:
            bag = bag or rng.sample(BAG, len(BAG))
            name = bag.pop()
            drawn.append(Kill(name, rng.uniform(0.0, MOMENTS[name])))
        story = sorted((k for k in drawn if k.moment != "start"), key=place)
        for kill in drawn:
            if kill.moment == "start":
                story.insert(rng.randint(0, len(story)), kill)
        yield [*first, *story]
        first = []


def place(kill: Kill) -> tuple[int, float]:
    return NAMES.index(kill.moment), kill.delay
