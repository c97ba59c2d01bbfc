"""What the lists and the single things say, and how one waits for a change of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from coordination.changes import Change
from coordination.store.blobs import put
from tests.handlers.http.house import RUN, House, problem

STARTED = {"process_id": "b1", "name": "Build", "status": "started"}


@pytest.fixture
async def token(house: House) -> str:
    return await house.token("read", "notify")


async def soon(house: House, work: Awaitable[Any], then: Callable[[], Awaitable[Any]]) -> Any:
    """Do *then* once *work* is being held; return what *work* gives in the end."""
    held = asyncio.ensure_future(work)
    while not house.edge.holding.held:
        assert not held.done()
        await asyncio.sleep(0)
    await then()
    return await asyncio.wait_for(held, 5)


async def test_a_run_says_everything_that_its_page_shows(house: House, token: str) -> None:
    await house.add_step("gate", "waiting", kind="approval")
    asked = await house.question()

    run = (await house.get("/v1/runs/R-3", token)).json()

    assert (run["id"], run["label"], run["word"]) == (RUN, "R-3", "Needs you")
    assert run["url"] == "http://127.0.0.1:8765/r/R-3"
    assert run["waiting_for"]["kind"] == "approval"
    assert "Deploy to production?" in run["waiting_for"]["text"]
    assert run["approvals"] == [
        {
            "id": asked.id,
            "number": asked.number,
            "label": asked.label,
            "state": "open",
            "path": "gate",
            "title": "Deploy to production?",
        }
    ]
    (step,) = run["steps"]
    assert (step["path"], step["status"], step["log"]) == ("gate", "waiting", False)
    assert run["inputs"]["key"] != "hush"  # a secret of the scene
    assert "hush" not in str(run)


async def test_a_list_of_runs_is_short_and_pages(house: House, token: str) -> None:
    first = (await house.get("/v1/runs?limit=1", token)).json()

    assert [run["label"] for run in first["runs"]] == ["R-3"]
    assert "steps" not in first["runs"][0]
    rest = await house.get(f"/v1/runs?limit=1&after={first['next']}", token)
    assert rest.json() == {"runs": [], "next": None}
    assert (await house.get("/v1/runs?status=failed", token)).json()["runs"] == []


@pytest.mark.parametrize("ref", ["R-3", "r-3", RUN, RUN[:12], "last"])
async def test_a_run_is_found_by_each_of_its_names(house: House, token: str, ref: str) -> None:
    answer = await house.get(f"/v1/runs/{ref}", token)

    assert answer.json()["id"] == RUN


@pytest.mark.parametrize("ref", ["R-4", "R-", "R-x", "run_", "%00", "R-9%39", "r" * 300, "..%2F.."])
async def test_what_is_no_name_of_a_run_is_not_found(house: House, token: str, ref: str) -> None:
    answer = await house.get(f"/v1/runs/{ref}", token)

    assert answer.status_code == 404


async def test_a_log_comes_whole_and_is_never_a_page(house: House, token: str) -> None:
    content = b"<script>alert(1)</script>\n" * 3000
    name = await house.scene.door.write(lambda tx: put(tx, content))
    await house.add_step("build", "completed", log=name)

    answer = await house.get("/v1/runs/R-3/steps/build/log", token)

    assert answer.content == content
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await house.get("/v1/runs/R-3/steps/none/log", token)).status_code == 404


async def test_an_event_says_what_came_of_it(house: House, token: str) -> None:
    first = await house.report(token, **STARTED)
    await house.report(token, **{**STARTED, "status": "completed"})

    listed = (await house.get("/v1/events", token)).json()
    one = (await house.get(f"/v1/events/{first['event_id']}", token)).json()

    assert [each["status"] for each in listed["events"]] == ["started", "completed"]
    assert listed["next"] == listed["events"][-1]["seq"]
    assert (one["effect"], one["applied"]) == ("created", True)
    assert one["explain"]["correlation"]
    rest = (await house.get(f"/v1/events?after={listed['next']}", token)).json()
    assert rest == {"events": [], "next": listed["next"]}
    thread = first["thread_id"]
    assert (
        len((await house.get(f"/v1/events?thread={thread}&limit=1", token)).json()["events"]) == 1
    )
    assert (await house.get("/v1/events?ns=other", token)).json()["events"] == []


async def test_events_can_be_waited_for(house: House, token: str) -> None:
    answer = await soon(
        house, house.get("/v1/events?wait=55", token), lambda: house.report(token, **STARTED)
    )

    assert len(answer.json()["events"]) == 1


async def test_a_process_is_found_by_namespace_and_id_and_shows_its_children(
    house: House, token: str
) -> None:
    await house.report(token, **{**STARTED, "process_id": "a:b/c d"})
    await house.report(token, process_id="kid", status="started", parent={"process_id": "a:b/c d"})

    found = (await house.get("/v1/processes/ci:a%3Ab%2Fc%20d", token)).json()

    assert (found["process_id"], found["status"]) == ("a:b/c d", "started")
    assert [kid["process_id"] for kid in found["children"]] == ["kid"]
    listed = (await house.get("/v1/processes?status=started&ns=ci", token)).json()
    assert len(listed["processes"]) == 2
    assert problem(await house.get("/v1/processes/nocolon", token))["status"] == 404
    assert problem(await house.get("/v1/processes/ci:", token))["status"] == 404


async def test_the_end_of_a_process_can_be_waited_for(house: House, token: str) -> None:
    await house.report(token, **STARTED)

    async def end() -> None:
        await house.report(token, **{**STARTED, "status": "completed"})

    answer = await soon(house, house.get("/v1/processes/ci:b1?wait=55", token), end)

    assert answer.json()["status"] == "completed"
    at_once = await house.get("/v1/processes/ci:b1?wait=55&until=failed,completed", token)
    assert at_once.json()["status"] == "completed"


async def test_a_decision_can_be_waited_for(house: House, token: str) -> None:
    asked = await house.question()

    async def decide() -> None:
        await house.scene.answer("grace", asked)

    answer = await soon(house, house.get(f"/v1/approvals/{asked.id}?wait=55", token), decide)

    assert (answer.json()["state"], answer.json()["by"]) == ("approved", "UGRACE")


async def test_a_wait_ends_with_what_there_is(house: House, token: str) -> None:
    asked = await house.question()

    async def unrelated() -> None:
        house.later(seconds=56)
        house.changes.publish([Change("approval", "ap_other")])

    answer = await soon(house, house.get(f"/v1/approvals/{asked.id}?wait=55", token), unrelated)

    assert answer.json()["state"] == "open"


async def test_a_stop_ends_every_wait_at_once(house: House, token: str) -> None:
    asked = await house.question()
    await house.report(token, **STARTED)

    async def stop() -> None:
        while house.edge.holding.held < 3:
            await asyncio.sleep(0)
        house.edge.holding.close()

    waits = asyncio.gather(
        house.get(f"/v1/approvals/{asked.id}?wait=55", token),
        house.get("/v1/processes/ci:b1?wait=55", token),
        house.get("/v1/events?wait=55&after=99", token),
    )
    answers = await soon(house, waits, stop)

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    after = await asyncio.wait_for(house.get(f"/v1/approvals/{asked.id}?wait=55", token), 5)
    assert after.json()["state"] == "open"


async def test_approvals_are_listed_by_state_and_by_run(house: House, token: str) -> None:
    first, second = await house.question(), await house.question("tomorrow")
    await house.scene.answer("grace", first)

    async def listed(query: str) -> list[str]:
        found = (await house.get(f"/v1/approvals{query}", token)).json()["approvals"]
        return [one["label"] for one in found]

    assert await listed("") == [second.label, first.label]
    assert await listed("?state=open") == [second.label]
    assert await listed("?run=R-3") == [first.label, second.label]
    assert await listed("?limit=1") == [second.label]
    assert (await house.get("/v1/approvals?run=R-9", token)).status_code == 404


async def test_a_thread_holds_its_processes_runs_and_approvals(house: House, token: str) -> None:
    asked = await house.question()

    thread = (await house.get("/v1/threads/th_1", token)).json()

    assert [run["label"] for run in thread["runs"]] == ["R-3"]
    assert [one["id"] for one in thread["approvals"]] == [asked.id]
    listed = (await house.get("/v1/threads?limit=1", token)).json()
    assert [one["id"] for one in listed["threads"]] == ["th_1"]
    rest = (await house.get(f"/v1/threads?before={listed['next']}", token)).json()
    assert rest == {"threads": [], "next": None}


async def test_a_workflow_shows_its_text_and_is_not_sent_twice(house: House, token: str) -> None:
    (row,) = (await house.get("/v1/workflows", token)).json()["workflows"]
    answer = await house.get("/v1/workflows/pipeline", token)

    assert (row["name"], row["status"]) == ("pipeline", "active")
    assert "source" not in row
    assert answer.json()["source"] == "name: pipeline"
    again = await house.get(
        "/v1/workflows/pipeline", token, headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    near = problem(await house.get("/v1/workflows/pipelin", token))
    assert near["detail"] == "There is no workflow 'pipelin'. Did you mean 'pipeline'?"
