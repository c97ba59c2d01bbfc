"""Rate limits: buckets per method, posts per channel, and what is left of each."""

from typing import Any

import pytest


@pytest.fixture
async def slack(start: Any) -> Any:
    made = await start(clock="virtual")
    await made.do("config", rate_limits=True)
    return made


async def test_a_channel_takes_a_burst_then_one_post_a_second(slack: Any) -> None:
    async def post(channel: str) -> Any:
        return await slack.api("chat.postMessage", channel=channel, text="x")

    # Both names of a channel share a bucket.
    burst = [await post(name) for name in ("#general", "C0GENERAL") * 3]
    assert [r.status for r in burst] == [200] * 5 + [429]
    assert (burst[5]["error"], burst[5].headers["retry-after"]) == ("ratelimited", "1")
    assert (await post("#alerts")).status == 200
    await slack.do("clock", advance_s=1)
    assert [(await post("#general")).status for _ in range(2)] == [200, 429]


async def test_a_method_has_so_many_calls_a_minute_whatever_the_channel(slack: Any) -> None:
    posted = await slack.api("chat.postMessage", channel="C0GENERAL", text="x")
    edit = {"channel": "C0GENERAL", "ts": posted["ts"], "text": "y"}
    statuses = [(await slack.api("chat.update", **edit)).status for _ in range(51)]
    assert statuses == [200] * 50 + [429]
    assert (await slack.api("auth.test")).status == 200

    await slack.do("clock", advance_s=20)
    refused = await slack.api("chat.update", **edit)
    assert refused.headers["retry-after"] == "40"
    await slack.do("clock", advance_s=40)
    assert (await slack.api("chat.update", **edit)).status == 200


async def test_what_is_left_of_each_bucket_can_be_seen(slack: Any) -> None:
    await slack.do("config", burst=2)
    await slack.api("usergroups.list")  # refused for its scope, before it counts
    await slack.api("chat.postMessage", channel="#general", text="x")
    await slack.api("users.list")
    shown = await slack.get("limits")

    assert shown["enabled"] is True
    assert shown["buckets"] == [
        {"method": "users.list", "left": 19, "most": 20, "seconds": 60},
        {
            "method": "chat.postMessage",
            "channel": "C0GENERAL",
            "left": 1,
            "most": 2,
            "seconds": 1,
        },
    ]


async def test_webhooks_share_the_limit_of_their_channel(slack: Any) -> None:
    made = await slack.do("webhooks", channel="#general")
    path = made["url"].replace(slack.server.url, "")
    replies = [await slack.http_call("POST", path, json={"text": "x"}) for _ in range(6)]

    assert [r.status for r in replies] == [200] * 5 + [429]
    assert len(await slack.messages()) == 5
