"""Delivery over HTTP: signed, challenged first, retried as Slack does; a real Bolt app verifies it."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from pytest_httpserver import HTTPServer
from slack_bolt import App
from slack_bolt.request import BoltRequest
from slack_sdk.signature import SignatureVerifier
from werkzeug import Request, Response

Json = dict[str, Any]


@pytest.fixture
async def reached(start: Any, httpserver: HTTPServer) -> Any:
    """A devslack that delivers to a URL, what arrived there, and what it answers."""
    heard: list[tuple[Json, dict[str, str], bytes]] = []
    answer: Json = {"status": 200, "body": None, "headers": {}}

    def take(request: Request) -> Response:
        body = request.get_data()
        is_json = request.content_type == "application/json"
        form = {k: v[0] for k, v in parse_qs(body.decode()).items()}
        payload = (
            json.loads(body)
            if is_json
            else json.loads(form["payload"])
            if "payload" in form
            else form
        )
        heard.append((payload, dict(request.headers), body))
        if payload.get("type") == "url_verification":
            return Response(payload["challenge"], 200)
        text = json.dumps(answer["body"]) if answer["body"] is not None else ""
        return Response(text, answer["status"], answer["headers"], content_type="application/json")

    httpserver.expect_request("/slack/events").respond_with_handler(take)
    url = httpserver.url_for("/slack/events").replace("localhost", "127.0.0.1")
    slack = await start(deliver="http", request_url=url, clock="virtual")
    return slack, heard, answer


async def test_the_url_is_challenged_once_and_every_request_is_signed(reached: Any) -> None:
    slack, heard, _ = reached
    for text in ("one", "two"):
        done = await slack.do("messages", as_="U0ADA", channel="#general", text=text)
        assert done["ack"]["state"] == "acked"

    assert [p.get("type") for p, _, _ in heard] == [
        "url_verification",
        "event_callback",
        "event_callback",
    ]
    verifier = SignatureVerifier(slack.server.keys.signing_secret)
    assert all(verifier.is_valid_request(body, headers) for _, headers, body in heard)


async def test_bolts_own_verifier_takes_it(reached: Any) -> None:
    slack, heard, _ = reached
    await slack.do("messages", as_="U0ADA", channel="#general", text="@baton hi")
    keys = slack.server.keys
    app = App(
        token=keys.bot_token,
        signing_secret=keys.signing_secret,
        token_verification_enabled=False,
        authorize=None,
        request_verification_enabled=True,
        url_verification_enabled=True,
    )
    _, headers, body = heard[0]
    lower = {name.lower(): [value] for name, value in headers.items()}
    reply = app.dispatch(BoltRequest(body=body.decode(), headers=lower))
    forged = app.dispatch(BoltRequest(body=body.decode() + " ", headers=lower))

    assert reply.status == 200
    assert json.loads(reply.body)["challenge"] == heard[0][0]["challenge"]
    assert forged.status == 401


async def test_a_refused_event_comes_again_with_retry_headers(reached: Any) -> None:
    slack, heard, answer = reached
    answer["status"] = 500
    await slack.do("messages", as_="U0ADA", channel="#general", text="x")
    await slack.wait(quiet=50)
    await slack.do("clock", advance_s=60)

    numbers = [headers.get("X-Slack-Retry-Num") for _, headers, _ in heard[1:]]
    assert numbers == [None, "1", "2"]
    assert heard[2][1]["X-Slack-Retry-Reason"] == "http_error"
    assert len({payload["event_id"] for payload, _, _ in heard[1:]}) == 1


async def test_an_app_may_refuse_retries(reached: Any) -> None:
    slack, heard, answer = reached
    answer |= {"status": 500, "headers": {"x-slack-no-retry": "1"}}
    await slack.do("messages", as_="U0ADA", channel="#general", text="x")
    await slack.wait(quiet=50)
    await slack.do("clock", advance_s=600)

    assert len(heard) == 2  # the challenge and one delivery


async def test_a_command_is_a_form_and_its_answer_is_shown(reached: Any) -> None:
    slack, heard, answer = reached
    answer["body"] = {"text": "pong"}
    done = await slack.do("slash", as_="U0ADA", channel="#general", command="/baton", text="ping")

    assert done["ack"]["payload"] == {"text": "pong"}
    assert (heard[0][0]["command"], heard[0][0]["text"]) == ("/baton", "ping")
    (shown,) = await slack.messages(**{"as": "U0ADA", "include": "ephemeral"})
    assert shown["plain"] == "pong"


async def test_a_click_is_a_payload_in_a_form(reached: Any, card: list[Json]) -> None:
    slack, heard, _ = reached
    ts = (await slack.api("chat.postMessage", channel="C0GENERAL", text="x", blocks=card))["ts"]
    await slack.wait(quiet=50)
    done = await slack.do("click", as_="U0ADA", channel="#general", ts=ts, action_id="yes")

    assert done["ack"]["state"] == "acked"
    assert heard[-1][0]["type"] == "block_actions"


async def test_an_app_that_is_not_there_is_not_reached(start: Any) -> None:
    slack = await start(
        deliver="http", request_url="http://127.0.0.1:1/slack/events", clock="virtual"
    )
    done = await slack.do("slash", as_="U0ADA", channel="#general", command="/baton", text="x")

    assert done["ack"]["state"] == "none_connected"
    (shown,) = await slack.messages(**{"as": "U0ADA", "include": "ephemeral"})
    assert shown["plain"] == '/baton failed with the error "dispatch_failed"'
