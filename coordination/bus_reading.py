"""From a message in Slack to what it reports, if it reports anything. Pure.

There are three forms, and the first that a message has counts: metadata, a marked code block, and
lines that tell of a process. What people see beside metadata adds what metadata has no room for.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

from baton.errors import MalformedBody
from baton.events import Event, format_time
from baton.reading.bodies import parse_json
from baton.reading.lifecycle import plain_text, read_block, read_lifecycle
from coordination.database import canonical
from coordination.keys import slack_key

EVENT_TYPE = "baton.process"
DEPTH = 32
_ADDED = {  # by the text beside metadata, where that says nothing under any of these names
    "name": ("name", "process_name"),
    "message": ("message", "text"),
    "next_steps": ("next_steps",),
}

Form: TypeAlias = Literal["metadata", "block", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A message of somebody who is listed, in a channel that is read as a bus.

    Args:
        team: the workspace.
        channel: its id.
        ts: of the message: with the channel it names it for ever.
        sender: under which id the sender is listed.
        source: whose report it is, by that list.
        texts: what it says in Slack's markup: its text, then that of its blocks.
        metadata: as it was sent along.
        thread_ts: of the thread in which it is a reply.
        edited: when it was last edited, as a ``ts``.
        person: who wrote it, where a person is listed.
    """

    team: str
    channel: str
    ts: str
    sender: str
    source: str
    texts: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = None
    thread_ts: str | None = None
    edited: str | None = None
    person: str | None = None

    @property
    def identity(self) -> str:
        """Under what it is known however it arrives; each edit is a report of its own."""
        name = f"{self.team}:{self.channel}:{self.ts}"
        return f"{name}:{self.edited}" if self.edited else name

    @property
    def at(self) -> datetime:
        """When it was said, or said anew."""
        return moment_of(self.edited or self.ts)


@dataclass(frozen=True, slots=True)
class Said:
    """What a message reports.

    Args:
        fields: the members of an event.
        form: in which form.
        named: whether it names its process; else Baton made up the name.
    """

    fields: Mapping[str, Any]
    form: Form
    named: bool = True

    @property
    def meaning(self) -> str:
        """Return the same for messages that say the same."""
        return hashlib.sha256(canonical(dict(self.fields)).encode()).hexdigest()


def read_message(posted: Posted) -> Said | None:
    """Return what a message reports; None: it reports nothing.

    Raises:
        MalformedBody: it wants to report something and cannot be read.
    """
    told = _first_lifecycle(plain_text(markup) for markup in posted.texts)
    meta = posted.metadata or {}
    if meta.get("event_type") == EVENT_TYPE:
        return Said(_of_payload(meta.get("event_payload"), told), "metadata")
    for markup in posted.texts:
        block = read_block(plain_text(markup, references=True))
        if block is not None:
            return Said(block, "block")
    if told is None:
        return None
    named = "process_id" in told
    return Said(told if named else {**told, "process_id": made_up(posted, told)}, "text", named)


def dated(posted: Posted, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return *fields* as an event is read from them: with its time, and an id where it has none.

    What was edited is newer than what it said before, whatever time it names.
    """
    said = {name: value for name, value in fields.items() if value is not None}
    given = any(name in said for name in ("occurred_at", "timestamp", "time"))
    if posted.edited or not given:
        for name in ("timestamp", "time"):
            said.pop(name, None)
        said["occurred_at"] = format_time(posted.at)
    if posted.edited:
        said["id"] = posted.identity
    return {"id": posted.identity, **said}


def placed(posted: Posted, event: Event) -> Event:
    """Return *event* with the key of the thread in which its message stands, or which it may begin."""
    key = slack_key(posted.channel, posted.thread_ts or posted.ts)
    return replace(event, keys=(*event.keys, key))


def made_up(posted: Posted, told: Mapping[str, Any]) -> str:
    """Return the id of a process that has only a name: the same in one channel by one sender."""
    parts = (posted.channel, posted.sender, str(told["name"]))
    return f"text:{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:20]}"


def moment_of(ts: str) -> datetime:
    """Return the time that a ``ts`` stands for. Raises: ValueError."""
    seconds, _, rest = ts.partition(".")
    micros = int(f"{rest:0<6}"[:6])
    return datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=micros)


def written(at: datetime) -> str:
    """Return a time as a ``ts``."""
    return f"{max(at.timestamp(), 0.0):017.6f}"


def _first_lifecycle(texts: Iterable[str]) -> dict[str, Any] | None:
    return next((told for text in texts if (told := read_lifecycle(text)) is not None), None)


def _of_payload(payload: object, told: Mapping[str, Any] | None) -> dict[str, Any]:
    """Read metadata: dotted names are members of objects, and ``json`` holds more in one string."""
    if not isinstance(payload, Mapping):
        raise MalformedBody("the metadata has no event_payload")
    flat = {str(name): value for name, value in payload.items() if value is not None}
    packed = flat.pop("json", None)
    fields: dict[str, Any] = {}
    if packed is not None:
        if not isinstance(packed, str):
            raise MalformedBody("'json' in the metadata is not a string")
        inside = parse_json(packed.encode("utf-8", "surrogatepass"), DEPTH)
        if not isinstance(inside, dict):
            raise MalformedBody("'json' in the metadata holds no object")
        fields = inside
    for name, value in flat.items():
        _put(fields, name, value)
    return _with_text(fields, told or {})


def _put(fields: dict[str, Any], name: str, value: Any) -> None:
    """Set one member; ``subject.sha`` is one of the object ``subject``. Only the first dot divides."""
    stem, dot, member = name.partition(".")
    if not (dot and stem and member):
        fields[name] = value
        return
    inside = fields.get(stem)
    fields[stem] = {**(inside if isinstance(inside, Mapping) else {}), member: value}


def _with_text(fields: dict[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    added = {
        name: told[name]
        for name, known in _ADDED.items()
        if name in told and not any(each in fields for each in known)
    }
    results = told.get("result")
    if results and "results" not in fields and isinstance(fields.get("result", {}), Mapping):
        added["result"] = {**results, **fields.get("result", {})}
    return {**fields, **added}
