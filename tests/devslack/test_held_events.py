"""Events that come late, in another order, or to somebody else; sockets that fall silent or slow."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

Json = dict[str, Any]


class Wire:
    """An app that acks every envelope and keeps it."""

    def __init__(self, slack: Any) -> None:
        self.slack = slack
        self.hello: Json = {}
        self.heard: list[Json] = []

    async def run(self) -> None:
        key = self.slack.server.keys.app_token
        url = (await self.slack.api("apps.connections.open", auth=key))["url"]
        async with self.slack.http.ws_connect(url) as socket:
            async for message in socket:
                frame = json.loads(message.data)
                if frame["type"] == "hello":
                    self.hello = frame
                    continue
                self.heard.append(frame)
                if "envelope_id" in frame:
                    await socket.send_json({"envelope_id": frame["envelope_id"]})

    @property
    def texts(self) -> list[str]:
        return [f["payload"]["event"]["text"] for f in self.heard if "payload" in f]


@pytest.fixture
async def slack(start: Any) -> Any:
    return await start(clock="virtual")


@pytest.fixture
async def wire(slack: Any) -> Any:
    made = Wire(slack)
    task = asyncio.create_task(made.run())
    await slack.wait(connections=1)
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def say(slack: Any, text: str) -> Json:
    done: Json = (await slack.do("messages", as_="U0ADA", channel="#general", text=text)).body
    return done


async def test_a_delayed_event_comes_after_so_many_seconds_of_the_clock(
    slack: Any, wire: Wire
) -> None:
    await slack.do("chaos", switch="delay_event", args={"type": "message", "seconds": 90})
    held = await say(slack, "late")
    await say(slack, "on time")
    await slack.do("clock", advance_s=89)
    assert wire.texts == ["on time"]
    await slack.do("clock", advance_s=1)

    assert held["ack"]["state"] == "not_sent"
    assert wire.texts == ["on time", "late"]
    kept = (await slack.get("envelopes"))["envelopes"]
    assert [e["state"] for e in kept] == ["held", "acked", "acked"]
    assert kept[0]["event_id"] == kept[2]["event_id"]  # held back, not made anew


async def test_a_reordered_event_lets_the_next_one_go_first(slack: Any, wire: Wire) -> None:
    await slack.do("chaos", switch="reorder_events")
    await say(slack, "one")
    await say(slack, "two")
    assert wire.texts == ["two", "one"]

    await slack.do("chaos", switch="reorder_events")
    await say(slack, "three")
    await slack.do("clock", advance_s=10)
    assert wire.texts[2:] == ["three"]  # nothing followed, and it goes all the same
    await say(slack, "four")
    assert wire.texts[3:] == ["four"]  # and only once


async def test_a_reset_forgets_what_is_held_back(slack: Any, wire: Wire) -> None:
    await slack.do("chaos", switch="reorder_events")
    await slack.do("chaos", switch="delay_event", args={"seconds": 5})
    await say(slack, "delayed")
    await say(slack, "second")
    await slack.do("reset")
    await slack.do("clock", advance_s=100)
    await say(slack, "fresh")

    assert wire.texts == ["fresh"]


async def test_another_connection_may_take_a_payload(slack: Any, wire: Wire) -> None:
    await slack.do("chaos", switch="second_connection", args={"type": "events_api"})
    taken = await say(slack, "not for you")
    await say(slack, "for you")

    assert taken["ack"]["state"] == "acked"
    assert "another connection" in taken["ack"]["problem"]
    assert wire.texts == ["for you"]


async def test_a_fault_of_the_sockets_may_wait_for_a_delivery(slack: Any, wire: Wire) -> None:
    await slack.do("chaos", switch="disconnect_warning", count=1)
    assert wire.heard == []
    await say(slack, "one")
    await say(slack, "two")

    assert [f["type"] for f in wire.heard] == ["disconnect", "events_api", "events_api"]
    await slack.do("chaos", switch="tcp_drop", count=1, args={"type": "events_api"})
    assert (await say(slack, "three"))["ack"]["state"] == "none_connected"


async def test_hello_may_be_late_and_nothing_is_sent_before_it(slack: Any) -> None:
    await slack.do("chaos", switch="delayed_hello", args={"ms": 80})
    await slack.do("chaos", switch="second_connection", count=None, probability=0)
    url = (await slack.api("apps.connections.open", auth=slack.server.keys.app_token))["url"]
    async with slack.http.ws_connect(url) as socket:
        done = await say(slack, "too early")
        hello = await socket.receive_json(timeout=3)

    assert done["ack"]["state"] == "none_connected"
    assert (hello["type"], hello["num_connections"]) == ("hello", 2)


async def test_a_ping_may_stay_without_an_answer(slack: Any) -> None:
    await slack.do("chaos", switch="no_pong")
    url = (await slack.api("apps.connections.open", auth=slack.server.keys.app_token))["url"]
    async with slack.http.ws_connect(url, autoping=False) as socket:
        await socket.receive()
        await socket.ping(b"first")
        await slack.get("health")
        await socket.ping(b"second")
        answer = await socket.receive(timeout=3)

    assert (answer.type, bytes(answer.data)) == (aiohttp.WSMsgType.PONG, b"second")


async def test_delayed_events_are_tried_once_an_hour_for_a_day(slack: Any) -> None:
    assert (await slack.do("config", delayed_events=True))["config"]["delayed_events"] is True
    await say(slack, "nobody hears")
    await slack.do("clock", advance_s=400)
    await slack.do("clock", advance_s=3600)
    tried = (await slack.get("envelopes"))["envelopes"]
    await slack.do("clock", advance_s=3 * 86_400)
    all_of_them = (await slack.get("envelopes"))["envelopes"]

    assert [e["retry"] for e in tried] == [0, 1, 2, 3, 4]
    assert len(all_of_them) == 1 + 3 + 24
    assert len({e["event_id"] for e in all_of_them}) == 1


@pytest.mark.parametrize("where", ["response_url", "webhook"])
async def test_addresses_without_a_method_fail_when_they_are_named(slack: Any, where: str) -> None:
    made = await slack.do("webhooks", channel="#general")
    url = made["url"].replace(slack.server.url, "")
    await slack.do("chaos", switch="ratelimit_next", args={"method": where, "retry_after": 9})
    reply = await slack.http_call("POST", url, json={"text": "x"})

    expected = (429, "9") if where == "webhook" else (200, None)
    assert (reply.status, reply.headers.get("retry-after")) == expected
    await slack.do("chaos", method="DELETE")
    await slack.do("chaos", switch="api_500")  # not named: it waits for a method
    assert (await slack.http_call("POST", url, json={"text": "x"})).status == 200
    assert (await slack.api("auth.test")).status == 500
