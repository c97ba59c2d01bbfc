"""State as an emoji and a word, never one alone."""

from collections.abc import Mapping

ICONS: Mapping[str, str] = {
    "Queued": ":white_circle:",
    "Running": ":large_blue_circle:",
    "Needs you": ":hand:",
    "Waiting": ":hourglass:",
    "Paused": ":double_vertical_bar:",
    "Undoing": ":leftwards_arrow_with_hook:",
    "Succeeded": ":white_check_mark:",
    "Failed": ":x:",
    "Rejected": ":no_entry:",
    "Cancelled": ":no_entry_sign:",
    "Skipped": ":fast_forward:",
    "Broken": ":rotating_light:",
    "Stalled": ":warning:",
}
OPEN = ("Needs you", "Stalled", "Running", "Undoing", "Waiting", "Paused", "Queued")
ENDED = ("Broken", "Failed", "Rejected", "Cancelled", "Succeeded", "Skipped")

STEPS: Mapping[str, str] = {
    "pending": ":white_circle:",
    "running": ":large_blue_circle:",
    "waiting": ":hourglass:",
    "completed": ":white_check_mark:",
    "failed": ":x:",
    "skipped": ":fast_forward:",
    "not_taken": ":heavy_minus_sign:",
    "cancelled": ":no_entry_sign:",
    "unknown": ":question:",
    "compensated": ":leftwards_arrow_with_hook:",
}


def state(word: str) -> str:
    """Return the icon of a card's word, and the word."""
    return f"{icon(word)} *{word}*"


def icon(word: str) -> str:
    return ICONS.get(word, ":white_circle:")


def foremost(words: list[str]) -> str:
    """Return the word that stands for several: what is open before what ended, trouble first."""
    return min(words, key=(*OPEN, *ENDED).index, default="Queued")
