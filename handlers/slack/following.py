"""The verbs about what somebody hears of, and how loud Baton may be in a channel."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from coordination.following import ONLY
from coordination.policy import Principal
from handlers.slack.answers import Answer, Followed, Following, Loudness
from handlers.slack.asked import Asked
from handlers.slack.grammar import Filter, Unreadable
from handlers.slack.listening import Edge

QUIET = re.compile(r"([0-2]?[0-9]:[0-5][0-9])-([0-2]?[0-9]:[0-5][0-9])(?: (\S{1,60}))?")
CHANNEL = re.compile(r"<?#?([A-Za-z0-9_.-]{1,80})>?")
ID = re.compile(r"[CG][A-Z0-9]{2,}")
WORDS = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}
LOUD = ("failed", "needs_you")
MENTIONED = "I mention you where you are asked, and where your work fails. `/baton mentions off` changes that."
NAMED = "I write your name, and you are not notified of it. `/baton mentions on` changes that."


async def subscribe(asked: Asked) -> Answer:
    """Note what somebody wants to hear of; without a subject, list that. Raises: Unreadable."""
    for given in asked.line.filters:
        if given.key == "only" and given.value not in ONLY:
            raise Unreadable(odd_news(given.value), given.at, given.length, "subscribe")
    if not asked.words:
        return Following(await followed(asked.edge, asked.who))
    subject = asked.words[0].text
    made = await asked.coordinator.subscribe(asked.who, subject, asked.line.given)
    return Following(await followed(asked.edge, asked.who), f"You follow `{made.subject}`.")


def odd_news(value: str) -> str:
    near = get_close_matches(value.lower(), ONLY, n=1)
    *others, last = (f"`{each}`" for each in ONLY)
    hint = f"Did you mean `{near[0]}`?" if near else f"Write {', '.join(others)} or {last}."
    return f"There is no news of the kind `{value[:40]}`. {hint}"


async def unsubscribe(asked: Asked) -> Answer:
    subject = asked.words[0].text
    count = await asked.coordinator.unsubscribe(asked.who, subject)
    just = f"You no longer follow `{subject}`." if count else f"You did not follow `{subject}`."
    return Following(await followed(asked.edge, asked.who), just)


async def mentions(asked: Asked) -> Answer:
    """Say whether somebody is mentioned, after what was typed is changed."""
    edge, who = asked.edge, asked.who
    if asked.words:
        word = asked.words[0]
        if word.text.lower() not in WORDS:
            raise Unreadable("Write `on` or `off`.", word.at, word.length, "mentions")
        await edge.coordinator.choose_mentions(who, wanted=WORDS[word.text.lower()])
    quiet = who.human in await edge.coordinator.unmentioned()
    return Following(await followed(edge, who), NAMED if quiet else MENTIONED)


async def followed(edge: Edge, who: Principal) -> tuple[Followed, ...]:
    """Return what somebody hears of."""
    found = await edge.coordinator.subscriptions(who)
    return tuple(Followed(each.key, each.subject, each.filters) for each in found)


async def settings(asked: Asked) -> Answer:
    """Show how loud Baton may be in this channel, after what was typed is changed."""
    channel = asked.place.channel or ""
    changes = {each.key: READ[each.key](each) for each in asked.line.filters}
    if changes:
        await asked.coordinator.change_channel_policy(asked.who, channel, changes)
    policy = await asked.coordinator.channel_policy(channel)
    figures = await asked.coordinator.channel_figures(channel)
    just = f"Changed: {', '.join(changes)}." if changes else ""
    return Loudness(channel, policy, figures, just)


def wrong(given: Filter, why: str) -> Unreadable:
    return Unreadable(why, given.at, given.length, "settings")


def number(given: Filter) -> int:
    if not (given.value.isascii() and given.value.isdigit() and len(given.value) <= 4):
        raise wrong(given, "Write a whole number.")
    return int(given.value)


def switch(given: Filter) -> bool:
    value = WORDS.get(given.value.lower())
    if value is None:
        raise wrong(given, "Write `on` or `off`.")
    return value


def off(given: Filter) -> bool:
    return WORDS.get(given.value.lower()) is False


def loud(given: Filter) -> list[str]:
    if off(given):
        return []
    chosen = [part.strip().lower() for part in given.value.split(",")]
    if not set(chosen) <= set(LOUD):
        raise wrong(given, "Write `failed`, `needs_you`, both with a comma, or `off`.")
    return chosen


def hours(given: Filter) -> float | None:
    if off(given):
        return None
    text = given.value.lower().removesuffix("h")
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", text) is None:
        raise wrong(given, "Write hours between digests, as `4h`, or `off`.")
    return float(text)


def quiet_hours(given: Filter) -> Mapping[str, str] | None:
    if off(given):
        return None
    match = QUIET.fullmatch(given.value)
    if match is None:
        raise wrong(given, 'Write `"22:00-07:00 Europe/Berlin"`, or `off`.')
    return {"from": match[1].zfill(5), "to": match[2].zfill(5), "zone": match[3] or "UTC"}


def channel_name(given: Filter) -> str | None:
    if off(given):
        return None
    match = CHANNEL.fullmatch(given.value)
    if match is None:
        raise wrong(given, "Write a channel, as #alerts, or `off`.")
    return match[1] if ID.fullmatch(match[1]) else f"#{match[1]}"


def people(given: Filter) -> list[str]:
    return [] if off(given) else [part for part in re.split(r"[,\s]+", given.value) if part]


READ: Mapping[str, Callable[[Filter], Any]] = {
    "thread": switch,
    "top_level_per_thread": number,
    "replies": number,
    "notifications": number,
    "broadcast": loud,
    "digest": hours,
    "quiet_hours": quiet_hours,
    "fallback": channel_name,
    "owners": people,
}
