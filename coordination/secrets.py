"""Secrets that have to be read again, as those of signatures: closed under the instance key.

What the database holds is either a Fernet token or ``env:NAME``, so that a copy of it tells nothing.
A lost key voids what it closed.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable

from cryptography.fernet import Fernet, InvalidToken

ENVIRONMENT = "env:"
_NAME = re.compile(r"[A-Za-z0-9_]{1,100}", re.ASCII)
_WRITTEN = "surrogatepass"  # JSON may hold half of a pair


class Secrets:
    """Closes and opens secrets.

    Args:
        key: 32 bytes, derived from the instance key for this purpose alone.
        environment: returns the secret of a name that a person put into the environment; raises
            KeyError where there is none.
    """

    def __init__(self, key: bytes, environment: Callable[[str], str]) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(key))
        self._marking = hmac.new(key, b"marks", hashlib.sha256).digest()
        self._environment = environment

    def close(self, secret: str) -> str:
        """Return *secret* as the database may hold it; the name of a variable stays as it is."""
        if is_named(secret):
            return secret
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, closed: str) -> str | None:
        """Return the secret, or None: closed under another key, or not in the environment."""
        try:
            if is_named(closed):
                return self._environment(closed.removeprefix(ENVIRONMENT)) or None
            return self._fernet.decrypt(closed.encode()).decode()
        except (InvalidToken, KeyError, ValueError):
            return None

    def seal(self, text: str) -> str:
        """Return *text* sealed, whatever it looks like: of people's values none names a variable."""
        return self._fernet.encrypt(text.encode("utf-8", _WRITTEN)).decode()

    def unseal(self, sealed: str) -> str | None:
        """Return what was sealed, or None where it was under another key."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode("utf-8", _WRITTEN)
        except (InvalidToken, ValueError):
            return None

    def mark(self, *parts: str) -> str:
        """Return a keyed hash of *parts*: the same ones give the same, and nobody else can tell which."""
        written = json.dumps(parts).encode()
        return hmac.new(self._marking, written, hashlib.sha256).hexdigest()


def is_named(secret: str) -> bool:
    """Say whether *secret* only names a variable of the environment, as ``env:CI``."""
    return secret.startswith(ENVIRONMENT) and bool(_NAME.fullmatch(secret[len(ENVIRONMENT) :]))
