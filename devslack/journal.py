"""The state file: one JSON line per change, so that a kill at any moment loses nothing answered.

The last line for a thing counts. At start the file is folded, then written anew beside itself and
renamed, so it does not grow for ever.
"""

import fcntl
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from devslack.changes import (
    BotMade,
    Change,
    ChannelChanged,
    GroupChanged,
    MemberMoved,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    MessageTouched,
    Pinned,
    Reacted,
    UserChanged,
    UserMade,
)
from devslack.errors import StartError
from devslack.model import Bot, Channel, Group, Message, User
from devslack.shapes import Json, dump
from devslack.state import Workspace

FORMAT = "devslack-state-1"
# The file is written anew when it has grown by this much since it last was.
MOST_GROWTH = 32_000_000


class Journal:
    """An open state file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._out: int | None = None
        self._lock: int | None = None
        self._header: Json = {}
        self._growth = 0

    def lock(self) -> None:
        """Keep a second devslack off this file; the lock goes with the process.

        Raises:
            StartError: another one has it, or the folder cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside = self.path.with_name(self.path.name + ".lock")
            self._lock = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise StartError(
                f"{self.path}: another devslack is using it. Stop that one first."
            ) from error
        except OSError as error:
            raise StartError(f"{self.path}: cannot be written: {error}") from error

    def read(self) -> tuple[Json, list[Json]]:
        """Return the newest header and all other lines; both are empty for a new file.

        Raises:
            StartError: the file is not one of ours, or cannot be read.
        """
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return {}, []
        except OSError as error:
            raise StartError(f"{self.path}: cannot be read: {error}") from error
        records = [r for line in lines if (r := _record(line)) is not None]
        if any(lines) and (not records or records[0].get("format") != FORMAT):
            raise StartError(f"{self.path}: is not a state file of devslack. Choose another name.")
        headers = [r for r in records if r["k"] == "header"]
        return (headers[-1] if headers else {}), [r for r in records if r["k"] != "header"]

    def begin(self, header: Json, workspace: Workspace) -> None:
        """Write the present state as a new file and keep it open for what follows.

        Raises:
            StartError: the folder cannot be written.
        """
        self._header, self._growth = header, 0
        lines = [{"k": "header", "format": FORMAT, **header}, *snapshot(workspace)]
        beside = self.path.with_name(self.path.name + ".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC
        if self._out is not None:
            os.close(self._out)
        try:
            self._out = os.open(beside, flags, 0o600)
            self._write(lines)
            self._growth = 0
            beside.replace(self.path)
        except OSError as error:
            raise StartError(f"{self.path}: cannot be written: {error}") from error

    def listen(self, workspace: Workspace, change: Change) -> None:
        """Append what *change* did."""
        self._write(_lines(workspace, change))
        if self._growth > MOST_GROWTH:
            self.begin(self._header, workspace)

    def close(self) -> None:
        """Close the file and let go of it."""
        for held in (self._out, self._lock):
            if held is not None:
                os.close(held)
        self._out = self._lock = None

    def _write(self, records: list[Json]) -> None:
        if records and self._out is not None:
            data = "".join(dump(record) + "\n" for record in records).encode()
            self._growth += len(data)
            while data:
                data = data[os.write(self._out, data) :]


def _record(line: bytes) -> Json | None:
    # The last line is torn when the process was killed while writing it.
    try:
        value: Any = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) and "k" in value else None


def snapshot(workspace: Workspace) -> list[Json]:
    """Return all of the workspace that outlives a restart."""
    lines: list[Json] = [{"k": "user", "v": asdict(u)} for u in workspace.users.values()]
    lines += [{"k": "group", "v": asdict(g)} for g in workspace.groups.values()]
    built_in = (workspace.app, workspace.other)
    lines += [{"k": "bot", "v": asdict(b)} for b in workspace.bots.values() if b not in built_in]
    lines += [{"k": "channel", "v": asdict(c)} for c in workspace.channels.values()]
    lines += [_kept(m) for held in workspace.messages.values() for m in held.values()]
    return [*lines, {"k": "ts", "v": workspace.last_ts}]


def _kept(message: Message) -> Json:
    return {"k": "message", "v": message.record()}


def _lines(workspace: Workspace, change: Change) -> list[Json]:
    match change:
        case MessagePosted(m) | MessageEdited(m) | MessageTouched(m) | Reacted(m) | Pinned(m):
            return [_kept(m), {"k": "ts", "v": workspace.last_ts}]
        case MessageDeleted(m, _, tombstone):
            gone: Json = {"k": "gone", "channel": m.channel, "ts": m.ts}
            return [_kept(tombstone)] if tombstone else [gone]
        case ChannelChanged(channel) | MemberMoved(channel):
            return [{"k": "channel", "v": asdict(channel)}]
        case _:
            return _people_lines(workspace, change)


def _people_lines(workspace: Workspace, change: Change) -> list[Json]:
    match change:
        case GroupChanged(group):
            return [{"k": "group", "v": asdict(group)}]
        case BotMade(bot):
            return [{"k": "bot", "v": asdict(bot)}]
        case UserChanged(user):
            # Who is deactivated has left the channels too.
            channels = [{"k": "channel", "v": asdict(c)} for c in workspace.channels.values()]
            return [{"k": "user", "v": asdict(workspace.users[user])}, *channels]
        case UserMade(user):
            return [{"k": "user", "v": asdict(workspace.users[user])}]
        case _:
            return []


def restore(workspace: Workspace, lines: list[Json]) -> None:
    """Bring a workspace to where the lines of a state file leave it.

    Raises:
        StartError: a line has another shape than this version writes.
    """
    messages: dict[tuple[str, str], Message] = {}
    try:
        for line in lines:
            _restore(workspace, line, messages)
    except (KeyError, TypeError, AttributeError) as error:
        raise StartError(
            f"the state file was written by another version of devslack: {error!r}"
        ) from error
    for message in sorted(messages.values(), key=lambda m: m.ts):
        workspace.keep(message)


def _restore(workspace: Workspace, line: Json, messages: dict[tuple[str, str], Message]) -> None:
    match line["k"]:
        case "user":
            workspace.users[line["v"]["id"]] = User(**line["v"])
        case "group":
            workspace.groups[line["v"]["id"]] = Group(**line["v"])
        case "bot":
            bot = Bot(**line["v"])
            workspace.bots[bot.id] = bot
        case "channel":
            channel = Channel(**line["v"])
            workspace.channels[channel.id] = channel
            workspace.messages.setdefault(channel.id, {})
        case "message":
            # No stream outlives the server that held it open.
            message = Message(**{**line["v"], "streaming": False})
            messages[message.channel, message.ts] = message
        case "gone":
            messages.pop((line["channel"], line["ts"]), None)
        case "ts":
            workspace.last_ts = max(workspace.last_ts, line["v"])
        case _:
            return
