"""Everything Baton takes from the environment, read once, at start."""

import os
from collections.abc import Mapping, MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from baton.errors import BatonError

SLACK_API = "https://slack.com/api/"
LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")


class InvalidSettings(BatonError):
    """A setting is missing or wrong; the sentence names it and the mend."""


def listed(value: object) -> object:
    """Read ``a,b`` as a list: what people write in an environment variable."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Listed = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """The environment; `SLACK_*`, `DATABASE_URL` and `PORT` go without the prefix ``BATON_``."""

    model_config = SettingsConfigDict(
        env_prefix="BATON_", env_file=".env", frozen=True, extra="ignore", populate_by_name=True
    )

    slack_bot_token: SecretStr | None = Field(
        None, validation_alias="SLACK_BOT_TOKEN", description="xoxb-…, of the app."
    )
    slack_app_token: SecretStr | None = Field(
        None, validation_alias="SLACK_APP_TOKEN", description="xapp-…, for Socket Mode."
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
    raw_body_retention: timedelta = Field(timedelta(days=7), description="ISO 8601, as P7D.")
    action_limit: int = Field(16, ge=1, le=1000, description="Actions in flight at once.")
    stop_grace: timedelta = Field(timedelta(seconds=2), description="For actions, at a stop.")

    _lists = field_validator("http_allow", "shell_allow", "shell_environment", mode="before")(
        listed
    )

    @field_validator("slack_api_url")
    @classmethod
    def _ends_in_a_slash(cls, value: str) -> str:
        return value if value.endswith("/") else value + "/"

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
        return self.slack_api_url.startswith(LOOPBACK)

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
        """Return bot and app token.

        Raises:
            InvalidSettings: one is missing, or it does not fit the address of Slack.
        """
        bot, app = self.slack_bot_token, self.slack_app_token
        if bot is None or app is None:
            name = "SLACK_BOT_TOKEN" if bot is None else "SLACK_APP_TOKEN"
            raise InvalidSettings(
                f"{name} is not set. `python -m bot init` says how to make the app and its tokens."
            )
        for name, token in (("SLACK_BOT_TOKEN", bot), ("SLACK_APP_TOKEN", app)):
            check_token(name, token.get_secret_value(), local=self.local_slack)
        return bot.get_secret_value(), app.get_secret_value()


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


class SourceConfig(BaseModel):
    """What ``baton.yaml`` says of one source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = "api"
    namespace: str | None = None
    channel: str | None = None
    may_choose_channel: bool = False


class Configuration(BaseModel):
    """``baton.yaml``: roles by person, sources, and who answers tools."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    roles: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    sources: Mapping[str, SourceConfig] = Field(default_factory=dict)
    approvers: tuple[str, ...] = Field((), description="Who answers what a tool asks.")

    @field_validator("roles")
    @classmethod
    def _known(cls, value: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        known = ("member", "operator", "author", "admin")
        for role in value:
            if role not in known:
                raise ValueError(f"there is no role {role!r}; the roles are {', '.join(known)}")
        return value


def read_settings(**values: Any) -> Settings:
    """Read the environment; *values* go before it.

    Raises:
        InvalidSettings: names every setting that is wrong.
    """
    try:
        return Settings(**values)
    except ValidationError as error:
        raise InvalidSettings("; ".join(sentence(problem) for problem in error.errors())) from None


def sentence(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    name = place if place.isupper() else f"BATON_{place.upper()}"
    return f"{name}: {problem['msg']}"


def read_configuration(path: Path) -> Configuration:
    """Read ``baton.yaml``; a missing file is an empty one.

    Raises:
        InvalidSettings: the file is not YAML, or says something unknown.
    """
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidSettings(f"{path}: cannot be read: {error}") from None
    try:
        return Configuration.model_validate(body or {})
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        )
        raise InvalidSettings(f"{path}: {problems}") from None
