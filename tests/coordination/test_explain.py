"""Why an event did what it did: what is recorded, and how people read it; and looking for events."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from baton.reading import Source, read_cloud_event
from coordination import events_view, explain, reasons, runs, tokens
from coordination.errors import NotFound
from coordination.events_view import EventFilter
from coordination.reporting import Told
from coordination.runs import NewRun
from coordination.store.events import Raw
from coordination.threads_view import ProcessFilter
from coordination.tokens import Credential
from tests.coordination.floor import TOOL, Floor
from tests.coordination.scene import MINUTE, machine, open_scene

LAB = Credential("xyz", Source("lab", "lab", "generic"), frozenset({"notify"}))
BUILD = {"process_id": "b-1", "name": "Build web", "status": "started"}


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    floor = Floor(await open_scene(tmp_path / "baton.db"))
    yield floor
    floor.world.tasks.drop()
    await floor.scene.door.close()


def test_what_earlier_versions_kept_of_an_explanation_reads_the_same() -> None:
    news, end = "the newest news by order is shown", "the process ends"
    for rule, sentence in (("F3", news), ("F1", end), ("D4", "news after the end are history")):
        kept = {"rule": reasons.shortened((rule, sentence))}
        assert explain.read_rule(kept) == explain.read_rule({"rule": [rule, sentence]})
        assert explain.read_rule(kept) == (rule, sentence)
    assert reasons.shortened(("new", "attempt 2 begins")) == ("new", "attempt 2 begins")
    assert explain.read_rule({}) is None
    told = {"evidence": "process", "value": "b-1", "outcome": "matched"}
    for written in (["process", "matched"], ["process", "b-1", "matched"], told):
        (line, *_) = explain.read_steps({"correlation": [written]}, "b-1")
        assert line == explain.StepLine("process", "b-1", "matched")


async def test_an_explanation_says_who_told_it_and_what_became_of_it(floor: Floor) -> None:
    told = await floor.report(
        {"process_id": "b-1", "process_name": "Build web", "state": "started", "id": "e-1"}
    )
    found = await floor.coordinator.explain(told.event_id)
    data = found.to_json()
    assert data["credential"] == {"source": "ci", "token": "abc", "scheme": "bearer"}
    assert data["fields"] == {"name": "process_name", "status": "state"}
    assert data["identity"] == {"name": "e-1", "from": "id"}
    assert data["correlation"] == [
        {"evidence": "process", "value": "b-1", "outcome": "no match"},
        {"evidence": "run_id", "value": None, "outcome": "not given"},
        {"evidence": "parent", "value": None, "outcome": "not given"},
    ]
    assert data["rule"]["name"] == "new"
    assert data["status"] == {"before": None, "after": "started"}
    assert [each["slot"] for each in data["outbox"]] == ["root"]
    assert found.lines() == (
        f"{told.event_id}: dev.baton.process.started of ci:b-1, attempt 1, 2026-03-01T12:00:00Z",
        "From ci (token abc, bearer), read by notify 1",
        "  name came as process_name",
        "  status came as state",
        "Known as e-1, from id",
        f"Thread: opened {told.thread_id}",
        "  process b-1: no match",
        "  run id: not given",
        "  parent: not given",
        "Effect: created (new, nobody had heard of the process; new → started)",
        "Triggers: none has this name of an event",
        "Slack:",
        "  root, progress: queued",
    )


@pytest.mark.parametrize(
    ("more", "known"),
    [
        ({"body": {"id": "e-1"}}, ("e-1", "id")),
        ({"body": {}}, ("id_0001", "an id that Baton made up, since none came")),
        ({"body": {"id": "e-1"}, "key": "k-1"}, ("k-1", "the Idempotency-Key header")),
        ({"body": {}, "key": "k-1"}, ("k-1", "the Idempotency-Key header")),
        ({"body": {"id": "e-1"}, "delivery": "d-1"}, ("d-1", "the webhook-id header")),
        ({"body": {}, "delivery": "d-1", "key": "k"}, ("d-1", "the webhook-id header")),
        ({"cloud": "e-1"}, ("//ci\ne-1", "source and id of the CloudEvent")),
        (
            {"cloud": "e-1", "delivery": "d-1", "key": "k-1"},
            ("//ci\ne-1", "source and id of the CloudEvent"),
        ),
    ],
)
async def test_an_explanation_names_what_a_repeat_is_known_by_and_what_gave_it(
    floor: Floor, more: dict[str, Any], known: tuple[str, str]
) -> None:
    (told,) = await floor.coordinator.take(TOOL, [said(floor, **more)])
    found = await floor.coordinator.explain(told.event_id)

    name, origin = found.identity or ("", "")
    assert origin == known[1]
    assert name == (told.id if known[0] == "id_0001" else known[0])
    assert f"Known as {name}, from {origin}" in found.lines()


@pytest.mark.parametrize("more", [{"body": {"id": "e-1"}}, {"cloud": "e-1"}])
async def test_what_is_replayed_is_a_new_event_whose_id_came_from_nowhere(
    floor: Floor, more: dict[str, Any]
) -> None:
    now = floor.world.clock.now()
    await floor.scene.door.write(
        lambda tx: tokens.put_source(tx, TOOL.source, channel=None, now=now)
    )
    (told,) = await floor.coordinator.take(TOOL, [said(floor, **more)])
    view = await floor.coordinator.raw(told.event_id)

    again = said(floor, **more).reading
    (second,) = await floor.coordinator.replay(machine("ops", "admin"), view, again)

    assert (second.duplicate, second.event_id != told.event_id) == (False, True)
    found = await floor.coordinator.explain(second.event_id)
    assert found.identity == (second.id, "an id that Baton made up, since none came")
    assert second.id != told.id


def said(
    floor: Floor, *, body: dict[str, Any] | None = None, cloud: str | None = None, **more: Any
) -> Told:
    """Return an event as a tool tells it, in Baton's own words or as a CloudEvent."""
    raw = Raw(b"{}", {})
    if body is not None:
        return Told(floor.read({**BUILD, **body}), raw=raw, **more)
    envelope = {"specversion": "1.0", "id": cloud, "source": "//ci", "type": "com.acme.built"}
    now = floor.world.clock.now()
    return Told(read_cloud_event(envelope, read=floor.read, received_at=now), raw=raw, **more)


