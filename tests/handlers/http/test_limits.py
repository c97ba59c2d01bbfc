"""Limits: each source in each lane by itself, and nobody waits long for a no."""

from dataclasses import replace
from typing import Any

from coordination.database import events as events_table
from coordination.rates import Rate
from handlers.http.places import AT_WORK, FULL, LEAST
from tests.handlers.http.house import House, problem

NOTIFY = "/v1/notify"
FEW = Rate(per_second=1, burst=3)


def started(number: int) -> dict[str, Any]:
    return {"process_id": f"b{number}", "status": "started"}


def allow(house: House, **rates: Rate | None) -> None:
    coordinator = house.edge.coordinator
    coordinator.rules = replace(coordinator.rules, rates=rates)


async def count(house: House) -> int:
    return len(await house.scene.rows(events_table))


def too_many(answer: Any) -> int:
    """Return after how many seconds to come back, of an answer that says so."""
    assert problem(answer)["code"] == "rate-limited"
    assert answer.status_code == 429
    seconds = answer.headers["retry-after"]
    assert seconds.isdigit()
    return int(seconds)


async def test_a_source_that_sends_too_much_is_told_when_to_come_back(house: House) -> None:
    allow(house, ci=FEW)
    token = await house.token("notify")
    for number in range(3):
        assert (await house.post(NOTIFY, token, json=started(number))).status_code == 202

    assert too_many(await house.post(NOTIFY, token, json=started(3))) >= 1
    assert await count(house) == 3
    house.later(seconds=1)
    assert (await house.post(NOTIFY, token, json=started(3))).status_code == 202
    assert await count(house) == 4


async def test_two_tokens_of_a_source_share_its_rate_and_other_sources_do_not(house: House) -> None:
    allow(house, ci=FEW)
    one, two = await house.token("notify"), await house.token("notify")
    other = await house.token("notify", source="other")
    for token in (one, two, one):
        await house.post(NOTIFY, token, json=started(1))

    too_many(await house.post(NOTIFY, two, json=started(2)))
    assert (await house.post(NOTIFY, other, json=started(2))).status_code == 202


async def test_each_event_of_a_list_counts(house: House) -> None:
    allow(house, ci=FEW)
    token = await house.token("notify")

    two = await house.post(NOTIFY, token, json=[started(1), {}])
    assert two.status_code == 200
    too_many(await house.post(NOTIFY, token, json=[started(3), started(4)]))
    assert await count(house) == 1


async def test_a_list_beyond_the_burst_goes_through_once_and_is_owed(house: House) -> None:
    allow(house, ci=FEW)
    token = await house.token("notify")

    assert (
        await house.post(NOTIFY, token, json=[started(n) for n in range(10)])
    ).status_code == 202
    assert too_many(await house.post(NOTIFY, token, json=started(1))) >= 8
    house.later(seconds=7)
    too_many(await house.post(NOTIFY, token, json=started(1)))
    house.later(seconds=1)
    assert (await house.post(NOTIFY, token, json=started(1))).status_code == 202


async def test_lines_are_let_in_and_owed(house: House) -> None:
    allow(house, ci=FEW)
    token = await house.token("notify")
    lines = "\n".join(f'{{"process_id": "b{n}", "status": "started"}}' for n in range(10))
    headers = {"content-type": "application/x-ndjson"}

    first = await house.post(NOTIFY, token, content=lines, headers=headers)
    second = await house.post(NOTIFY, token, content=lines, headers=headers)

    assert first.status_code == 202
    assert too_many(second) >= 8
    assert await count(house) == 10


async def test_a_refused_request_is_not_even_read(house: House) -> None:
    allow(house, ci=FEW)
    token = await house.token("notify")
    for number in range(3):
        await house.post(NOTIFY, token, json=started(number))

    answer = await house.post(NOTIFY, token, content=b"{broken", headers={"content-type": "x"})

    too_many(answer)


async def test_without_a_token_nobody_learns_of_a_limit(house: House) -> None:
    allow(house, ci=Rate(per_second=1, burst=1))
    token = await house.token("notify")
    await house.post(NOTIFY, token, json=started(1))

    assert (await house.post(NOTIFY, token + "x", json=started(1))).status_code == 401


async def test_a_source_may_be_without_a_limit(house: House) -> None:
    allow(house, ci=None)
    token = await house.token("notify", "read")

    for _ in range(110):
        assert (await house.get("/v1/whoami", token)).status_code == 200
    answer = await house.post(NOTIFY, token, json=[started(n) for n in range(260)])
    again = await house.post(NOTIFY, token, json=[started(n) for n in range(260)])
    assert (answer.status_code, again.status_code) == (202, 202)


