"""One recorded life: what it did to its disk, and when it said what to whom."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from coordination.database import writer
from tests.prove.golden.outside import EVENTS, Outside
from tests.prove.golden.stage import Stage
from tests.prove.power.disk import LEFT_OUT, Disk
from tests.prove.power.trace import Call, read, recording

SMALL = 48 * 1024  # bytes of the log, after which it is checkpointed: often, in so short a life
NOTES = 30


@dataclass(frozen=True)
class Said:
    """Something that left the program, at *place* of the trace.

    *kind* is `event`, `decision`, `effect` or `message`; *what* names it as the database does.
    """

    place: int
    kind: str
    what: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.kind} {', '.join(f'{name} {value}' for name, value in self.what.items())}"


@dataclass(frozen=True)
class Recording:
    """A life as its trace has it. *content* is what lay on the disk before."""

    number: int
    root: str
    content: Mapping[str, bytes]
    calls: list[Call]
    said: list[Said]
    outside: Outside

    @property
    def timeline(self) -> list[tuple[int, bool, Call]]:
        """Return the beginnings and ends of all calls: (place, whether it is the end, call)."""
        found = [(call.begun, False, call) for call in self.calls]
        found += [(call.ended, True, call) for call in self.calls if call.ended is not None]
        return sorted(found, key=lambda each: each[:2])

    def disk(self) -> Disk:
        return Disk(self.root, self.content)


def record(stage: Stage, number: int, *, synchronous: int = 2) -> Recording:
    """Let one life be lived under strace, each number with another schedule.

    Args:
        synchronous: of SQLite; anything but 2 is a fault, planted in this life alone.
    """
    rng = random.Random(number)  # noqa: S311 - a schedule
    data, outside = stage.fresh(), stage.outside(events=events(number, rng))
    content = {
        place.name: place.read_bytes()
        for place in data.iterdir()
        if place.is_file() and not place.name.endswith(LEFT_OUT)
    }

    def plant() -> None:
        if number % 2:  # with a log that is moved into the database again and again
            writer.CHECKPOINT_AT, writer.AT_LAST = SMALL, SMALL * 4
        writer.Session.__init__.__kwdefaults__["synchronous"] = synchronous

    trace = data.with_name(f"{data.name}.trace")
    ended = stage.play(data, outside, tracer=recording(trace), plant=plant)
    if ended.code or not outside.through:
        raise RuntimeError(f"recording {number} ended with {ended.code}: {ended.said[-500:]}")
    calls = read(trace)
    trace.unlink()
    return Recording(number, str(data), content, calls, list(heard(calls)), outside)


def events(number: int, rng: random.Random) -> Mapping[str, Mapping[str, Any]]:
    """Return what the tool reports: more, and longer, in some recordings than in others."""
    more = {
        f"note-{n}": {
            "type": "note.seen",
            "id": f"note-{n}",
            "run_id": "witness",
            "text": "x" * rng.choice((10, 2_000, 30_000)),
        }
        for n in range(NOTES * (number % 3))
    }
    return {**EVENTS, **more}


def heard(calls: list[Call]) -> Iterator[Said]:
    """Yield what was sent, as far as somebody may rely on it."""
    for call in calls:
        if call.name not in ("sendto", "write") or not call.texts:
            continue
        text = call.texts[0]
        if text.startswith(b"HTTP/1.1 2"):
            yield from _answered(call.begun, text)
        elif text.startswith(b'{"run"'):
            yield Said(call.begun, "effect", json.loads(text))
        elif text.startswith(b'{"id"'):
            yield from _told_slack(call.begun, text)


def _answered(place: int, text: bytes) -> Iterator[Said]:
    head, _, body = text.partition(b"\r\n\r\n")
    found = json.loads(body) if body.startswith(b"{") else {}
    if head.startswith(b"HTTP/1.1 202"):
        for result in found.get("results", ()):
            yield Said(place, "event", {"id": result["event_id"]})
    elif found.get("state") == "approved" and "decision" in found:
        yield Said(place, "decision", {"id": found["id"]})


def _told_slack(place: int, text: bytes) -> Iterator[Said]:
    told = json.loads(text)
    if told["method"] == "chat.postMessage":
        payload = told["arguments"]["metadata"]["event_payload"]
        yield Said(place, "message", {"notice": payload["o"]})
