"""What the demo did, as one document for programs and as a timeline for people."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.demo.slack import Personas
from coordination.coordinator import Coordinator
from coordination.outbox import ROOT
from coordination.ports import RunView
from coordination.runs import RunFilter
from coordination.threads_view import ThreadView
from coordination.waiting_for import card_word, process_word

Json = Mapping[str, Any]


async def document(coordinator: Coordinator, personas: Personas, *, seconds: float) -> Json:
    """Return ``{seconds, threads, runs}``: what stands in Slack, and what the runs did."""
    names = await authors(personas)
    threads = [
        await thread_of(await coordinator.thread(each.id), personas, names)
        for each in reversed(await coordinator.threads(limit=100))
    ]
    runs = [
        run_of(await coordinator.run(each.id))
        for each in reversed((await coordinator.runs(RunFilter(limit=100))).items)
    ]
    return {"seconds": round(seconds, 1), "threads": threads, "runs": runs}


async def authors(personas: Personas) -> dict[str, str]:
    found = await personas.call("GET", "users")
    names = {one["id"]: one["name"] for one in found["users"]}
    return {**names, found["app"]["user_id"]: found["app"]["name"]}


async def thread_of(thread: ThreadView, personas: Personas, names: Mapping[str, str]) -> Json:
    root = next((slot for slot in thread.slots if slot.slot == ROOT), None)
    said: list[dict[str, str]] = []
    if root is not None:
        said = [
            {
                "at": at(str(message["ts"])),
                "author": names.get(str(message.get("user", "")), str(message.get("username", ""))),
                "text": str(message.get("plain") or message.get("text") or ""),
            }
            for message in await personas.messages(root.channel_id, root.ts)
        ]
    return {
        "channel": thread.channel,
        "title": thread.title,
        "state": state_of(thread),
        "messages": said,
    }


def state_of(thread: ThreadView) -> str:
    """Return the word of the thread: that of its last run, or of its process."""
    if thread.runs:
        return card_word(thread.runs[-1])
    return process_word(thread.processes[-1].status) if thread.processes else "Queued"


def at(ts: str) -> str:
    return datetime.fromtimestamp(float(ts), UTC).isoformat(timespec="seconds")


def run_of(run: RunView) -> Json:
    return {
        "id": run.id,
        "workflow": run.workflow,
        "status": run.status.value,
        "steps": [
            {
                "path": step.path,
                "status": step.status.value,
                "seconds": round((step.ended_at - step.started_at).total_seconds(), 2)
                if step.started_at and step.ended_at
                else None,
            }
            for step in run.steps
        ],
    }


def timeline(found: Json) -> Iterator[str]:
    """Write the document the way one would tell it."""
    for thread in found["threads"]:
        yield f"\n{thread['channel']}  {thread['title']}  [{thread['state']}]"
        for message in thread["messages"]:
            first, *rest = message["text"].splitlines() or [""]
            yield f"  {message['at'][11:19]}  {message['author']}: {first}"
            yield from (f"            {line}" for line in rest if line.strip())
    for run in found["runs"]:
        yield f"\n{run['workflow']}: {run['status']}"
        for step in run["steps"]:
            took = f"{step['seconds']:.2f} s" if step["seconds"] is not None else ""
            yield f"  {step['path']:<20} {step['status']:<12} {took}"
    yield f"\n{found['seconds']} s in all."
