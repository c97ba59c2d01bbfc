"""The page, its feed of events, and who may ask at all."""

import json
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]


async def read_events(reply: Any, until: str) -> list[tuple[str, Json, str]]:
    """Read the stream up to the first event named *until*."""
    events: list[tuple[str, Json, str]] = []
    current: dict[str, str] = {}
    async for raw in reply.content:
        name, _, value = raw.decode().rstrip("\n").partition(": ")
        if name:
            current[name] = value
            continue
        events.append((current["event"], json.loads(current["data"]), current["id"]))
        if current["event"] == until:
            return events
    raise AssertionError("the stream ended")


async def test_the_stream_tells_what_a_person_may_see_and_goes_on_where_it_broke(
    slack: Any,
) -> None:
    url = slack.server.url + "/devslack/stream?as=U0SAM"
    async with slack.http.get(url) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        await slack.do("messages", as_="U0GRACE", channel="#secops", text="secret")
        await slack.api("chat.postEphemeral", channel="C0GENERAL", user="U0ADA", text="ada only")
        await slack.api("chat.postMessage", channel="C0GENERAL", text="<@U0SAM> hello")
        events = await read_events(reply, "notification")
    names = [name for name, _, _ in events]
    assert names[0] == "hello"
    assert events[0][1]["fresh"] is True
    assert "ephemeral" not in names
    assert [d["message"]["plain"] for n, d, _ in events if n == "message"] == ["@sam hello"]
    assert events[-1][1]["reason"] == "mention"

    await slack.api("chat.postMessage", channel="C0GENERAL", text="missed")
    async with slack.http.get(url, headers={"last-event-id": events[-1][2]}) as reply:
        events = await read_events(reply, "message")
    assert events[0][1]["fresh"] is False
    assert events[-1][1]["message"]["plain"] == "missed"
    async with slack.http.get(url, headers={"last-event-id": "other.5"}) as reply:
        assert (await read_events(reply, "hello"))[0][1]["fresh"] is True


async def test_the_page_is_served_with_a_strict_policy(start: Any, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "devslack.html").write_text("<h1>page</h1>")
    (tmp_path / "assets" / "app-1a2b.js").write_text("1")
    (tmp_path / "secret.txt").write_text("no")
    slack = await start(page=tmp_path, frame_ancestors=("http://127.0.0.1:8765",))
    page = await slack.http_call("GET", "/?as=U0GRACE")
    script = await slack.http_call("GET", "/assets/app-1a2b.js")
    outside = await slack.http_call("GET", "/assets/..%2fsecret.txt")
    icon = await slack.http_call("GET", "/favicon.ico")

    assert page.body == "<h1>page</h1>"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'self' http://127.0.0.1:8765" in page.headers["content-security-policy"]
    assert script.headers["content-type"].startswith(("text/javascript", "application/javascript"))
    assert "immutable" in script.headers["cache-control"]
    assert (outside.status, icon.status) == (404, 404)
    assert (await slack.get("health"))["page"] is True


async def test_without_a_page_it_says_how_to_build_it(slack: Any) -> None:
    page = await slack.http_call("GET", "/")

    assert page.status == 200
    assert "python3 run.py web" in page.body
    assert (await slack.get("health"))["page"] is False


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"host": "evil.example"}, "forbidden_host"),
        ({"host": "evil.example:80"}, "forbidden_host"),
        ({"host": "127.0.0.1@evil.example"}, "forbidden_host"),
        ({"host": "["}, "forbidden_host"),
        ({"origin": "http://evil.example"}, "forbidden_origin"),
        ({"origin": "null"}, "forbidden_origin"),
        ({"origin": "http://127.0.0.1:1"}, "forbidden_origin"),
    ],
)
async def test_other_sites_cannot_drive_it(slack: Any, headers: dict[str, str], error: str) -> None:
    for path in ("/devslack/health", "/api/api.test", "/"):
        reply = await slack.http_call("GET", path, headers=headers)
        assert (reply.status, reply["error"]) == (403, error)
    assert (await slack.get("calls"))["calls"] == []


async def test_its_own_page_may_drive_it(slack: Any) -> None:
    origin = slack.server.url
    assert (await slack.http_call("GET", "/devslack/health", headers={"origin": origin}))["ok"]
