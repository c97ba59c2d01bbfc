"""Whole facts from one seed: thirty members that are drawn one by one cost more than what is done with them.

Hypothesis draws the seed and the foreign texts, so that a text which breaks something still shrinks
to its core; how many there are of what, and which text stands where, follows from the seed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
U = TypeVar("U")


class Chance(Random):
    """What a shape decides by, and the texts from outside that it may use."""

    texts: Sequence[str] = ()

    def likely(self, share: float) -> bool:
        return self.random() < share


@dataclass(frozen=True, slots=True)
class Shape(Generic[T]):
    """What can be made of chance; the words are those of Hypothesis."""

    make: Callable[[Chance], T]

    def map(self, change: Callable[[T], U]) -> "Shape[U]":
        return Shape(lambda chance: change(self.make(chance)))

    def __or__(self, other: "Shape[U]") -> "Shape[T | U]":
        return one_of(self, other)


TEXT: Shape[str] = Shape(lambda chance: chance.choice(chance.texts))


def drawn(shape: Shape[T], texts: st.SearchStrategy[str]) -> st.SearchStrategy[T]:
    """Let Hypothesis draw *shape*, with up to five of *texts* in it."""

    def make(seed: int, found: list[str]) -> T:
        chance = Chance(seed)
        chance.texts = found
        return shape.make(chance)

    return st.builds(make, st.integers(0, 2**32 - 1), st.lists(texts, min_size=1, max_size=5))


def just(value: T) -> Shape[T]:
    return Shape(lambda chance: value)


def none() -> Shape[None]:
    return just(None)


def sampled_from(values: Sequence[T] | type[T]) -> Shape[T]:
    found = tuple(values)  # type: ignore[arg-type]  # an enumeration goes through as well
    return Shape(lambda chance: chance.choice(found))


def booleans() -> Shape[bool]:
    return sampled_from((False, True))


def one_of(*shapes: Shape[Any]) -> Shape[Any]:
    return Shape(lambda chance: chance.choice(shapes).make(chance))


def integers(least: int, most: int) -> Shape[int]:
    """Make a number of any magnitude; each fourth is one of the two ends."""

    def make(chance: Chance) -> int:
        if chance.likely(0.25):
            return chance.choice((least, most))
        return min(most, least + int((most - least + 1) ** chance.random()) - chance.choice((0, 1)))

    return Shape(lambda chance: max(least, make(chance)))


def floats(least: float, most: float) -> Shape[float]:
    ends = (least, most, (least + most) / 2)
    return Shape(
        lambda chance: chance.choice(ends) if chance.likely(0.25) else chance.uniform(least, most)
    )


def text(first: str, rest: str, *, least: int = 0, most: int) -> Shape[str]:
    """Make what the pattern ``[first][rest]{least,most}`` matches."""

    def make(chance: Chance) -> str:
        return chance.choice(first) + "".join(chance.choices(rest, k=chance.randint(least, most)))

    return Shape(make)


def lists(
    each: Shape[T],
    *,
    min_size: int = 0,
    max_size: int,
    unique_by: Callable[[T], object] | None = None,
) -> Shape[tuple[T, ...]]:
    """Make some; those that are equal by *unique_by* come once, but never fewer than *min_size*."""

    def make(chance: Chance) -> tuple[T, ...]:
        found = [each.make(chance) for _ in range(chance.randint(min_size, max_size))]
        if unique_by is not None:
            found = list({unique_by(one): one for one in found}.values())
            while len(found) < min_size:
                found = list({unique_by(one): one for one in (*found, each.make(chance))}.values())
        return tuple(found)

    return Shape(make)


def tuples(*shapes: Shape[Any]) -> Shape[tuple[Any, ...]]:
    return Shape(lambda chance: tuple(each.make(chance) for each in shapes))


def builds(kind: Callable[..., T], *shapes: Shape[Any], **members: Shape[Any]) -> Shape[T]:
    return Shape(
        lambda chance: kind(
            *[each.make(chance) for each in shapes],
            **{name: each.make(chance) for name, each in members.items()},
        )
    )


def fixed_dictionaries(
    sure: Mapping[str, Shape[Any]], *, optional: Mapping[str, Shape[Any]] | None = None
) -> Shape[dict[str, Any]]:
    """Make a mapping with all that is *sure*, and each *optional* member every other time."""

    def make(chance: Chance) -> dict[str, Any]:
        perhaps = {name: one for name, one in (optional or {}).items() if chance.likely(0.5)}
        return {name: each.make(chance) for name, each in {**sure, **perhaps}.items()}

    return Shape(make)


def dictionaries(keys: Shape[str], values: Shape[T], *, max_size: int) -> Shape[dict[str, T]]:
    return lists(tuples(keys, values), max_size=max_size).map(dict)
