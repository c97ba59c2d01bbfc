"""Everything Baton takes from the environment, read once, at start."""

import os
from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from baton.errors import BatonError
from coordination.retention import LEAST

SLACK_API = "https://slack.com/api/"
LISTENING_HERE = ("127.0.0.1", "localhost", "::1")


class InvalidSettings(BatonError):
    """A setting is missing or wrong; the sentence names it and the mend."""


def web_address(value: str) -> str:
    """Return *value* if it is the address of a server.

    Raises:
        ValueError: it is not.
    """
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"{value[:100]!r} is no http or https address")
    return value


def listed(value: object) -> object:
    """Read ``a,b`` as a list: what people write in an environment variable."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Listed = Annotated[tuple[str, ...], NoDecode]


ENV_FILE = ".env"


class Settings(BaseSettings):
    """The environment; `SLACK_*`, `DATABASE_URL` and `PORT` go without the prefix ``BATON_``."""

    model_config = SettingsConfigDict(
        env_prefix="BATON_", env_file=ENV_FILE, frozen=True, extra="ignore", populate_by_name=True
    )

    slack_bot_token: SecretStr | None = Field(
        None, validation_alias="SLACK_BOT_TOKEN", description="xoxb-…, of the app."
    )
    slack_app_token: SecretStr | None = Field(
        None, validation_alias="SLACK_APP_TOKEN", description="xapp-…, for Socket Mode."
    )
    slack_signing_secret: SecretStr | None = Field(
        None, validation_alias="SLACK_SIGNING_SECRET", description="For HTTP mode, of the app."
    )
    slack_mode: Literal["socket", "http"] = Field(
        "socket", description="How Slack reaches Baton: over a socket, or by calling it."
    )
    slack_api_url: str = Field(
        SLACK_API, validation_alias="SLACK_API_URL", description="Another Slack, as a local one."
    )
    port: int = Field(
        8765, ge=0, le=65535, validation_alias="PORT", description="0 takes a free one."
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    data: Path = Field(Path(".baton"), description="The folder of database, keys and work.")
    public_url: str | None = Field(
        None, description="How people reach the pages; default: the address."
    )
    channel: str | None = Field(None, description="For threads that nothing else gives a channel.")
    key: SecretStr | None = Field(
        None, description="The instance key; default <data>/instance.key."
    )
    root: Path | None = Field(None, description="Paths of actions are relative to it; <data>/work.")
    config: Path | None = Field(None, description="Roles and sources; default <data>/baton.yaml.")
    workflows: Path | None = Field(
        None, description="A folder of definitions, active as they load."
    )
    http_allow: Listed = Field((), description="host:port,… beside public https.")
    shell_allow: Listed = Field((), description="program,… that shell.run may start.")
    shell_environment: Listed = Field(
        ("PATH", "HOME", "LANG"), description="Variables that shell.run passes on."
    )
    raw_body_retention: timedelta = Field(
        timedelta(days=7), ge=timedelta(0), description="ISO 8601, as P7D."
    )
    run_retention: timedelta = Field(
        timedelta(days=90), ge=LEAST, description="Of ended runs, as P90D; at least P7D."
    )
    event_retention: timedelta = Field(
        timedelta(days=90), ge=LEAST, description="Of events and idle threads; at least P7D."
    )
    notice_retention: timedelta = Field(
        timedelta(days=30), ge=LEAST, description="Of what Slack was told; at least P7D."
    )
    audit_retention: timedelta = Field(
        timedelta(days=730), ge=LEAST, description="Of the content of the audit; at least P7D."
    )
    action_limit: int = Field(16, ge=1, le=1000, description="Actions in flight at once.")
    stop_grace: timedelta = Field(timedelta(seconds=2), description="For actions, at a stop.")

    _lists = field_validator("http_allow", "shell_allow", "shell_environment", mode="before")(
        listed
    )

    @field_validator("slack_api_url")
    @classmethod
    def _ends_in_a_slash(cls, value: str) -> str:
        return web_address(value).rstrip("/") + "/"

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        return value and web_address(value)

    @field_validator("http_allow")
    @classmethod
    def _names_hosts_and_ports(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pair in value:
            host, colon, port = pair.rpartition(":")
            if not (host and colon and port.isascii() and port.isdigit()):
                raise ValueError(f"{pair!r} is not written host:port, as example.com:8080")
        return value

    @field_validator("workflows")
    @classmethod
    def _is_a_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"there is no folder {value}; make it, or name another")
        return value

    @model_validator(mode="after")
    def _is_reached_by_a_name(self) -> Self:
        if self.host not in LISTENING_HERE and self.public_url is None:
            raise ValueError(
                f"BATON_HOST: {self.host} opens Baton to the network. "
                "Set BATON_PUBLIC_URL to the address at which people reach it"
            )
        return self

    @property
    def database(self) -> Path:
        return self.data / "baton.db"

    @property
    def work(self) -> Path:
        return self.root or self.data / "work"

    @property
    def configuration(self) -> Path:
        return self.config or self.data / "baton.yaml"

    @property
    def local_slack(self) -> bool:
        return urlsplit(self.slack_api_url).hostname in LISTENING_HERE

    @property
    def address(self) -> str:
        """Return how people reach the pages, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def child_environment(self) -> dict[str, str]:
        """Return the variables that programs of `shell.run` see; there are no others."""
        return {name: os.environ[name] for name in self.shell_environment if name in os.environ}

    def secret(self, name: str) -> str:
        """Return the secret *name*, which stands in the environment as BATON_SECRET_<NAME>.

        Raises:
            KeyError: there is none.
        """
        return os.environ[f"BATON_SECRET_{name.upper()}"]

    def slack_tokens(self) -> tuple[str, str]:
        """Return bot and app token; in HTTP mode the second may be empty.

        Raises:
            InvalidSettings: one is missing, or it does not fit the address of Slack; in HTTP mode,
                the signing secret is.
        """
        bot, app = self.slack_bot_token, self.slack_app_token
        other = ("SLACK_APP_TOKEN", app)
        if self.slack_mode == "http":
            other = ("SLACK_SIGNING_SECRET", self.slack_signing_secret)
        missing = [name for name, value in (("SLACK_BOT_TOKEN", bot), other) if not _said(value)]
        if missing:
            raise InvalidSettings(
                f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not set. "
                "`python -m bot init` says how to make the app and its tokens."
            )
        for name, token in (("SLACK_BOT_TOKEN", bot), ("SLACK_APP_TOKEN", app)):
            if _said(token):
                check_token(name, _said(token), local=self.local_slack)
        return _said(bot), _said(app)