async def test_every_key_is_named_with_its_owner(floor: Floor) -> None:
    mine = await floor.report({**BUILD, "keys": ["ci:h:1"]})
    other = await floor.report(
        {"process_id": "x", "status": "started", "run_id": "x", "keys": ["agent:claude:s"]}
    )
    subject = {"repo": "h/o/n", "ref": "topic"}
    told = await floor.report(
        {
            "process_id": "b-2",
            "status": "completed",
            "keys": ["ci:h:1", "agent:claude:s"],
            "subject": subject,
        }
    )
    found = await floor.coordinator.explain(told.event_id)
    assert [(each.key, each.thread_id, each.note) for each in found.keys] == [
        ("ci:h:1", mine.thread_id, ""),
        ("agent:claude:s", other.thread_id, "elsewhere"),
        ("branch:h/o/n#topic", None, ""),
    ]
    said = "\n".join(found.lines())
    assert f"Thread: joined {mine.thread_id}" in said
    assert "CI run ci:h:1: matched" in said
    assert f"key agent:claude:s: stays with {other.thread_id}: the threads are linked" in said
    assert "key branch:h/o/n#topic: leads here from now on" in said
    assert "D9, nobody had heard of the process; when it started is not known" in said


async def test_an_event_is_found_by_the_id_that_its_producer_chose(floor: Floor) -> None:
    told = await floor.report({**BUILD, "id": "e-1"})
    await floor.report({**BUILD, "id": "e-1"}, who=LAB)
    found = await floor.coordinator.explain("e-1", source="ci")
    assert found.event_id == told.event_id
    with pytest.raises(NotFound, match="e-2"):
        await floor.coordinator.explain("e-2", source="ci")
    with pytest.raises(NotFound):
        await floor.coordinator.explain("ev_nothing")


async def test_a_process_and_a_run_stand_for_their_newest_event(floor: Floor) -> None:
    await floor.report(BUILD)
    floor.world.clock.at += MINUTE
    end = await floor.report({**BUILD, "status": "completed"})
    assert (await floor.coordinator.explain("ci:b-1")).event_id == end.event_id
    with pytest.raises(NotFound, match="run"):
        await floor.coordinator.explain("R-99")


async def test_a_rule_of_disorder_is_named(floor: Floor) -> None:
    await floor.report({**BUILD, "status": "completed"})
    floor.world.clock.at += MINUTE
    late = await floor.report({**BUILD, "status": "failed"})
    found = await floor.coordinator.explain(late.event_id)
    assert found.rule == ("D5", "conflicting end: the first one stays")
    assert (found.was, found.status, found.applied) == ("completed", "completed", False)
    assert "Triggers: none, since it changed no status" in found.lines()
    assert "Slack: nothing new to show" in found.lines()


