"""Trouble on request: each switch does what it says, once, and is seen in the record."""

from typing import Any

import aiohttp
import pytest

POST: dict[str, str] = {"channel": "C0GENERAL", "text": "x"}


@pytest.mark.parametrize(
    ("switch", "status", "body"),
    [
        ("api_500", 500, "internal_error"),
        ("api_503", 503, "upstream"),
        ("api_non_json", 200, "<html>"),
        ("api_empty", 200, ""),
    ],
)
async def test_broken_answers_come_once_and_nothing_is_done(
    slack: Any, switch: str, status: int, body: str
) -> None:
    await slack.do("chaos", switch=switch, args={"method": "chat.postMessage"})
    assert (await slack.api("auth.test"))["ok"]  # another method is spared
    broken = await slack.api("chat.postMessage", **POST)

    assert broken.status == status
    assert body in str(broken.body)
    assert await slack.messages() == []
    assert (await slack.api("chat.postMessage", **POST))["ok"]
    calls = (await slack.get("calls", method="chat.postMessage"))["calls"]
    assert [call["faults"] for call in calls] == [[switch], []]


async def test_an_error_or_a_rate_limit_can_be_asked_for(slack: Any) -> None:
    await slack.do(
        "chaos", switch="error_next", args={"method": "chat.update", "error": "edit_window_closed"}
    )
    await slack.do("chaos", switch="ratelimit_next", args={"retry_after": 7})
    limited = await slack.api("chat.postMessage", **POST)
    refused = await slack.api("chat.update", channel="C0GENERAL", ts="1.1", text="x")

    assert (limited.status, limited.headers["retry-after"]) == (429, "7")
    assert refused["error"] == "edit_window_closed"
    assert (await slack.get("chaos"))["switches"] == []


async def test_a_reset_after_the_work_leaves_the_message_but_no_answer(slack: Any) -> None:
    await slack.do("chaos", switch="api_reset_after")
    with pytest.raises(aiohttp.ClientError):
        await slack.api("chat.postMessage", **POST)
    assert len(await slack.messages()) == 1

    await slack.do("chaos", switch="api_reset_before")
    with pytest.raises(aiohttp.ClientError):
        await slack.api("chat.postMessage", **POST)
    assert len(await slack.messages()) == 1


async def test_slow_and_hanging_calls_take_their_time(slack: Any) -> None:
    await slack.do("chaos", switch="slow", args={"method": "auth.test", "ms": 60})
    await slack.api("auth.test")
    (call,) = (await slack.get("calls"))["calls"]
    assert call["ms"] >= 60

    await slack.do("chaos", switch="api_timeout", args={"ms": 30})
    with pytest.raises(aiohttp.ClientError):
        await slack.api("auth.test")


async def test_a_switch_counts_down_or_lasts_until_it_is_cleared(slack: Any) -> None:
    await slack.do("chaos", switch="api_500", count=2)
    assert [(await slack.api("auth.test")).status for _ in range(3)] == [500, 500, 200]
    await slack.do("chaos", switch="api_500", count=None)
    assert [(await slack.api("auth.test")).status for _ in range(3)] == [500] * 3
    await slack.do("chaos", method="DELETE")
    assert (await slack.api("auth.test")).status == 200
    await slack.do("chaos", switch="api_500", probability=0)
    assert (await slack.api("auth.test")).status == 200


async def test_a_revoked_token_is_refused_until_the_fault_is_cleared(slack: Any) -> None:
    await slack.do("chaos", switch="revoke_token")
    assert (await slack.api("auth.test"))["error"] == "token_revoked"
    await slack.do("chaos", method="DELETE")
    assert (await slack.api("auth.test"))["ok"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"switch": "earthquake"},
        {"switch": "slow"},
        {"switch": "slow", "args": {"ms": "long"}},
        {"switch": "slow", "args": {"ms": 1, "odd": 1}},
        {"switch": "api_500", "count": 0},
        {"switch": "api_500", "probability": 2},
        {"switch": "api_500", "odd": 1},
        {},
    ],
)
async def test_a_switch_that_cannot_be_armed_is_refused(slack: Any, wrong: dict[str, Any]) -> None:
    reply = await slack.do("chaos", **wrong)

    assert reply.status == 400
    assert reply["detail"]
    assert (await slack.api("auth.test"))["ok"]
