"""Stored events start runs: once, and whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from baton.events import Event
from coordination.accept import Incoming
from coordination.database import Transaction, definitions, events, insert, outbox, triggers, update
from coordination.database import processes as processes_table
from coordination.database import runs as runs_table
from coordination.database import workflows as workflows_table
from coordination.dispatcher import Dispatcher
from coordination.errors import InvalidInputs
from coordination.ports import Definition
from coordination.triggers import DEEPEST, context_of, run_id
from tests.coordination.inbox import T0, CountingIds, Inbox, event, open_inbox, settle
from workflows.language.expressions import Evaluator

_DEFINITION, _WORKFLOW, _TRIGGER = insert(definitions), insert(workflows_table), insert(triggers)
_STATUS, _SPOIL = update(workflows_table), update(processes_table)


class AnyInputs:
    """Takes whatever it is given, but for an input called `bad`."""

    def check(self, definition: Definition, values: Mapping[str, Any]) -> Mapping[str, Any]:
        if "bad" in values:
            raise InvalidInputs([("bad", "there is no <such> input")])
        return {"given": "default", **values}


@dataclass
class Hints:
    """A runtime that only listens."""

    started: list[str] = field(default_factory=list)
    broken: bool = False

    async def start(self, run_id: str) -> None:
        self.started.append(run_id)
        if self.broken:
            raise RuntimeError("not now")


@dataclass
class Office:
    """An inbox with a Dispatcher behind it."""

    inbox: Inbox
    hints: Hints
    dispatcher: Dispatcher

    async def watch(
        self, name: str, pattern: str, *, channel: str | None = None, **spec: Any
    ) -> None:
        """Have workflow *name* start on events of *pattern*."""
        settings = {"channel": channel} if channel else {}
        about = {"title": name.title(), "description": "", "source": ""}
        made = {"published_at": T0, "published_by": "baton", "revision": 1}
        source = spec.pop("source", None)

        def unit(tx: Transaction) -> None:
            body = {"name": name, "settings": settings}
            tx.execute(_DEFINITION, hash=f"h-{name}", name=name, body=body, **about, **made)
            tx.execute(_WORKFLOW, name=name, status="active", hash=f"h-{name}", updated_at=T0)
            values = {"workflow": name, "hash": f"h-{name}", "trigger_id": "0", "kind": "event"}
            tx.insert(_TRIGGER, **values, event=pattern, source=source, spec=spec)

        await self.inbox.write(unit)

    async def runs(self) -> list[Any]:
        return await self.inbox.rows(runs_table)

    async def why(self, event_id: str) -> list[str]:
        row = await self.inbox.event(event_id)
        return [line["outcome"] for line in row.explain.get("triggers", ())]


def dispatcher(inbox: Inbox, hints: Hints) -> Dispatcher:
    return Dispatcher(
        inbox.door,
        inbox.world,
        expressions=Evaluator(),
        inputs=AnyInputs(),
        runtime=hints,  # type: ignore[arg-type]  # a Dispatcher only starts
        channel="#default",
    )


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    inbox, hints = open_inbox(tmp_path / "x.db"), Hints()
    yield Office(inbox, hints, dispatcher(inbox, hints))
    await inbox.door.close()


async def test_an_event_starts_the_workflow_that_waits_for_it(office: Office) -> None:
    await office.watch(
        "pipeline",
        "build.completed",
        where="trigger.name == 'Build web' and trigger.result.failed == 0",
        inputs={"sha": "{{ trigger.result.sha }}", "count": "{{ trigger.result.failed }}"},
    )
    told = event(
        "b-1",
        "completed",
        ids=office.inbox.ids,
        category="build",
        result={"sha": "abc", "failed": 0},
    )
    await office.inbox.report("b-1", "started", -5, name="Build web")
    done = await office.inbox.take(Incoming(event=told, identity=None, owner="UADA"))
    assert await office.dispatcher.dispatch_all() == 1  # nobody asks for the others

    (run,) = await office.runs()
    (thread,) = await office.inbox.threads()
    assert run.id == run_id(done.event_id, "pipeline", "0")
    assert (run.status, run.workflow, run.hash, run.thread_key) == (
        "queued",
        "pipeline",
        "h-pipeline",
        thread.key,
    )
    assert run.inputs == {"given": "default", "sha": "abc", "count": 0}
    assert (run.trigger["kind"], run.trigger["process_id"]) == ("event", "b-1")
    assert (run.started_by, run.requested_by, run.depth) == ("trigger:0", "UADA", 0)
    assert office.hints.started == [run.id]
    (line,) = (await office.inbox.event(done.event_id)).explain["triggers"]
    assert line == {"workflow": "pipeline", "trigger": "0", "outcome": "started", "run_id": run.id}


async def test_an_event_is_dispatched_once(office: Office) -> None:
    await office.watch("pipeline", "process.completed")
    await office.inbox.report("b-1", "completed")
    await office.dispatcher.dispatch_all()
    await office.inbox.report("b-1", "completed", 5)
    assert await office.dispatcher.dispatch_all() == 0
    assert len(await office.runs()) == 1


async def test_only_what_somebody_asks_for_is_left_to_the_dispatcher(office: Office) -> None:
    with office.inbox.door.changes.subscribe("dispatch") as left:
        before = await office.inbox.report("b-1", "completed")
        await office.watch("pipeline", "build.*")
        other = await office.inbox.report("b-2", "completed", category="test")
        assert await left.wait(0) == ()
        after = await office.inbox.report("b-3", "completed", category="build")
        assert [change.id for change in await left.wait(1)] == [after.event_id]

    marks = {row.id: row.dispatched_at for row in await office.inbox.rows(events)}
    assert marks == {before.event_id: T0, other.event_id: T0, after.event_id: None}
    assert await office.dispatcher.dispatch_all() == 1
    (run,) = await office.runs()
    assert run.trigger["event_id"] == after.event_id


async def test_a_workflow_that_is_paused_asks_for_nothing(office: Office) -> None:
    await office.watch("pipeline", "process.completed")
    await office.inbox.write(lambda tx: tx.execute(_STATUS, status="paused"))
    await office.inbox.report("b-1", "completed")
    await office.inbox.write(lambda tx: tx.execute(_STATUS, status="active"))

    assert await office.dispatcher.dispatch_all() == 0
    assert await office.runs() == []


async def test_two_dispatchers_start_one_run(office: Office) -> None:
    await office.watch("pipeline", "process.completed")
    await office.inbox.report("b-1", "completed")
    other = dispatcher(office.inbox, Hints())
    await asyncio.gather(office.dispatcher.dispatch_all(), other.dispatch_all())
    assert len(await office.runs()) == 1


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"where": "trigger.result.failed == 0"}, "where is false: trigger.result.failed == 0"),
        ({"where": "trigger.result.nothing == 0"}, "where failed: "),
        ({"where": "trigger.result.failed =="}, "where failed: "),
        ({"source": "lab"}, "the source is ci, not lab"),
        ({"enabled": False}, "the trigger is switched off"),
    ],
)
async def test_what_does_not_match_says_why_and_starts_nothing(
    office: Office, spec: dict[str, Any], why: str
) -> None:
    await office.watch("pipeline", "*.completed", **spec)
    done = await office.inbox.report("b-1", "completed", result={"failed": 2})
    await office.dispatcher.dispatch_all()
    (outcome,) = await office.why(done.event_id)
    assert outcome.startswith(why)
    assert (await office.runs(), office.hints.started) == ([], [])
    assert await office.inbox.queued() == [("root", 2)]


@pytest.mark.parametrize("status", ["paused", "draft", "archived"])
async def test_only_active_workflows_start(office: Office, status: str) -> None:
    await office.watch("pipeline", "process.completed")
    await office.inbox.write(lambda tx: tx.execute(_STATUS, status=status))
    done = await office.inbox.report("b-1", "completed")
    await office.dispatcher.dispatch_all()
    assert (await office.runs(), await office.why(done.event_id)) == ([], [])


async def test_late_and_repeated_events_fire_nothing(office: Office) -> None:
    await office.watch("pipeline", "process.*")
    await office.inbox.report("b-1", "completed", 5)
    await office.dispatcher.dispatch_all()
    count = len(await office.runs())
    for status, at in (("started", 1), ("failed", 7), ("completed", 8), ("in_progress", 9)):
        await office.inbox.report("b-1", status, at)
    await office.dispatcher.dispatch_all()
    assert (count, len(await office.runs())) == (1, 1)


async def test_an_event_of_last_month_fires_nothing(office: Office) -> None:
    await office.watch("pipeline", "process.completed")
    late = T0 + timedelta(days=31)
    await office.inbox.report("b-1", "completed", received_at=late)
    await office.dispatcher.dispatch_all()
    assert await office.runs() == []
    assert all(row.dispatched_at for row in await office.inbox.rows(events))


async def test_inputs_that_do_not_fit_are_told_in_the_thread(office: Office) -> None:
    await office.watch("pipeline", "process.completed", inputs={"bad": 1})
    await office.watch("other", "process.completed", inputs={"x": "{{ trigger.result.none }}"})
    await office.inbox.report("b-1", "completed")
    await office.dispatcher.dispatch_all()
    said = [row.body["text"] for row in await office.inbox.rows(outbox) if row.kind == "reply"]
    assert len(said) == 2
    assert any(
        "`pipeline` did not start: bad: there is no &lt;such&gt; input" in text for text in said
    )
    assert await office.runs() == []


async def test_a_run_keeps_to_its_own_channel(office: Office) -> None:
    await office.watch("pipeline", "process.completed", channel="#ops-{{ trigger.result.env }}")
    done = await office.inbox.report("b-1", "completed", channel="#builds", result={"env": "prod"})
    await office.dispatcher.dispatch_all()
    (run,) = await office.runs()
    threads = {row.key: row for row in await office.inbox.threads()}
    assert threads[run.thread_key].channel == "#ops-prod"
    assert threads[run.thread_key].id != done.thread_id


# Chains of causes


async def test_no_workflow_triggers_itself(office: Office) -> None:
    await office.watch("pipeline", "process.*")
    await office.inbox.report("b-1", "completed")
    while await office.dispatcher.dispatch_all():
        pass
    assert len(await office.runs()) == 1
    refused = [
        line["outcome"]
        for row in await office.inbox.rows(events)
        for line in (row.explain or {}).get("triggers", [])
        if line["outcome"] != "started"
    ]
    assert refused == ["a run of pipeline caused this event: no workflow triggers itself"]


async def test_a_chain_of_causes_ends(office: Office) -> None:
    await office.watch("w00", "build.completed")
    for place in range(1, DEEPEST + 3):
        where = f"trigger.name == 'W{place - 1:02}'"
        await office.watch(f"w{place:02}", "process.queued", where=where)
    await office.inbox.report("b-1", "completed", category="build")
    await office.dispatcher.dispatch_all()
    assert [run.depth for run in await office.runs()] == list(range(DEEPEST))


async def test_what_a_tool_reports_for_a_run_is_caused_by_it(office: Office) -> None:
    await office.watch("pipeline", "process.completed")
    await office.inbox.report("b-1", "completed")
    await office.dispatcher.dispatch_all()
    (run,) = await office.runs()
    await office.inbox.report("inner", "completed", 5, run_id=run.id)
    await office.dispatcher.dispatch_all()
    assert len(await office.runs()) == 1


# When something goes wrong


async def test_an_event_stored_after_a_bug_is_taken_when_the_bug_is_gone(office: Office) -> None:
    await office.watch("pipeline", "process.completed")
    await office.inbox.report("b-1", "started")
    good = (await office.inbox.process("b-1")).state
    await office.inbox.write(lambda tx: tx.execute(_SPOIL, state={"no": "fold"}))
    odd = await office.inbox.report("b-1", "completed", 5)
    assert odd.effect == "stored"
    assert await office.dispatcher.dispatch_all() == 0
    assert (await office.inbox.event(odd.event_id)).dispatched_at is None
    assert await office.runs() == []

    await office.inbox.write(lambda tx: tx.execute(_SPOIL, state=good))
    assert await office.dispatcher.dispatch_all() == 0  # it is tried again after a pause
    office.inbox.clock.advance(timedelta(minutes=2))
    await office.dispatcher.dispatch_all()
    assert (await office.inbox.process("b-1")).status == "completed"
    assert (await office.inbox.event(odd.event_id)).effect == "updated"
    assert len(await office.runs()) == 1


async def test_an_event_that_could_not_be_written_is_tried_again_within_a_second(
    office: Office,
) -> None:
    """Not after the pause of an event that is itself at fault: the room may be back at any moment."""
    await office.watch("pipeline", "process.completed")
    met = await office.inbox.report("b-1", "completed")
    raw = office.inbox.door._session._raw
    raw.execute("PRAGMA query_only = 1")
    assert await office.dispatcher.dispatch_all() == 0

    raw.execute("PRAGMA query_only = 0")
    assert (await office.inbox.event(met.event_id)).dispatched_at is None
    office.inbox.clock.skew -= timedelta(hours=1)  # that somebody sets the clock back is no matter
    assert office.dispatcher._rest() <= timedelta(seconds=1)
    office.inbox.clock.advance(timedelta(seconds=2))
    assert await office.dispatcher.dispatch_all() == 1
    assert len(await office.runs()) == 1


async def test_a_runtime_that_does_not_listen_loses_nothing(office: Office) -> None:
    office.hints.broken = True
    await office.watch("pipeline", "process.completed")
    await office.inbox.report("b-1", "completed")
    await office.dispatcher.dispatch_all()
    (run,) = await office.runs()
    assert (run.status, office.hints.started) == ("queued", [run.id])


async def test_the_loop_hears_of_events_and_finds_those_it_did_not_hear_of(office: Office) -> None:
    await office.watch("pipeline", "process.completed")
    await office.inbox.report("before", "completed")
    loop = asyncio.ensure_future(office.dispatcher.run())
    try:
        await settle()
        assert len(await office.runs()) == 1
        await office.inbox.report("after", "completed", 1)
        await settle()
        assert len(await office.runs()) == 2
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)


def test_what_a_trigger_sees_has_the_name_of_the_process() -> None:
    told: Event = event("b-1", "completed", ids=CountingIds(), subject=None)
    assert context_of(told, name="Build web")["name"] == "Build web"
    assert context_of(told, name=None)["name"] == "b-1"
    assert context_of(told, name=None)["kind"] == "event"


def test_the_id_of_a_triggered_run_is_derived() -> None:
    same = {run_id("ev_1", "w", "0") for _ in range(3)}
    assert len(same) == 1
    others = {run_id("ev_2", "w", "0"), run_id("ev_1", "w", "1"), run_id("ev_1", "v", "0")}
    assert len(same | others) == 4
    (one,) = same
    assert one.startswith("run_")
    assert len(one) == 30


@pytest.mark.parametrize(
    ("written", "source"),
    [("claude_code", "claude-code"), ("mcp_server", "mcp"), ("my-ci", "my_ci"), ("ci", "ci")],
)
async def test_sources_are_known_by_their_older_spellings(
    office: Office, written: str, source: str
) -> None:
    await office.watch("pipeline", "process.completed", source=written)
    await office.inbox.report("a", "completed", source="other")
    await office.inbox.report("b", "completed", source=source)
    await office.dispatcher.dispatch_all()

    (run,) = await office.runs()
    assert run.trigger["process_id"] == "b"


async def test_a_webhook_is_any_event_without_a_status(office: Office) -> None:
    await office.watch("pipeline", "webhook")
    await office.inbox.report("a", "completed")
    await office.inbox.report(None, type="github.push")
    await office.dispatcher.dispatch_all()

    (run,) = await office.runs()
    assert run.trigger["type"] == "github.push"
