"""Socket Mode on the wire: tickets, envelopes, acks, redelivery, and how connections end."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

Json = dict[str, Any]


class Wire:
    """An app that speaks the protocol by hand, so that it can be wrong on purpose."""

    def __init__(self, slack: Any) -> None:
        self.slack = slack
        self.sockets: list[aiohttp.ClientWebSocketResponse] = []

    async def url(self) -> str:
        opened = await self.slack.api(
            "apps.connections.open", auth=self.slack.server.keys.app_token
        )
        return str(opened["url"])

    async def connect(self) -> aiohttp.ClientWebSocketResponse:
        socket = await self.slack.http.ws_connect(await self.url())
        self.sockets.append(socket)
        return socket


async def frame(socket: aiohttp.ClientWebSocketResponse) -> Json:
    read: Json = await socket.receive_json(timeout=3)
    return read


@pytest.fixture
async def wire(slack: Any) -> Any:
    made = Wire(slack)
    yield made
    for socket in made.sockets:
        await socket.close()


def say(slack: Any, text: str = "hi", channel: str = "#general") -> "asyncio.Task[Any]":
    done = slack.do("messages", as_="U0ADA", channel=channel, text=text)
    return asyncio.create_task(done)


async def test_the_first_frame_is_hello_and_counts_the_connections(slack: Any, wire: Wire) -> None:
    first = await frame(await wire.connect())
    second = await frame(await wire.connect())

    assert (first["type"], first["num_connections"], second["num_connections"]) == ("hello", 1, 2)
    assert first["connection_info"] == {"app_id": "A0DEVSLACK"}
    assert (await slack.get("health"))["connections"] == 2


async def test_a_ticket_is_good_for_one_handshake_and_thirty_seconds(start: Any) -> None:
    slack = await start(clock="virtual")
    wire = Wire(slack)
    url = await wire.url()
    async with slack.http.ws_connect(url):
        pass
    late = await wire.url()
    await slack.do("clock", advance_s=31)
    await slack.do("chaos", switch="refuse_handshake")
    refused = await wire.url()

    for bad in (url, late, refused, url.split("?")[0]):
        with pytest.raises(aiohttp.WSServerHandshakeError) as error:
            await slack.http.ws_connect(bad)
        assert error.value.status == 403


async def test_an_event_is_delivered_and_acked(slack: Any, wire: Wire) -> None:
    socket = await wire.connect()
    await frame(socket)
    typing = say(slack, "hello")
    envelope = await frame(socket)
    await socket.send_json({"envelope_id": envelope["envelope_id"]})
    done = await typing

    assert (envelope["type"], envelope["accepts_response_payload"]) == ("events_api", False)
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (0, "")
    payload = envelope["payload"]
    assert payload["type"] == "event_callback"
    assert payload["event"]["text"] == "hello"
    assert payload["event"]["channel_type"] == "channel"
    assert done["ack"]["state"] == "acked"
    (kept,) = (await slack.get("envelopes", type="events_api"))["envelopes"]
    assert (kept["state"], kept["event_id"]) == ("acked", payload["event_id"])


async def test_an_event_without_ack_comes_again_with_the_same_id(start: Any) -> None:
    slack = await start(clock="virtual")
    wire = Wire(slack)
    socket = await wire.connect()
    await frame(socket)
    await slack.do("config", ack_timeout_ms=40)
    typing = say(slack)
    frames = [await frame(socket)]
    assert (await typing)["ack"]["state"] == "timeout"
    frames.append(await frame(socket))  # the first retry comes at once
    await slack.wait(quiet=100)
    for seconds in (60, 300):
        await slack.do("clock", advance_s=seconds)
        frames.append(await frame(socket))
    await slack.do("clock", advance_s=86_400)

    assert [f["retry_attempt"] for f in frames] == [0, 1, 2, 3]
    assert [f["retry_reason"] for f in frames] == ["", "timeout", "timeout", "timeout"]
    assert len({f["payload"]["event_id"] for f in frames}) == 1
    assert len({f["envelope_id"] for f in frames}) == 4
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.05)
    await socket.close()


async def test_acks_that_make_no_sense_change_nothing(
    slack: Any, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    socket = await wire.connect()
    await frame(socket)
    typing = say(slack)
    envelope = await frame(socket)
    for nonsense in ("{", "[]", '{"envelope_id": 5}', '{"envelope_id": "made up"}', "null"):
        await socket.send_str(nonsense)
    await socket.send_bytes(b"\x00")
    other = await wire.connect()
    await frame(other)
    await other.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "x"}})

    assert (await typing)["ack"]["state"] in ("acked", "timeout")
    assert "never sent" in caplog.text


async def test_each_payload_goes_to_one_connection_only(slack: Any, wire: Wire) -> None:
    sockets = [await wire.connect() for _ in range(3)]
    for socket in sockets:
        await frame(socket)
    counts = [0, 0, 0]

    async def answer(number: int) -> None:
        async for message in sockets[number]:
            envelope = json.loads(message.data)
            counts[number] += 1
            await sockets[number].send_json({"envelope_id": envelope["envelope_id"]})

    tasks = [asyncio.create_task(answer(n)) for n in range(3)]
    for _ in range(12):
        assert (await say(slack))["ack"]["state"] == "acked"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert sum(counts) == 12
    assert max(counts) < 12


async def test_an_envelope_can_come_twice(slack: Any, wire: Wire) -> None:
    socket = await wire.connect()
    await frame(socket)
    await slack.do("chaos", switch="duplicate_envelope", args={"type": "events_api"})
    typing = say(slack)
    first, second = await frame(socket), await frame(socket)
    await socket.send_json({"envelope_id": first["envelope_id"]})

    assert first == second
    assert (await typing)["ack"]["state"] == "acked"


async def test_a_dropped_event_is_seen_in_the_record_only(slack: Any, wire: Wire) -> None:
    socket = await wire.connect()
    await frame(socket)
    await slack.do("chaos", switch="drop_event", args={"type": "message"})
    done = await say(slack)

    assert done["ack"]["state"] == "not_sent"
    (kept,) = (await slack.get("envelopes"))["envelopes"]
    assert kept["state"] == "dropped"
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.05)


@pytest.mark.parametrize("switch", ["refresh_requested", "too_many_websockets"])
async def test_a_connection_is_told_to_go(slack: Any, wire: Wire, switch: str) -> None:
    socket = await wire.connect()
    await frame(socket)
    await slack.do("chaos", switch=switch)

    told = await frame(socket)
    assert (told["type"], told["reason"]) == ("disconnect", switch)
    assert (await socket.receive(timeout=3)).type in (
        aiohttp.WSMsgType.CLOSE,
        aiohttp.WSMsgType.CLOSED,
    )
    assert (await slack.get("health"))["connections"] == 0


async def test_a_warning_leaves_the_connection_open(slack: Any, wire: Wire) -> None:
    socket = await wire.connect()
    await frame(socket)
    await slack.do("chaos", switch="disconnect_warning")

    assert (await frame(socket))["reason"] == "warning"
    assert (await slack.get("health"))["connections"] == 1


async def test_a_connection_can_be_cut_without_a_goodbye(slack: Any, wire: Wire) -> None:
    socket = await wire.connect()
    await frame(socket)
    await slack.do("chaos", switch="tcp_drop")

    ended = await socket.receive(timeout=3)
    assert ended.type in (
        aiohttp.WSMsgType.CLOSED,
        aiohttp.WSMsgType.ERROR,
        aiohttp.WSMsgType.CLOSE,
    )
    assert socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
    assert (await say(slack))["ack"]["state"] == "none_connected"


async def test_the_eleventh_connection_is_sent_away(slack: Any, wire: Wire) -> None:
    for _ in range(10):
        assert (await frame(await wire.connect()))["type"] == "hello"
    told = await frame(await wire.connect())

    assert (told["type"], told["reason"]) == ("disconnect", "too_many_websockets")


async def test_a_ping_is_echoed_byte_for_byte(slack: Any, wire: Wire) -> None:
    url = await wire.url()
    async with slack.http.ws_connect(url, autoping=False) as socket:
        await frame(socket)
        await socket.ping(b"sdk-ping-pong:123.5")
        pong = await socket.receive(timeout=3)

    assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:123.5")


async def test_a_bolt_app_comes_back_after_it_was_sent_away(slack: Any, bolt: Any) -> None:
    @bolt.app.command("/baton")
    async def command(ack: Any) -> None:
        await ack("here")

    await bolt.connect()
    await slack.do("chaos", switch="refresh_requested")
    await slack.wait(connections=1)
    done = await slack.do("slash", as_="U0ADA", channel="#general", command="/baton", text="x")

    assert done["ack"]["state"] == "acked"
