"""What the environment, and an earlier ``baton login``, say about where and as whom to report."""

import os
from collections.abc import Mapping

__all__ = ["Environment", "login_file", "read_environment"]

_TIMEOUT = 2.0
_WORDS_FOR_YES = frozenset({"1", "true", "yes", "on"})


class Environment:
    """A reading of the environment; empty text counts as absent. *timeout* is in seconds.

    *webhook* is the Slack webhook that takes the place of a server, where ``BATON_TRANSPORT`` says
    so: the address alone does not, since many programs have it for other uses.
    """

    __slots__ = (
        *("debug", "disabled", "process_id", "run", "spool_folder", "timeout", "token"),
        *("traceparent", "url", "webhook"),
    )

    def __init__(self, variables: Mapping[str, str], stored: Mapping[str, str]) -> None:
        self.url = variables.get("BATON_URL") or stored.get("url") or None
        self.token = variables.get("BATON_TOKEN") or None
        if self.token is None and self.url == stored.get("url"):
            self.token = stored.get("token")  # a stored token is for the stored address alone
        self.run = variables.get("BATON_RUN") or None
        self.process_id = variables.get("BATON_PROCESS_ID") or None
        self.traceparent = variables.get("TRACEPARENT") or None
        self.disabled = variables.get("BATON_DISABLED", "").lower() in _WORDS_FOR_YES
        self.debug = variables.get("BATON_DEBUG", "").lower() in _WORDS_FOR_YES
        self.timeout = _seconds(variables.get("BATON_TIMEOUT"))
        self.spool_folder = _spool_folder(variables)
        self.webhook: str | None = None
        if variables.get("BATON_TRANSPORT", "").lower() == "slack":
            self.webhook = variables.get("SLACK_WEBHOOK_URL") or None
            self.url = self.token = None

    @property
    def active(self) -> bool:
        """Say whether there is anywhere to report to."""
        return (self.url is not None or self.webhook is not None) and not self.disabled


def read_environment(variables: Mapping[str, str] | None = None) -> Environment:
    """Read *variables*, by default those of this program, and what ``baton login`` stored."""
    own = os.environ if variables is None else variables
    return Environment(own, _stored(own))


def login_file(variables: Mapping[str, str]) -> str:
    """Return the path where ``baton login`` keeps address and token."""
    folder = variables.get("XDG_CONFIG_HOME") or f"{_home(variables)}/.config"
    return f"{folder}/baton/login.json"


def _spool_folder(variables: Mapping[str, str]) -> str:
    if own := variables.get("BATON_SPOOL_DIR"):
        return own.rstrip("/") or "/"
    state = variables.get("XDG_STATE_HOME") or variables.get("LOCALAPPDATA")
    return f"{state or _home(variables) + '/.local/state'}/baton"


def _home(variables: Mapping[str, str]) -> str:
    return variables.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - pathlib takes 10 ms


def _stored(variables: Mapping[str, str]) -> dict[str, str]:
    if variables.get("BATON_URL") and variables.get("BATON_TOKEN"):
        return {}
    try:
        with open(login_file(variables), encoding="utf-8") as file:  # noqa: PTH123 - as above
            text = file.read(65536)
    except (OSError, ValueError):
        return {}
    return _members(text)


def _members(text: str) -> dict[str, str]:
    import json  # noqa: PLC0415 - only where somebody has logged in

    try:
        stored = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(stored, dict):
        return {}
    return {name: value for name, value in stored.items() if isinstance(value, str)}


def _seconds(text: str | None) -> float:
    try:
        seconds = float(text or _TIMEOUT)
    except ValueError:
        return _TIMEOUT
    return seconds if 0 < seconds <= 60 else _TIMEOUT
