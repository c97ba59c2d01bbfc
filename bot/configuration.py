"""``baton.yaml``: who may do what, how loud channels are, what sources are, and which channels are read."""

import re
from collections.abc import Iterable, Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from bot.settings import InvalidSettings
from coordination.lookups import Rules
from coordination.noise import ChannelPolicy, QuietHours
from coordination.policy import Roles, could_answer
from coordination.rates import Rate
from coordination.slack_bus import BusChannel
from coordination.tokens import problem_of_name

_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}|#[^\s#]{1,80}")
_SENDER = re.compile(r"[ABUW][A-Z0-9]{2,}")


def _no_number(value: object) -> object:
    if isinstance(value, int):
        raise ValueError('YAML reads a bare 22:00 as a number; write "22:00"')  # noqa: TRY004
    return value


def _who(forms: tuple[str, ...]) -> tuple[str, ...]:
    for form in forms:
        if not could_answer(form):
            raise ValueError(
                f"{form[:60]!r} is nobody; write @handle, U123, <@U123>, @group, S123, role:NAME"
                " or source:NAME"
            )
    return forms


def _sources(names: Iterable[str]) -> None:
    for name in names:
        if problem := problem_of_name(name):
            raise ValueError(problem)


Who = Annotated[tuple[str, ...], AfterValidator(_who)]
ClockTime = Annotated[time, BeforeValidator(_no_number)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuietConfig(_Part):
    """``quiet_hours`` of a channel."""

    start: ClockTime = Field(alias="from")
    end: ClockTime = Field(alias="to")
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"there is no time zone {value[:60]!r}; write Europe/Berlin") from None
        return value


class ChannelConfig(_Part):
    """What ``baton.yaml`` says of one channel; `/baton settings` may change it."""

    top_level_per_thread: int = Field(1, ge=1, le=20)
    thread: bool = True
    replies: int = Field(12, ge=1, le=200)
    notifications: int = Field(3, ge=0, le=50)
    broadcast: tuple[Literal["failed", "needs_you"], ...] = ()
    digest: float | None = Field(None, gt=0, le=168, description="Hours between digests.")
    quiet_hours: QuietConfig | None = None
    fallback: str | None = None
    owners: Who = ()

    def policy(self) -> ChannelPolicy:
        """Return the same in coordination's words."""
        quiet = self.quiet_hours
        values = {**self.__dict__}
        values["quiet_hours"] = quiet and QuietHours(quiet.start, quiet.end, quiet.zone)
        return ChannelPolicy(**values)


class RateConfig(_Part):
    """How many events a second a source may send, and how many at once."""

    per_second: float = Field(50, gt=0)
    burst: int = Field(500, ge=1)


class SourceConfig(_Part):
    """What ``baton.yaml`` says of one source. ``rate: false`` means without a limit."""

    kind: str = "api"
    namespace: str | None = None
    channel: str | None = None
    may_choose_channel: bool = False
    rate: RateConfig | Literal[False] = RateConfig()


class BusConfig(_Part):
    """A channel that tools report into; *senders* names the source of each app, bot or user id."""

    senders: Mapping[str, str] = Field(min_length=1)

    @field_validator("senders")
    @classmethod
    def _ids(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for sender in value:
            if not _SENDER.fullmatch(sender):
                raise ValueError(f"{sender[:60]!r} is no id; write an app's A…, a bot's B… or a U…")
        _sources(value.values())
        return value


class Configuration(_Part):
    """``baton.yaml``."""

    roles: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    sources: Mapping[str, SourceConfig] = Field(default_factory=dict)
    approvers: Who = Field((), description="Who answers what a tool asks.")
    channels: Mapping[str, ChannelConfig] = Field(default_factory=dict)
    bus: Mapping[str, BusConfig] = Field(default_factory=dict)

    @field_validator("roles")
    @classmethod
    def _known(cls, value: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        known = ("member", "operator", "author", "admin")
        for role in value:
            if role not in known:
                raise ValueError(f"there is no role {role!r}; the roles are {', '.join(known)}")
        return value

    @field_validator("sources")
    @classmethod
    def _named(cls, value: Mapping[str, SourceConfig]) -> Mapping[str, SourceConfig]:
        _sources((*value, *(each.namespace for each in value.values() if each.namespace)))
        return value

    @field_validator("channels", "bus")
    @classmethod
    def _channels(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        for channel in value:
            if channel != "default" and not _CHANNEL.fullmatch(channel):
                raise ValueError(f'{channel[:60]!r} is no channel; write "#name" or an id')
        return value


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


def rules_of(configuration: Configuration, *, channel: str | None) -> Rules:
    """Return what the configuration says, in coordination's words.

    Raises:
        InvalidSettings: a role names nobody.
    """
    try:
        roles = Roles.read(configuration.roles)
    except ValueError as error:
        raise InvalidSettings(f"baton.yaml: {error}") from None
    return Rules(
        roles=roles,
        approvers=tuple(configuration.approvers),
        channel=channel,
        channels={name: each.policy() for name, each in configuration.channels.items()},
        rates={
            name: Rate(each.rate.per_second, each.rate.burst) if each.rate else None
            for name, each in configuration.sources.items()
        },
        bus=tuple(BusChannel(name, each.senders) for name, each in configuration.bus.items()),
    )
