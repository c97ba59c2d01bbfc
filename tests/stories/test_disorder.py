"""Tools repeat themselves, come late, out of order or not at all; the card shows what is true."""

import asyncio
from typing import Any

from tests.stories.box import BatonInABox

ASKS = {"approval": {"prompt": "Drop the table?", "approvers": ["@grace"]}}


async def explained(baton: BatonInABox, told: dict[str, Any]) -> str:
    answer = (await baton.ask("GET", f"/v1/events/{told['event_id']}/explain")).json()
    return str(answer["rule"]["name"])


async def status(baton: BatonInABox, process: str) -> str:
    return str((await baton.ask("GET", f"/v1/processes/ci:{process}")).json()["status"])


async def test_d1_a_delivery_that_is_repeated_does_nothing_again(baton: BatonInABox) -> None:
    first = await baton.report("build.started", process="build-7", id="d-1")
    await baton.report("build.completed", process="build-7", id="d-2")
    calls = baton.called()
    again = await baton.report("build.started", process="build-7", id="d-1")

    assert (again["effect"], again["duplicate"], again["status"]) == ("duplicate", True, "started")
    assert again["event_id"] == first["event_id"]
    assert baton.called() == calls


async def test_d2_and_d3_what_comes_behind_does_not_move_the_card(baton: BatonInABox) -> None:
    await baton.report("build.in_progress", process="build-7", sequence=5, message="linking")
    start = await baton.report("build.started", process="build-7", sequence=1)
    older = await baton.report(
        "build.in_progress", process="build-7", sequence=3, message="compiling"
    )

    assert [start["effect"], older["effect"]] == ["late", "late"]
    assert [await explained(baton, each) for each in (start, older)] == ["D2", "D3"]
    card = baton.card("build-7")
    assert (card.state, "linking" in card.plain, "compiling" in card.plain) == (
        "Running",
        True,
        False,
    )


async def test_d4_after_the_end_nothing_is_asked_any_more(baton: BatonInABox) -> None:
    await baton.report("agent.completed", process="agent-7", sequence=9)
    works = await baton.report("agent.in_progress", process="agent-7", sequence=10)
    asks = await baton.report("agent.pending_approval", process="agent-7", sequence=11, **ASKS)

    assert (works["effect"], asks["effect"], asks["approval_id"]) == ("late", "ignored", None)
    assert [await explained(baton, each) for each in (works, asks)] == ["D4", "D4"]
    assert (baton.card("agent-7").state, baton.replies("agent-7")) == ("Succeeded", [])


async def test_d5_the_first_of_two_ends_stays_and_the_tool_is_told(baton: BatonInABox) -> None:
    await baton.report("build.failed", process="build-7", sequence=1)
    other = await baton.report("build.completed", process="build-7", sequence=2)
    same = await baton.report("build.failed", process="build-7", sequence=3)

    assert other["warnings"] == ["conflicting end: the process is failed already"]
    assert (other["effect"], same["effect"], same["warnings"]) == ("late", "late", [])
    assert await explained(baton, other) == "D5"
    assert baton.card("build-7").state == "Failed"


async def test_d6_its_own_source_may_take_an_end_back(baton: BatonInABox) -> None:
    await baton.report("alert.failed", process="disk", sequence=1)
    back = await baton.report("alert.completed", process="disk", sequence=2, correction=True)

    assert (back["effect"], await explained(baton, back)) == ("updated", "D6")
    assert baton.card("disk").state == "Succeeded"


async def test_d7_a_start_after_the_end_is_another_attempt_in_the_same_thread(
    baton: BatonInABox,
) -> None:
    first = await baton.report("build.started", process="build-7")
    await baton.report("build.failed", process="build-7")
    await baton.advance(minutes=1)
    again = await baton.report("build.started", process="build-7")

    assert (again["attempt"], again["effect"], await explained(baton, again)) == (
        2,
        "created",
        "D7",
    )
    assert again["thread_id"] == first["thread_id"]
    assert len(baton.slack.roots()) == 1
    assert baton.card("build-7").state == "Running"


async def test_d7_a_start_that_was_only_delayed_is_no_other_attempt(baton: BatonInABox) -> None:
    await baton.report("build.completed", process="build-7", wait=False)
    delayed = await baton.report("build.started", process="build-7")

    assert (delayed["attempt"], delayed["effect"]) == (1, "late")
    assert await explained(baton, delayed) == "D2"
    assert baton.card("build-7").state == "Succeeded"