MEMBERS = Settings.model_fields


def _said(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""


def process_environment() -> MutableMapping[str, str]:
    """Return the variables of this process, for children that run as it does, and to change them."""
    return os.environ


def check_token(name: str, token: str, *, local: bool) -> None:
    """Refuse a token of the wrong kind, or one that would be shown to the wrong Slack."""
    prefix = "xoxb-" if name == "SLACK_BOT_TOKEN" else "xapp-"
    if not token.startswith(prefix):
        raise InvalidSettings(f"{name} must start with {prefix}; copy it from the app's settings.")
    if local and "devslack" not in token:
        raise InvalidSettings(
            f"SLACK_API_URL is a local address, but {name} looks like one of a real workspace. "
            "Use the token that the local Slack printed."
        )
    if not local and "devslack" in token:
        raise InvalidSettings(
            f"{name} is one of the local Slack. Set SLACK_API_URL to its address."
        )


def read_settings(**values: Any) -> Settings:
    """Read the environment; *values* go before it.

    Raises:
        InvalidSettings: names every setting that is wrong, or a file of tokens that others can read.
    """
    refuse_shown(Path(values.get("_env_file", ENV_FILE) or ""))
    try:
        return Settings(**values)
    except ValidationError as error:
        raise InvalidSettings("; ".join(sentence(problem) for problem in error.errors())) from None


def refuse_shown(place: Path) -> None:
    """Refuse a file that gives us a token, and gives it to everybody else on this machine as well.

    Raises:
        InvalidSettings: names the variable, and never what it holds.
    """
    if not place.is_file() or not place.stat().st_mode & 0o077:
        return
    secret = {
        str(field.validation_alias or f"BATON_{name.upper()}")
        for name, field in MEMBERS.items()
        if "SecretStr" in str(field.annotation)
    }
    lines = place.read_text(encoding="utf-8", errors="replace").splitlines()
    for name, _, value in (line.removeprefix("export ").partition("=") for line in lines):
        if value.strip(" '\"") and name.strip().upper() in secret:
            raise InvalidSettings(
                f"{place} holds {name.strip()} and is readable by others: chmod 600 it."
            )


def sentence(problem: Any) -> str:
    """Say which variable is wrong, how, and what it is for; never what it holds."""
    says = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return says
    name = str(problem["loc"][0])
    known = {str(field.validation_alias or each): each for each, field in MEMBERS.items()}
    member = known.get(name, name)
    variable = MEMBERS[member].validation_alias or f"BATON_{member.upper()}"
    return f"{variable}: {says}. {MEMBERS[member].description}"
