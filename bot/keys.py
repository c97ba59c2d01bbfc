"""The instance key: made once, readable by its owner alone, and the root of everything derived."""

import hashlib
import hmac
from pathlib import Path

from bot.settings import InvalidSettings, Settings
from coordination.world import Ids

PURPOSES = ("runs", "sessions")


def instance_key(settings: Settings, ids: Ids) -> bytes:
    """Return the key of this instance, and make it at the first start.

    Raises:
        InvalidSettings: the file cannot be read or written, or others may read it.
    """
    if settings.key is not None:
        return hashlib.sha256(settings.key.get_secret_value().encode()).digest()
    place = settings.data / "instance.key"
    try:
        if not place.exists():
            make(place, ids.token())
        return hashlib.sha256(place.read_bytes().strip()).digest()
    except OSError as error:
        raise InvalidSettings(
            f"{place}: {error.strerror}. Give Baton a data folder it may write, with BATON_DATA."
        ) from None


def make(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.touch(mode=0o600, exist_ok=False)
    place.write_text(text + "\n", encoding="ascii")


def derived(key: bytes, purpose: str) -> bytes:
    """Return a key of its own for each purpose, so that none opens what another closed."""
    return hmac.new(key, purpose.encode(), hashlib.sha256).digest()
