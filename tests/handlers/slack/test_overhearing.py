"""Who is heard where a message or a reaction may start a workflow: people, and nobody else."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from coordination.slack_triggers import Listened
from coordination.spoken import Spoken
from handlers.slack.messages import Ours
from handlers.slack.overhearing import Overhearing

OURS = Ours("T1", "B0US", "U0US", "A0US")
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
TS = "1700000000.000100"


@dataclass
class Noted:
    """Notes what it is told and asked; it takes the place of the coordinator and of Slack."""

    wanted: tuple[dict[str, str], ...] = ({"message": "*"}, {"reaction": "eyes"})
    said: list[Spoken] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def listened(self) -> list[Listened]:
        return [Listened("w", "h", "0", each, SINCE) for each in self.wanted]

    async def hear(self, said: Spoken, *, late: bool = False) -> int:
        self.said.append(said)
        return 1

    async def name_of(self, channel: str) -> str | None:
        self.asked.append(f"name of {channel}")
        return "#ops"

    async def message(self, channel: str, ts: str) -> dict[str, Any] | None:
        self.asked.append(f"message {channel} {ts}")
        return {"ts": ts, "thread_ts": "1.0", "text": "a &lt;b&gt;"} if channel != "C9" else None


@dataclass
class Bench:
    noted: Noted = field(default_factory=Noted)

    async def hear(self, event: dict[str, Any]) -> list[Spoken]:
        others = Overhearing(self.noted, self.noted)  # type: ignore[arg-type]
        await others.hear(event, str(event.get("channel") or ""), OURS)
        return self.noted.said


def message(**more: Any) -> dict[str, Any]:
    about = {"type": "message", "channel": "C1", "channel_type": "channel", "ts": TS}
    return {**about, "user": "U1", "text": "hello", **more}


def reaction(**more: Any) -> dict[str, Any]:
    item = {"type": "message", "channel": "C1", "ts": TS}
    return {"type": "reaction_added", "user": "U1", "reaction": "eyes", "item": item, **more}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"subtype": "thread_broadcast", "thread_ts": "1.0"},
        {"subtype": "file_share"},
        {"subtype": "me_message"},
        {"channel_type": "group"},
        {"user_team": "T2"},
    ],
)
async def test_what_a_person_writes_is_heard(more: dict[str, str]) -> None:
    (said,) = await Bench().hear(message(**more))

    assert (said.text, said.user, said.channel, said.ts) == ("hello", "U1", "C1", TS)
    assert said.thread_ts == more.get("thread_ts")


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B1"},
        {"app_id": "A1"},
        {"bot_profile": {"app_id": "A1"}},
        {"subtype": "bot_message"},
        {"user": "U0US"},
        {"user": None},
        {"subtype": "message_changed", "message": message()},
        {"subtype": "message_deleted"},
        {"subtype": "channel_join"},
        {"channel_type": "im"},
        {"channel_type": "mpim"},
        {"metadata": {"event_type": "baton.notice"}},
        {"type": "message_metadata_posted"},
        {"type": "app_mention"},
        {"ts": None},
    ],
)
async def test_nobody_and_nothing_else_is_heard(more: dict[str, Any]) -> None:
    assert await Bench().hear(message(**more)) == []


async def test_of_a_reaction_the_message_is_asked_for_only_where_somebody_wants_it() -> None:
    bench = Bench()
    assert await bench.hear(reaction(reaction="wave")) == []
    assert bench.noted.asked == []
    (said,) = await bench.hear(reaction())
    assert (said.text, said.thread_ts, said.reaction) == ("a <b>", "1.0", "eyes")
    assert bench.noted.asked == [f"message C1 {TS}"]


async def test_a_reaction_counts_though_slack_does_not_show_the_message() -> None:
    item = {"type": "message", "channel": "C9", "ts": TS}
    (said,) = await Bench().hear(reaction(item=item))

    assert (said.text, said.channel) == (None, "C9")


@pytest.mark.parametrize(
    "more",
    [
        {"user": "U0US"},
        {"user": None},
        {"item": None},
        {"item": {"type": "file", "file": "F1"}},
        {"item": {"type": "message", "channel": "D1", "ts": TS}},
        {"item": {"type": "message", "channel": "C1"}},
        {"type": "reaction_removed"},
    ],
)
async def test_a_reaction_of_baton_or_to_something_else_is_not_heard(more: dict[str, Any]) -> None:
    assert await Bench().hear(reaction(**more)) == []


async def test_the_name_of_a_channel_is_asked_for_only_where_one_is_named() -> None:
    by_id = Bench(Noted(wanted=({"message": "hello", "channel": "C1"},)))
    (said,) = await by_id.hear(message())
    assert (said.name, by_id.noted.asked) == (None, [])
    by_name = Bench(Noted(wanted=({"message": "hello", "channel": "#ops"},)))
    (said,) = await by_name.hear(message())
    assert (said.name, by_name.noted.asked) == ("#ops", ["name of C1"])


async def test_a_secret_in_a_message_is_not_kept() -> None:
    token = "xoxb-" + "1234567890-1234567890-" + "abcdefghijklmnopqrstuvwx"
    (said,) = await Bench().hear(message(text=f"deploy with {token}"))

    assert said.text is not None
    assert token not in said.text
