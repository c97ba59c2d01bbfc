"""What an action tells others beside its output. The host writes it in the commit of the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Post", "Report", "Sent", "Upload"]


@dataclass(frozen=True, slots=True)
class Post:
    """A line for Slack: a reply in the thread of the run, or a message in *channel*.

    *instead_of* is the id of an earlier one, whose message gets this text. Of one that is *awaited*,
    the address is looked up when it is sent.
    """

    id: str
    text: str
    channel: str | None = None
    instead_of: str | None = None
    awaited: bool = False


@dataclass(frozen=True, slots=True)
class Upload(Post):
    """A file for the thread of the run; *text* is what is said with it, and may be empty."""

    name: str = "file.txt"
    title: str | None = None
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message stands in Slack: the id of its channel, its time, and its address if known."""

    channel: str
    ts: str
    permalink: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What the run says about a piece of work, in the members that `POST /v1/notify` takes."""

    body: Mapping[str, Any]
