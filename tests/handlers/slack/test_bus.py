"""Who is heard in a channel that is read as a bus: every kind of event, by every kind of sender."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from baton.errors import MalformedBody
from coordination.bus_reading import Posted, read_message
from coordination.bus_reports import Unreadable
from coordination.database import events, select
from coordination.errors import Unavailable
from coordination.lookups import Rules
from coordination.slack_bus import BusChannel
from handlers.slack.bus import Bus, concerns_us, stored
from handlers.slack.messages import Ours
from handlers.slack.overhearing import Overhearing
from tests.bot.slack.box import Box

TEXT = ":rocket: Process Started: Build"
OURS = Ours("T1", "B0US", "U0US", "A0US")
LISTED = {
    "A0CI": "ci", "B0HOOK": "hook", "U0ADA": "ada", "U0SAM": "guest", "U0GONE": "gone",
    "U0CONNECT": "partner", "A0US": "self", "B0US": "self", "U0US": "self",
}  # fmt: skip
RULES = Rules(bus=(BusChannel("C1", LISTED), BusChannel("#builds", LISTED)))


@dataclass
class NotedCoordinator:
    """Notes what it is told, and stores nothing."""

    rules: Rules = RULES
    broken: bool = False
    reports: list[Posted] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    async def take_posted(self, posted: Posted) -> object:
        if self.broken:
            raise Unavailable("the disk is full")
        try:
            said = read_message(posted)
        except MalformedBody as error:
            raise Unreadable(str(error)) from error
        if said is not None:
            self.reports.append(posted)
        return said

    async def note_deleted(self, channel: str, ts: str, deleted: str) -> bool:
        self.deleted.append(ts)
        return True

    async def listened(self) -> tuple[()]:
        return ()

    async def message_gone(self, channel: str, ts: str) -> bool:
        self.gone.append(ts)
        return True


@dataclass
class NotedWarnings:
    """Notes beside which messages a reaction would stand; it takes the place of the tasks, too."""

    seen: list[str] = field(default_factory=list)

    @property
    def tasks(self) -> "NotedWarnings":
        return self

    def start(self, name: str, work: Any) -> None:
        work.close()
        self.seen.append(name)

    async def warn(self, channel: str, ts: str) -> None: ...


@dataclass
class Bench:
    coordinator: NotedCoordinator = field(default_factory=NotedCoordinator)
    warnings: NotedWarnings = field(default_factory=NotedWarnings)

    def __post_init__(self) -> None:
        names = {"C2": "#builds"}
        others = Overhearing(self.coordinator, self.warnings)  # type: ignore[arg-type]
        self.bus = Bus(self.coordinator, self.warnings, self.warnings, others, names)  # type: ignore[arg-type]

    async def hear(self, event: dict[str, Any]) -> str:
        """Return what came of an event."""
        if not concerns_us(event):
            return "others"
        assert (await stored(self.bus, event, OURS)).status == 200
        if self.coordinator.reports:
            return f"report of {self.coordinator.reports[0].source}"
        if self.warnings.seen:
            return "warned"
        if self.coordinator.gone:
            return "card"
        return "note" if self.coordinator.deleted else "nothing"


def by_app(app: str, bot: str, user: str = "U0BOT", **more: Any) -> dict[str, Any]:
    profile = {"app_id": app}
    return {
        "user": user,
        "app_id": app,
        "bot_id": bot,
        "bot_profile": profile,
        "team": "T1",
        **more,
    }


SENDERS: dict[str, tuple[dict[str, Any], str | None]] = {
    "listed app": (by_app("A0CI", "B0CI"), "ci"),
    "listed webhook": (by_app("A0X", "B0HOOK"), "hook"),
    "old webhook without an app": ({"bot_id": "B0HOOK", "subtype": "bot_message"}, "hook"),
    "listed member": ({"user": "U0ADA", "team": "T1"}, "ada"),
    "listed guest": ({"user": "U0SAM", "team": "T1"}, "guest"),
    "listed person of another workspace": ({"user": "U0CONNECT", "team": "T2"}, "partner"),
    "app of a listed person": (by_app("A0X", "B0X", "U0ADA"), "ada"),
    "member": ({"user": "U0EVE", "team": "T1"}, None),
    "guest": ({"user": "U0VISITOR", "team": "T1"}, None),
    "deactivated": ({"user": "U0LEFT", "team": "T1"}, None),
    "another app": (by_app("A0X", "B0X"), None),
    "the listed app of another workspace": (by_app("A0CI", "B0THEIRS", team="T2"), None),
    "the same, told by its source": (by_app("A0CI", "B0THEIRS", source_team="T2"), None),
    "Slackbot": ({"user": "USLACKBOT"}, None),
    "nobody": ({}, None),
    "Baton": (by_app("A0US", "B0US", "U0US"), None),
    "a webhook of Baton's own app": (by_app("A0US", "B0HOOK", "U0X"), None),
    "Baton without its app": ({"user": "U0US", "bot_id": "B0US"}, None),
}


def message(sender: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "message", "channel": "C1", "channel_type": "channel", "ts": "1.000001", "text": TEXT,
        **SENDERS[sender][0], **more,
    }  # fmt: skip


@pytest.mark.parametrize("sender", SENDERS)
async def test_only_who_is_listed_reports_and_baton_never_does(sender: str) -> None:
    source = SENDERS[sender][1]
    verdict = "nothing" if source is None else f"report of {source}"
    assert await Bench().hear(message(sender)) == verdict
    assert await Bench().hear(message(sender, channel="C2")) == verdict  # listed by its name
    assert await Bench().hear(message(sender, channel="C3")) == "nothing"
    edit = {"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "2.000001"}
    inside = message(sender, edited={"user": "U0X", "ts": "2.000000"})
    assert await Bench().hear({**edit, "message": inside}) == verdict
    reply = message(sender, thread_ts="0.500000")
    assert await Bench().hear(reply) == verdict
    broken = message(sender, text="```baton\n{\n```")
    assert await Bench().hear(broken) == ("warned" if source else "nothing")
    gone = {**edit, "subtype": "message_deleted", "deleted_ts": "1.0", "previous_message": inside}
    ours = sender in ("Baton", "Baton without its app", "a webhook of Baton's own app")
    assert await Bench().hear(gone) == ("card" if ours else "note")


KINDS: list[tuple[str, dict[str, Any], str]] = [
    ("plain", {}, "report of ci"),
    ("posted by a bot", {"subtype": "bot_message"}, "report of ci"),
    ("reply that is shown in the channel", {"subtype": "thread_broadcast"}, "report of ci"),
    ("with a file", {"subtype": "file_share"}, "report of ci"),
    ("said as /me", {"subtype": "me_message"}, "report of ci"),
    ("in a private channel", {"channel_type": "group"}, "report of ci"),
    ("in a group of people", {"channel_type": "mpim"}, "nothing"),
    ("written to Baton", {"channel_type": "im", "channel": "D1"}, "others"),
    ("a notice", {"metadata": {"event_type": "baton.notice", "event_payload": {}}}, "nothing"),
    ("conversation", {"text": "the build started"}, "nothing"),
    ("nothing at all", {"text": None}, "nothing"),
    *(
        (subtype, {"subtype": subtype}, "nothing")
        for subtype in (
            *("channel_join", "channel_leave", "channel_topic", "channel_name", "channel_archive"),
            *("message_replied", "reminder_add", "ekm_access_denied", "tombstone", "pinned_item"),
            *("assistant_app_thread", "huddle_thread", "never_heard_of"),
        )
    ),
]


@pytest.mark.parametrize(("kind", "more", "verdict"), KINDS, ids=[each[0] for each in KINDS])
async def test_each_kind_of_message_has_its_verdict(
    kind: str, more: dict[str, Any], verdict: str
) -> None:
    assert await Bench().hear(message("listed app", **more)) == verdict


@pytest.mark.parametrize(
    "kind",
    [
        *("app_mention", "reaction_removed", "app_home_opened", "file_shared"),
        *("team_join", "user_change", "link_shared", "pin_added", "never_heard_of"),
    ],
)
async def test_every_other_kind_of_event_is_left_to_others(kind: str) -> None:
    bench = Bench()
    assert await bench.hear(message("listed app", type=kind)) == "others"
    assert bench.coordinator.reports == []


PAYLOAD = {"event_type": "baton.process", "event_payload": {"process_id": "x", "status": "ok"}}


@pytest.mark.parametrize(("app", "verdict"), [("A0CI", "report of ci"), ("A0US", "nothing")])
async def test_metadata_that_is_told_by_itself_is_the_same_message(app: str, verdict: str) -> None:
    alone = {
        "type": "message_metadata_posted",
        "app_id": app,
        "bot_id": "B0CI",
        "user_id": "U0BOT",
        "team_id": "T1",
        "channel_id": "C1",
        "message_ts": "1.000001",
        "event_ts": "1.000002",
        "metadata": PAYLOAD,
    }
    bench, beside = Bench(), Bench()
    assert await bench.hear(alone) == verdict
    if bench.coordinator.reports:
        await beside.hear(message("listed app", metadata=PAYLOAD))
        told, said = bench.coordinator.reports[0], beside.coordinator.reports[0]
        assert told.identity == said.identity == "T1:C1:1.000001"
    updated = {**alone, "type": "message_metadata_updated"}
    changed = Bench()
    assert await changed.hear(updated) == verdict
    assert [each.edited for each in changed.coordinator.reports] in ([], ["1.000002"])
    assert await Bench().hear({**alone, "type": "message_metadata_deleted"}) == "others"


async def test_rich_text_is_read_as_what_it_shows() -> None:
    elements = [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "look"}]},
        {
            "type": "rich_text_preformatted",
            "elements": [
                {
                    "type": "text",
                    "text": "baton\nprocess_id: x\nstatus: ok\nmessage: a <b> & c\nurl: ",
                },
                {"type": "link", "url": "https://ci.example/1?a=1&b=2"},
            ],
        },
    ]
    bench = Bench()
    rich = {"type": "rich_text", "elements": elements}
    await bench.hear(message("listed app", text="", blocks=[rich, {"type": "divider"}, "junk"]))
    said = read_message(bench.coordinator.reports[0])
    assert said is not None
    assert said.fields["message"] == "a <b> & c"
    assert said.fields["url"] == "https://ci.example/1?a=1&b=2"


async def test_a_message_that_is_not_understood_is_marked_once_for_each_edit() -> None:
    bench = Bench()
    broken = message("listed app", text="```baton\n{\n```")
    with capture_logs() as logs:
        for _ in range(3):
            await bench.hear(broken)
        await bench.hear({**broken, "edited": {"ts": "3.0"}})
    assert len(bench.warnings.seen) == 2
    assert [each["event"] for each in logs] == ["bus_message_refused"] * 2


async def test_what_cannot_be_stored_is_not_acknowledged() -> None:
    bench = Bench(NotedCoordinator(broken=True))
    assert (await stored(bench.bus, message("listed app"), OURS)).status == 503
    assert (await stored(bench.bus, message("member"), OURS)).status == 200
    assert bench.warnings.seen == []


async def test_a_bug_is_not_acknowledged_either_and_slack_delivers_it_again(box: Box) -> None:
    async def bug(posted: Posted) -> None:
        raise ZeroDivisionError

    rules = box.coordinator.rules
    box.coordinator.rules = Rules(rules.roles, bus=(BusChannel("C0RELEASES", {"A0OTHER": "ci"}),))
    take, box.coordinator.take_posted = box.coordinator.take_posted, bug  # type: ignore[method-assign]
    with capture_logs() as logs:
        done = await box.slack.ask("POST", "messages", bot=True, channel="C0RELEASES", text=TEXT)
    assert done["ack"]["state"] != "acked"
    assert {each["event"] for each in logs} >= {"event_not_stored"}
    box.coordinator.take_posted = take  # type: ignore[method-assign]
    again = await box.slack.ask("GET", "envelopes", type="events_api")
    event_id = again["envelopes"][-1]["payload"]["event_id"]
    done = await box.slack.ask("POST", "redeliver", event_id=event_id)
    assert done["ack"]["state"] == "acked"
    rows = await box.scene.door.read(lambda reader: reader.fetch_all(select(events.c.source)))
    assert [row.source for row in rows] == ["ci"]
