"""One verb of `/baton` as a value, and what it refuses to take."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from difflib import get_close_matches

from handlers.slack.answers import Answer, Explained
from handlers.slack.asked import Asked
from handlers.slack.grammar import Line, Unreadable


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing to type: *usage* and *example* are shown as they stand.

    *keys* are the filters that it takes; None: any, since they are names of inputs. What *stores*
    something is acknowledged once it is stored; what *forms* may open a form, and so acks by itself.
    """

    name: str
    usage: str
    example: str
    group: str
    about: str
    do: Callable[[Asked], Awaitable[Answer]]
    words: tuple[int, int] = (0, 0)
    keys: tuple[str, ...] | None = ()
    stores: bool = False
    forms: bool = False

    @property
    def explained(self) -> Explained:
        return Explained(self.name, self.usage, self.example, self.group, self.about)


def check(verb: Verb, line: Line) -> None:
    """Refuse what *verb* does not take.

    Raises:
        Unreadable: a word is missing or too much, or there is no such filter.
    """
    fewest, most = verb.words
    if len(line.words) > most:
        extra = line.words[most]
        raise Unreadable("I do not know what this is for.", extra.at, extra.length, verb.name)
    if len(line.words) < fewest and line.verb is not None:
        end = line.verb.at + line.verb.length
        raise Unreadable("Something is missing here.", end, 1, verb.name)
    for each in line.filters:
        if verb.keys is not None and each.key not in verb.keys:
            near = get_close_matches(each.key, verb.keys, n=1)
            known = ", ".join(f"`{key}:`" for key in verb.keys)
            hint = f"did you mean `{near[0]}:`?" if near else f"use {known}."
            raise Unreadable(
                f"There is no `{each.key}:` here; {hint if known else 'leave it out.'}",
                each.at,
                each.length,
                verb.name,
            )