async def test_d8_and_d9_two_starts_are_one_and_none_is_no_harm(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    second = await baton.report("build.started", process="build-7")
    end = await baton.report("build.completed", process="build-8")

    assert (second["effect"], second["attempt"], await explained(baton, second)) == (
        "updated",
        1,
        "D8",
    )
    assert (end["effect"], await explained(baton, end)) == ("created", "D9")
    assert (baton.card("build-7").state, baton.card("build-8").state) == ("Running", "Succeeded")


async def test_d10_silence_shows_and_a_late_end_still_counts(baton: BatonInABox) -> None:
    await baton.report("job.started", process="job-7", name="Nightly", lease_s=60)
    posts = len(baton.slack.calls("chat.postMessage"))
    await baton.advance(seconds=61)
    assert baton.card("job-7").state == "Stalled"
    assert "since" in baton.card("job-7").plain
    assert await status(baton, "job-7") == "started"

    edits = len(baton.slack.calls("chat.update"))
    await baton.advance(minutes=30)  # the card says since when, so it need not be drawn again
    assert len(baton.slack.calls("chat.update")) == edits

    await baton.report("job.completed", process="job-7")
    assert baton.card("job-7").state == "Succeeded"
    assert len(baton.slack.calls("chat.postMessage")) == posts


async def test_d10_heartbeats_keep_a_silent_process_alive_without_a_sound(
    baton: BatonInABox,
) -> None:
    await baton.report("job.started", process="job-7", lease_s=60)
    await baton.advance(seconds=10)
    calls = baton.called()
    for _ in range(3):
        await baton.advance(seconds=40)
        await baton.report("job.in_progress", process="job-7", heartbeat=True)
    assert baton.card("job-7").state == "Running"
    assert baton.called() == calls

    await baton.advance(seconds=61)
    assert baton.card("job-7").state == "Stalled"
    await baton.report("job.in_progress", process="job-7", heartbeat=True)
    assert baton.card("job-7").state == "Running"


async def test_d11_and_d12_the_next_attempt_takes_over_whatever_the_last_one_asked(
    baton: BatonInABox,
) -> None:
    asked = await baton.report("agent.pending_approval", process="agent-7", attempt=1, **ASKS)
    took = await baton.report("agent.started", process="agent-7", attempt=2)
    late = await baton.report("agent.failed", process="agent-7", attempt=1)

    assert await explained(baton, took) == "D12"
    answer = await baton.ask("GET", f"/v1/approvals/{asked['approval_id']}")
    assert answer.json()["state"] == "withdrawn"
    assert (late["effect"], await explained(baton, late)) == ("late", "D11")
    assert baton.card("agent-7").state == "Running"
    found = await baton.ask("GET", "/v1/events?status=cancelled")
    (closed,) = found.json()["events"]
    assert (closed["attempt"], closed["message"]) == (1, "superseded by attempt 2")


async def test_d13_and_d17_many_at_once_are_one_process_and_one_card(baton: BatonInABox) -> None:
    answers = await asyncio.gather(
        *(baton.report("build.started", process="build-7", wait=False) for _ in range(8)),
        *(baton.report("build.started", process="build-7", id="x", wait=False) for _ in range(8)),
    )
    await baton.quiet()

    assert [each["effect"] for each in answers].count("created") == 1
    assert [each["duplicate"] for each in answers].count(True) == 7
    assert len(baton.slack.roots()) == 1


async def test_d15_and_d16_one_name_for_two_reports(baton: BatonInABox) -> None:
    body = {"process_id": "build-7", "status": "started"}
    key = {"Idempotency-Key": "k-1"}
    await baton.report("build.started", process="build-8", id="e-1")
    other = await baton.report("build.failed", process="build-8", id="e-1")
    assert (other["duplicate"], other["warnings"]) == (True, ["body differs from the first time"])

    first = await baton.ask("POST", "/v1/notify", json=body, headers=key)
    refused = await baton.ask("POST", "/v1/notify", json={**body, "status": "failed"}, headers=key)
    await baton.quiet()
    assert (first.status_code, refused.status_code) == (202, 422)
    assert refused.json()["code"] == "idempotency-mismatch"
    assert (await status(baton, "build-7"), await status(baton, "build-8")) == ("started",) * 2


async def test_d18_a_clock_that_is_ahead_does_not_outrank_what_came_later(
    baton: BatonInABox,
) -> None:
    ahead = await baton.report(
        "build.in_progress",
        process="build-7",
        sequence=1,
        occurred_at="2099-01-01T00:00:00Z",
        message="from the future",
    )
    await baton.report("build.in_progress", process="build-7", sequence=2, message="now")

    assert any("lies in the future" in each for each in ahead["warnings"])
    assert "now" in baton.card("build-7").plain
    assert "from the future" not in baton.card("build-7").plain


async def test_d19_a_list_is_taken_one_by_one(baton: BatonInABox) -> None:
    items = [
        {"id": "b", "process_id": "build-7", "status": "completed", "sequence": 2},
        {"id": "a", "process_id": "build-7", "status": "started", "sequence": 1},
        {"id": "b", "process_id": "build-7", "status": "completed", "sequence": 2},
    ]
    answer = await baton.ask("POST", "/v1/notify", json=items)
    await baton.quiet()

    assert [each["effect"] for each in answer.json()["results"]] == ["created", "late", "duplicate"]
    assert len(baton.slack.roots()) == 1


async def test_d22_a_parent_that_comes_late_is_linked_and_nothing_moves(
    baton: BatonInABox,
) -> None:
    parent = {"process_id": "build-7"}
    await baton.report("test.started", process="test-7", name="Tests", parent=parent)
    await baton.report("build.started", process="build-7", name="Build web")

    assert len(baton.slack.roots()) == 2
    assert baton.replies("test-7")[0].startswith("Related: Build web (its parent is there)")
    assert baton.replies("build-7")[0].startswith("Related: Tests (its parent is there)")