async def test_reads_have_a_lane_of_their_own(house: House) -> None:
    token = await house.token("notify", "read")
    for _ in range(100):
        assert (await house.get("/v1/whoami", token)).status_code == 200

    too_many(await house.get("/v1/whoami", token))
    too_many(await house.get("/v1/events", token))
    assert (await house.post(NOTIFY, token, json=started(1))).status_code == 202
    house.later(seconds=1)
    assert (await house.get("/v1/whoami", token)).status_code == 200


async def test_a_flood_of_events_and_reads_delays_no_decision(house: House) -> None:
    allow(house, ci=Rate(per_second=1, burst=1))
    asked = await house.question()
    token = await house.token("notify", "read", "approve", owner="UGRACE")
    await house.post(NOTIFY, token, json=started(1))
    too_many(await house.post(NOTIFY, token, json=started(1)))
    for _ in range(101):
        last = await house.get("/v1/whoami", token)
    too_many(last)

    answer = await house.post(
        f"/v1/approvals/{asked.id}/decision", token, json={"choice": "approve"}
    )

    assert answer.status_code == 200, answer.text


async def test_decisions_are_limited_too(house: House) -> None:
    token = await house.token("approve", owner="UGRACE")
    answers = [
        await house.post("/v1/approvals/A-99/decision", token, json={"choice": "approve"})
        for _ in range(26)
    ]

    assert {each.status_code for each in answers[:25]} == {404}
    too_many(answers[25])


async def test_questions_count_as_events(house: House) -> None:
    allow(house, ci=Rate(per_second=1, burst=1))
    token = await house.token("notify")
    ask = {"approval": {"prompt": "Go?"}}

    assert (await house.post("/v1/approvals", token, json=ask)).status_code == 201
    too_many(await house.post("/v1/approvals", token, json=ask))
    too_many(await house.post(NOTIFY, token, json=started(1)))


async def test_rehearsals_are_counted_as_reads(house: House) -> None:
    allow(house, ci=Rate(per_second=1, burst=1))
    token = await house.token("notify")
    for number in range(100):
        dry = await house.post(f"{NOTIFY}?dry_run=1", token, json=started(number))
        assert dry.status_code == 200

    too_many(await house.post(f"{NOTIFY}?dry_run=1", token, json=started(1)))
    assert (await house.post(NOTIFY, token, json=started(1))).status_code == 202


async def test_people_are_not_counted(house: House) -> None:
    house.log_in("ada")
    for _ in range(110):
        assert (await house.get("/v1/approvals")).status_code == 200


async def test_with_too_many_at_work_one_more_is_refused_at_once(house: House) -> None:
    token = await house.token("notify")
    house.edge.limits.places.taken = AT_WORK

    answer = await house.post(NOTIFY, token, content=b"{never read")
    assert problem(answer)["code"] == "unavailable"
    assert int(answer.headers["retry-after"]) >= 1
    assert (await house.post(NOTIFY, "bt_x", json=started(1))).status_code == 401

    house.edge.limits.places.taken = AT_WORK - 1
    assert (await house.post(NOTIFY, token, json=started(1))).status_code == 202
    assert (await house.post(NOTIFY, token, content=b"{")).status_code == 415
    assert house.edge.limits.places.taken == AT_WORK - 1


async def test_where_the_store_is_slow_no_more_wait_for_it_than_it_can_take(house: House) -> None:
    token, take = await house.token("notify"), house.edge.coordinator.take

    async def slow(*given: Any) -> Any:
        house.later(seconds=1)
        return await take(*given)

    house.edge.coordinator.take = slow  # type: ignore[method-assign, assignment]
    assert (await house.post(NOTIFY, token, json=started(1))).status_code == 202

    with house.edge.limits.places.storing(LEAST):
        answer = await house.post(NOTIFY, token, json=started(2))
    assert problem(answer)["detail"] == FULL
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert await count(house) == 1
    assert (await house.post(NOTIFY, token, json=started(2))).status_code == 202


async def test_where_reports_find_no_place_people_are_answered_all_the_same(house: House) -> None:
    token = await house.token("read", "approve", owner="U0ADA")
    house.edge.limits.places.taken = AT_WORK

    assert (await house.get("/v1/approvals", token)).status_code == 200
    decided = await house.post("/v1/approvals/A-1/decision", token, json={"choice": "approve"})
    assert problem(decided)["code"] == "not-found"
