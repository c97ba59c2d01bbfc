"""The instance key: made once, readable by its owner alone, and the root of everything derived."""

import hashlib
import hmac
import os
from pathlib import Path

from bot.settings import InvalidSettings, Settings
from coordination.world import Ids

SHORTEST = 32  # characters of a key: less would be guessed, or is half of one


def instance_key(settings: Settings, ids: Ids) -> bytes:
    """Return the key of this instance, and make it at the first start.

    Raises:
        InvalidSettings: the file cannot be read or written, or others may read it.
    """
    if settings.key is not None:
        text = settings.key.get_secret_value()
        if len(text) < SHORTEST:
            raise InvalidSettings(f"BATON_KEY is too short: take {SHORTEST} random characters.")
        return hashlib.sha256(text.encode()).digest()
    place = settings.data / "instance.key"
    try:
        if not place.exists():
            make(place, ids.token())
        return hashlib.sha256(read(place)).digest()
    except OSError as error:
        raise InvalidSettings(
            f"{place}: {error.strerror}. Give Baton a data folder it may write, with BATON_DATA."
        ) from None


def read(place: Path) -> bytes:
    """Return the key at *place*, once it is one that nobody else knows."""
    if place.stat().st_mode & 0o077:
        raise InvalidSettings(f"{place} is readable by others: chmod 600 it, or make a new key.")
    text = place.read_bytes().strip()
    if len(text) < SHORTEST:
        raise InvalidSettings(
            f"{place} holds no key. Put it back from where you keep it; or remove it, and a new "
            "one is made: what the old one closed stays closed."
        )
    return text


def make(place: Path, text: str) -> None:
    """Write the key in one move: half a key would be taken for one at the next start."""
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(f".{place.name}.part")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(place)


def derived(key: bytes, purpose: str) -> bytes:
    """Return a key of its own for each purpose, so that none opens what another closed."""
    return hmac.new(key, purpose.encode(), hashlib.sha256).digest()
