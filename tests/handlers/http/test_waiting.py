"""Long polls: what ends them, what does not, and what they cost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from coordination.changes import Change
from handlers.http import polling
from handlers.http.polling import Poll, awaited
from tests.handlers.http.house import RUN, House, problem

STARTED = {"process_id": "b1", "name": "Build", "status": "started"}


@pytest.fixture
async def token(house: House) -> str:
    return await house.token("read", "notify")


class Client:
    """A request whose client stays, until it goes."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self._sent = False

    async def receive(self) -> dict[str, Any]:
        if not self._sent:
            self._sent = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}


class Counted:
    """Something to wait for, and how often it was looked at."""

    def __init__(self) -> None:
        self.looks = 0
        self.there = False

    async def look(self) -> bool:
        self.looks += 1
        return self.there

    def poll(self) -> Poll[bool]:
        return Poll(self.look, bool, ("run",), lambda change: change.id == RUN)


async def soon(house: House, work: Awaitable[Any], then: Callable[[], Awaitable[Any]]) -> Any:
    """Do *then* once *work* is being held; return what *work* gives in the end."""
    held = asyncio.ensure_future(work)
    await held_by(house, held)
    await then()
    return await asyncio.wait_for(held, 5)


async def held_by(house: House, work: "asyncio.Future[Any]") -> None:
    while not house.edge.holding.held:
        assert not work.done()
        await asyncio.sleep(0)


def holding(house: House, client: Client, counted: Counted) -> "asyncio.Future[bool]":
    return asyncio.ensure_future(awaited(client, house.edge, counted.poll(), 55))  # type: ignore[arg-type]


async def test_a_wait_ends_when_its_client_goes(house: House) -> None:
    client, counted = Client(), Counted()
    waiting = holding(house, client, counted)
    await held_by(house, waiting)

    client.gone.set()

    with pytest.raises(ClientDisconnect):
        await asyncio.wait_for(waiting, 2)
    assert house.edge.holding.held == 0
    assert house.changes._watchers == {}


async def test_what_is_about_something_else_costs_no_look(house: House) -> None:
    counted = Counted()
    waiting = holding(house, Client(), counted)
    await held_by(house, waiting)

    for number in range(50):
        house.changes.publish([Change("run", f"run_{number}"), Change("process", RUN)])
        await asyncio.sleep(0)
    before = counted.looks
    counted.there = True
    house.changes.publish([Change("run", RUN)])

    assert await asyncio.wait_for(waiting, 2) is True
    assert (before, counted.looks) == (1, 2)


async def test_a_flood_of_changes_is_looked_at_once_a_second(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "PACE", 0.05)
    counted = Counted()
    waiting = holding(house, Client(), counted)
    await held_by(house, waiting)

    for _ in range(100):
        house.changes.publish([Change("run", RUN)])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    flooded = counted.looks
    counted.there = True

    assert await asyncio.wait_for(waiting, 2) is True
    assert flooded <= polling.AT_ONCE + 1


async def test_a_refusal_in_the_midst_of_a_wait_is_the_same_as_without_one(house: House) -> None:
    async def look() -> bool:
        if counted.there:
            raise LookupError("gone")
        return False

    counted = Counted()
    poll = Poll(look, bool, ("run",))
    waiting = asyncio.ensure_future(awaited(Client(), house.edge, poll, 55))  # type: ignore[arg-type]
    await held_by(house, waiting)
    counted.there = True
    house.changes.publish([Change("run", RUN)])

    with pytest.raises(LookupError):
        await asyncio.wait_for(waiting, 2)


async def test_the_end_of_a_run_can_be_waited_for(house: House, token: str) -> None:
    async def end() -> None:
        await house.set_run(status="completed")
        house.changes.publish([Change("run", RUN)])

    answer = await soon(house, house.get("/v1/runs/R-3?wait=55", token), end)

    assert answer.json()["status"] == "completed"
    at_once = await house.get("/v1/runs/R-3?wait=55&until=waiting,terminal", token)
    assert at_once.json()["status"] == "completed"
    wrong = await house.get("/v1/runs/R-3?until=rejected", token)  # the status of a process
    assert problem(wrong)["status"] == 422


async def test_a_run_is_waited_for_until_a_status(house: House, token: str) -> None:
    await house.set_run(status="running")

    async def wait_for_people() -> None:
        await house.set_run(status="waiting")
        house.changes.publish([Change("run", RUN)])

    answer = await soon(
        house, house.get("/v1/runs/R-3?wait=55&until=waiting", token), wait_for_people
    )

    assert answer.json()["status"] == "waiting"


async def test_a_thread_is_waited_for_until_nothing_in_it_goes_on(house: House, token: str) -> None:
    told = await house.report(token, **STARTED)
    path = f"/v1/threads/{told['thread_id']}?wait=55"

    async def end() -> None:
        await house.report(token, **{**STARTED, "status": "failed"})

    answer = await soon(house, house.get(path, token), end)

    assert [each["status"] for each in answer.json()["processes"]] == ["failed"]
    assert (await house.get(path, token)).status_code == 200  # at once


async def test_an_attempt_that_has_not_begun_is_waited_for_and_an_old_one_is_shown(
    house: House, token: str
) -> None:
    await house.report(token, **STARTED)
    await house.report(token, **{**STARTED, "status": "completed"})
    path = "/v1/processes/ci:b1"

    async def again() -> None:
        await house.report(token, **STARTED, attempt=2)
        await house.report(token, **{**STARTED, "status": "failed"}, attempt=2)

    missing = await house.get(f"{path}?attempt=2", token)
    answer = await soon(house, house.get(f"{path}?attempt=2&wait=55", token), again)
    old = await house.get(f"{path}?attempt=1&wait=55", token)

    assert problem(missing)["code"] == "not-found"
    assert (answer.json()["attempt"], answer.json()["status"]) == (2, "failed")
    assert (old.json()["attempt"], old.json()["status"]) == (1, "completed")


async def test_terminal_may_stand_beside_a_status(house: House, token: str) -> None:
    await house.report(token, **{**STARTED, "status": "failed"})

    answer = await asyncio.wait_for(
        house.get("/v1/processes/ci:b1?wait=55&until=completed,terminal", token), 2
    )

    assert answer.json()["status"] == "failed"


async def test_whoever_begins_with_what_comes_asks_for_the_last_none(
    house: House, token: str
) -> None:
    for number in range(4):
        await house.report(token, process_id=f"b{number}", status="started")

    now = (await house.get("/v1/events?last=0", token)).json()
    two = (await house.get("/v1/events?last=2&ns=ci", token)).json()
    none = (await house.get("/v1/events?last=2&ns=other", token)).json()

    assert now["events"] == []
    assert [each["process_id"] for each in two["events"]] == ["b2", "b3"]
    assert now["next"] == two["next"] == none["next"] == two["events"][-1]["seq"]
    assert none["events"] == []
    following = (await house.get(f"/v1/events?after={now['next']}", token)).json()
    assert following["events"] == []