async def test_a_thread_says_of_each_part_why_it_is_there(floor: Floor) -> None:
    first = await floor.report({**BUILD, "keys": ["ci:h:1"]})
    await floor.report({"process_id": "t", "status": "started", "parent": {"process_id": "b-1"}})
    await floor.report(
        {"process_id": "d", "name": "Deploy", "status": "started", "keys": ["ci:h:1"]}
    )
    thread = (await floor.coordinator.thread(first.thread_id)).key

    def begin(tx: Any) -> None:
        new = NewRun(
            id="run_x",
            workflow="pipeline",
            hash="abc",
            inputs={},
            trigger={},
            started_by="trigger:on_build",
            requested_by=None,
            thread_key=thread,
        )
        runs.start(tx, new, now=floor.world.clock.now(), ids=floor.world.ids)

    await floor.scene.door.write(begin)
    lines = await floor.coordinator.why(first.thread_id)
    assert lines[:3] == (
        "Build web (ci:b-1): it opened the thread",
        "t (ci:t): its parent is here",
        "Deploy (ci:d): same CI run",
    )
    assert lines[3].endswith(": an event of this thread started it, by the trigger on_build")
    with pytest.raises(NotFound):
        await floor.coordinator.why("th_nothing")


# Looking for events


async def ids(floor: Floor, **wanted: Any) -> list[str]:
    found = await floor.coordinator.search(EventFilter(**wanted), limit=100)
    return [str(each.body["id"]) for each in found.events]


async def test_events_are_found_by_what_is_known_of_them(floor: Floor) -> None:
    start = floor.world.clock.now()
    first = await floor.report({**BUILD, "id": "1", "category": "build", "message": "50% of_it"})
    floor.world.clock.at += MINUTE
    await floor.report({**BUILD, "id": "2", "status": "completed"})
    floor.world.clock.at += MINUTE
    await floor.report({**BUILD, "id": "3", "status": "failed", "message": "Boom"}, who=LAB)
    await floor.report({"id": "4", "type": "generic.push"}, who=LAB)

    assert await ids(floor, thread=first.thread_id) == ["1", "2"]
    assert await ids(floor, namespace="lab") == await ids(floor, source="lab") == ["3", "4"]
    assert await ids(floor, status="completed") == ["2"]
    assert await ids(floor, type="dev.baton.process.failed") == ["3"]
    assert await ids(floor, type="process.ended") == ["2", "3"]
    assert await ids(floor, type="build.*") == ["1", "2"]
    assert await ids(floor, type="*.push") == ["4"]
    assert await ids(floor, since=start + MINUTE, until=start + 2 * MINUTE) == ["2"]
    assert await ids(floor, text="bOOm") == ["3"]
    assert await ids(floor, text="0% of_") == ["1"]
    assert await ids(floor, text="0x of") == []
    with pytest.raises(NotFound):
        await ids(floor, run="R-9")


async def test_a_long_history_is_looked_through_part_by_part(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_view, "WINDOW", 4)
    monkeypatch.setattr(events_view, "WINDOWS", 2)
    for number in range(21):
        source = LAB if number in (1, 9, 20) else TOOL
        await floor.report({**BUILD, "id": str(number), "process_id": str(number)}, who=source)
    found, cursor, looks = [], 0, 0
    while True:
        page = await floor.coordinator.search(EventFilter(source="lab"), after=cursor, limit=2)
        found += [str(each.body["id"]) for each in page.events]
        if page.cursor == cursor:
            break
        cursor, looks = page.cursor, looks + 1
    assert (found, looks) == (["1", "9", "20"], 3)
    newest, top = await floor.coordinator.latest_events(EventFilter(source="lab"), limit=5)
    assert [each.body["id"] for each in newest] == ["20"]
    assert top == newest[0].seq


async def test_processes_are_found_by_label_and_by_silence(floor: Floor) -> None:
    await floor.report({**BUILD, "labels": {"team": "web"}})
    await floor.report({**BUILD, "process_id": "b-2", "labels": {"team": "ops"}})

    async def named(**wanted: Any) -> list[str]:
        found = await floor.coordinator.processes(ProcessFilter(**wanted))
        return [each.process_id for each in found]

    assert await named(label=("team", "web")) == ["b-1"]
    assert await named(label=('te"am', "web")) == ["b-1"]
    assert await named(stalled=True) == []


async def test_a_thread_shows_its_keys_and_what_is_related(floor: Floor) -> None:
    first = await floor.report({**BUILD, "keys": ["ci:h:1"], "subject": {"repo": "h/o/n", "pr": 7}})
    floor.world.clock.at += timedelta(seconds=1)
    other = await floor.report(
        {"process_id": "x", "status": "started", "run_id": "x", "keys": ["ci:h:1"]}
    )
    seen = await floor.coordinator.thread(first.thread_id)
    assert [(each.key, each.strong) for each in seen.keys] == [
        ("ci:h:1", True),
        ("pr:h/o/n!7", False),
    ]
    (related,) = seen.related
    assert (related.id, related.title, related.because) == (other.thread_id, "x", "ci:h:1")
    back = (await floor.coordinator.thread(other.thread_id)).related
    assert [each.id for each in back] == [first.thread_id]
