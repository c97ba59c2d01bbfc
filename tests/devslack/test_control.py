"""The control API: acting, reading, waiting and steering, and how it refuses wrong use."""

import asyncio
from typing import Any

import pytest

from devslack.errors import ControlError

Json = dict[str, Any]

WRONG: list[tuple[str, str, Json, tuple[int, str]]] = [
    (
        "POST",
        "messages",
        {"as": "U0ADA", "channel": "#general", "txt": "x"},
        (400, "unknown_field"),
    ),
    ("POST", "messages", {"as": "U0ADA", "text": "x"}, (400, "missing_field")),
    ("POST", "messages", {"as": "U0ADA", "channel": 5, "text": "x"}, (400, "bad_field")),
    ("POST", "messages", {"as": "U0ADA", "channel": "#general", "text": ""}, (422, "no_text")),
    ("POST", "messages", {"as": "U0ADA", "channel": "#old", "text": "x"}, (409, "is_archived")),
    (
        "POST",
        "messages",
        {"as": "U0SAM", "channel": "#alerts", "text": "x"},
        (403, "not_in_channel"),
    ),
    (
        "POST",
        "messages",
        {"as": "U0SAM", "channel": "#secops", "text": "x"},
        (403, "not_visible_to_user"),
    ),
    (
        "POST",
        "messages",
        {"as": "U0ADA", "channel": "#general", "text": "x" * 12_001},
        (422, "msg_too_long"),
    ),
    (
        "POST",
        "messages",
        {"as": "U0ADA", "channel": "#general", "text": "x", "thread_ts": "1.1"},
        (404, "message_not_found"),
    ),
    ("POST", "home", {"as": "U0ADA", "tab": "about"}, (400, "bad_field")),
    ("POST", "shortcut", {"as": "U0ADA", "callback_id": "odd"}, (404, "no_such_shortcut")),
    (
        "POST",
        "shortcut",
        {"as": "U0ADA", "callback_id": "baton_attach_message"},
        (404, "no_such_shortcut"),
    ),
    ("POST", "channels", {"name": "general"}, (409, "name_taken")),
    ("POST", "channels", {"name": "Not Good"}, (422, "invalid_name")),
    ("PATCH", "channels/C0X", {"name": "x"}, (404, "channel_not_found")),
    ("POST", "clock", {"advance_s": 5}, (409, "clock_is_real")),
    ("POST", "clock", {"mode": "slow"}, (400, "bad_field")),
    ("POST", "config", {"ack_timeout_ms": "long"}, (400, "bad_field")),
    ("POST", "wait", {"until": {}}, (400, "bad_field")),
    ("POST", "wait", {"until": {"quiet": "x"}}, (400, "bad_field")),
    ("POST", "wait", {"until": {"message": {"odd": 1}}}, (400, "unknown_field")),
    ("POST", "wait", {"until": {"message": {"contains": 1}}}, (400, "bad_field")),
    (
        "POST",
        "wait",
        {"until": {"message": {"contains": "never"}}, "timeout_ms": 10},
        (408, "timeout"),
    ),
    ("POST", "reset", {"fixture": {"users": [{"odd": 1}]}}, (422, "invalid")),
    ("POST", "reset", {"manifest": {}}, (422, "invalid_manifest")),
    ("POST", "views/V0/submit", {"as": "U0ADA"}, (404, "view_not_found")),
    ("POST", "nothing", {}, (404, "not_found")),
    ("PUT", "messages", {}, (404, "not_found")),
]


async def test_wrong_use_says_what_is_wrong(slack: Any) -> None:
    for method, path, fields, expected in WRONG:
        reply = await slack.do(path, method=method, **fields)
        assert (reply.status, reply["error"]) == expected, (path, fields, reply.body)
        assert reply["detail"]
    assert (await slack.get("state"))["messages"]["C0GENERAL"] == []
    assert (await slack.get("envelopes"))["envelopes"] == []


async def test_a_body_that_is_not_an_object_is_refused(slack: Any) -> None:
    for body in (b"{", b"[]", b"\xff", b"[" * 9000):
        reply = await slack.http_call("POST", "/devslack/messages", data=body)
        assert (reply.status, reply["error"]) == (400, "invalid_json")
    manifest = await slack.http_call("PUT", "/devslack/manifest", data=b"a: [")
    assert manifest.status == 422


async def test_queries_are_checked_too(slack: Any) -> None:
    codes = [
        (await slack.get("messages")).status,
        (await slack.get("messages", channel="#general", limit="0")).status,
        (await slack.get("messages", channel="#general", include="ephemeral")).status,
        (await slack.get("messages", channel="#general", thread_ts="1.1")).status,
        (await slack.get("calls", since="x")).status,
        (await slack.get("views", **{"as": "U0"})).status,
    ]
    assert codes == [400, 400, 400, 404, 400, 404]


async def test_people_channels_and_the_app_are_listed(slack: Any) -> None:
    users = await slack.get("users")
    seen_by_sam = await slack.get("channels", **{"as": "U0SAM"})
    everything = await slack.get("channels")

    people = [u["name"] for u in users["users"] if not u["is_bot"]]
    assert people == ["ada", "grace", "linus", "mallory", "sam"]
    assert users["groups"] == [
        {
            "id": "S0SRE",
            "handle": "sre",
            "name": "Site reliability",
            "users": ["U0GRACE", "U0LINUS"],
        }
    ]
    assert users["app"]["commands"][0]["command"] == "/baton"
    assert [c["name"] for c in seen_by_sam["channels"]] == ["general", "releases", "alerts", "old"]
    assert [(c["name"], c["bot_member"]) for c in everything["channels"]] == [
        ("general", True),
        ("releases", True),
        ("alerts", True),
        ("secops", False),
        ("old", False),
    ]


async def test_a_person_edits_and_deletes_only_their_own(slack: Any) -> None:
    typed = await slack.do("messages", as_="U0ADA", channel="#general", text="mine")
    where = {"channel": "#general", "ts": typed["message"]["ts"]}
    other = await slack.do("messages", method="PATCH", as_="U0SAM", **where, text="yours")
    gone = await slack.do("messages", method="DELETE", as_="U0SAM", **where)
    card = (await slack.api("chat.postMessage", channel="C0GENERAL", text="card"))["ts"]
    taken = await slack.do("messages", method="DELETE", as_="U0SAM", channel="#general", ts=card)

    assert (other["error"], gone["error"]) == ("not_author", "not_author")
    assert taken["effects"] == [f"deleted:C0GENERAL/{card}"]
    assert [m["text"] for m in await slack.messages()] == ["mine"]


async def test_an_act_says_what_appeared_meanwhile(slack: Any, bolt: Any) -> None:
    @bolt.app.command("/baton")
    async def command(ack: Any, client: Any) -> None:
        await client.chat_postMessage(channel="C0ALERTS", text="started")
        await ack("ok")

    await bolt.connect()
    done = await slack.do("slash", as_="U0ADA", channel="#general", command="/baton", text="x")

    kinds = [effect.split(":")[0] for effect in done["effects"]]
    assert kinds == ["message", "ephemeral"]
    assert done["effects"][0].startswith("message:C0ALERTS/")


async def test_two_buttons_with_one_action_id_are_told_apart_by_value(
    slack: Any, bolt: Any
) -> None:
    values: list[str] = []

    @bolt.app.action("pick")
    async def pick(ack: Any, body: Json) -> None:
        values.append(body["actions"][0]["value"])
        await ack()

    await bolt.connect()
    blocks = [
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "action_id": "pick",
                    "value": v,
                    "text": {"type": "plain_text", "text": v},
                }
            ],
        }
        for v in ("a", "b")
    ]
    ts = (await bolt.web.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks))["ts"]
    there: Json = {"as_": "U0ADA", "channel": "C0GENERAL", "ts": ts, "action_id": "pick"}
    await slack.do("click", **there, value="b")
    await slack.do("click", **there)
    wrong = await slack.do("click", **there, value="c")

    assert values == ["b", "a"]
    assert (wrong.status, wrong["error"]) == (404, "no_such_element")


async def test_a_declined_confirm_dialog_sends_nothing(slack: Any, card: list[Json]) -> None:
    label = {"type": "plain_text", "text": "Sure?"}
    card[1]["elements"][0]["confirm"] = {
        "title": label,
        "text": label,
        "confirm": label,
        "deny": label,
    }
    ts = (await slack.api("chat.postMessage", channel="C0GENERAL", text="x", blocks=card))["ts"]
    there: Json = {"as_": "U0ADA", "channel": "C0GENERAL", "ts": ts}
    declined = await slack.do("click", **there, action_id="yes", confirm=False)
    no_dialog = await slack.do("click", **there, action_id="no", confirm=False)

    assert (declined.status, declined["error"]) == (409, "declined")
    assert no_dialog["error"] == "no_confirm_dialog"
    assert (await slack.get("envelopes", type="interactive"))["envelopes"] == []


SELECTS: list[tuple[Json, Any, Json]] = [
    (
        {
            "type": "static_select",
            "options": [{"text": {"type": "plain_text", "text": "A"}, "value": "a"}],
        },
        "a",
        {
            "selected_option": {
                "text": {"type": "plain_text", "text": "A", "emoji": True},
                "value": "a",
            }
        },
    ),
    ({"type": "users_select"}, "U0SAM", {"selected_user": "U0SAM"}),
    ({"type": "multi_users_select"}, ["U0SAM", "U0ADA"], {"selected_users": ["U0SAM", "U0ADA"]}),
    ({"type": "datepicker"}, "2026-01-31", {"selected_date": "2026-01-31"}),
    ({"type": "datetimepicker"}, 1_763_640_000, {"selected_date_time": 1_763_640_000}),
    (
        {
            "type": "overflow",
            "options": [{"text": {"type": "plain_text", "text": "A"}, "value": "a"}],
        },
        "a",
        {
            "selected_option": {
                "text": {"type": "plain_text", "text": "A", "emoji": True},
                "value": "a",
            }
        },
    ),
]


async def test_every_element_reports_what_was_chosen(slack: Any, bolt: Any) -> None:
    seen: list[Json] = []

    @bolt.app.action("e")
    async def chosen(ack: Any, body: Json) -> None:
        seen.append(body)
        await ack()

    await bolt.connect()
    for element, value, expected in SELECTS:
        blocks = [{"type": "actions", "block_id": "b", "elements": [{**element, "action_id": "e"}]}]
        ts = (await bolt.web.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks))["ts"]
        done = await slack.do(
            "click", as_="U0ADA", channel="C0GENERAL", ts=ts, action_id="e", value=value
        )
        assert done["ack"]["state"] == "acked", (element, done.body)
        action = seen[-1]["actions"][0]
        assert {k: action[k] for k in expected} == expected
        if element["type"] != "overflow":
            assert seen[-1]["state"]["values"]["b"]["e"] == {"type": element["type"], **expected}

    bad = await slack.do(
        "click", as_="U0ADA", channel="C0GENERAL", ts=ts, action_id="e", value="odd"
    )
    assert (bad.status, bad["error"]) == (422, "no_such_option")


async def test_a_message_shortcut_carries_its_message(slack: Any, bolt: Any) -> None:
    seen: list[Json] = []

    @bolt.app.shortcut("baton_attach_message")
    async def attach(ack: Any, body: Json, respond: Any) -> None:
        seen.append(body)
        await ack()
        await respond("Attached.")

    ts = (await slack.do("messages", as_="U0ADA", channel="#general", text="this"))["message"]["ts"]
    await bolt.connect()
    await slack.do(
        "shortcut", as_="U0SAM", callback_id="baton_attach_message", channel="#general", ts=ts
    )
    await slack.wait(message={"contains": "Attached.", "as": "U0SAM"})

    assert (seen[0]["type"], seen[0]["message"]["text"], seen[0]["channel"]["id"]) == (
        "message_action",
        "this",
        "C0GENERAL",
    )


async def test_an_external_select_asks_the_app(slack: Any, bolt: Any) -> None:
    @bolt.app.options("ext")
    async def offer(ack: Any, payload: Json) -> None:
        await ack(
            options=[{"text": {"type": "plain_text", "text": payload["value"]}, "value": "v"}]
        )

    await bolt.connect()
    element = {"type": "external_select", "action_id": "ext", "min_query_length": 0}
    blocks = [{"type": "actions", "elements": [element]}]
    ts = (await bolt.web.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks))["ts"]
    done = await slack.do(
        "options", as_="U0ADA", channel="C0GENERAL", ts=ts, action_id="ext", query="re"
    )

    assert done["options"] == [{"text": {"type": "plain_text", "text": "re"}, "value": "v"}]


async def test_reset_begins_again_with_the_same_tokens_and_sockets(slack: Any, bolt: Any) -> None:
    await bolt.connect()
    await bolt.web.chat_postMessage(channel="C0GENERAL", text="old")
    await slack.do("chaos", switch="api_500")
    before = slack.server.greeting()
    fixture = {"channels": [{"id": "C0ONLY", "name": "only", "members": "everybody", "app": True}]}
    assert (await slack.do("reset", fixture=fixture))["ok"]

    assert slack.server.greeting() == before
    assert (await slack.get("health"))["connections"] == 1
    assert [c["name"] for c in (await slack.get("channels"))["channels"]] == ["only"]
    assert (await bolt.web.chat_postMessage(channel="#only", text="new"))["ok"]
    await slack.do("reset")
    assert await slack.messages("#general") == []


async def test_the_same_seed_tells_the_same_story(start: Any) -> None:
    async def story(slack: Any) -> Any:
        await slack.do("messages", as_="U0ADA", channel="#general", text="x")
        made = await slack.do("channels", name="new")
        return [made["channel"]["id"], (await slack.get("state")).body]

    first, second = await start(clock="virtual", seed="9"), await start(clock="virtual", seed="9")
    one = await story(first)
    assert one == await story(second)
    await first.do("reset", seed=3)
    await second.do("reset", seed=3)
    again = await story(first)
    assert again == await story(second)
    assert again != one


async def test_waiting_ends_when_it_comes_true(slack: Any) -> None:
    waiting = asyncio.create_task(
        slack.do("wait", until={"message": {"channel": "#general", "contains": "later"}})
    )
    await asyncio.sleep(0)
    await slack.api("chat.postMessage", channel="C0GENERAL", text="and later")
    found = await waiting

    assert found["message"]["plain"] == "and later"
    call = await slack.wait(call={"method": "chat.postMessage", "ok": True})
    assert call["call"]["response"]["ts"] == found["message"]["ts"]
    assert (await slack.do("wait", until={"no_view": {"as": "U0ADA"}}))["ok"]


async def test_status_goes_away_by_the_clock(start: Any) -> None:
    slack = await start(clock="virtual")
    ts = (await slack.api("chat.postMessage", channel="C0GENERAL", text="root"))["ts"]
    await slack.api(
        "assistant.threads.setStatus", channel_id="C0GENERAL", thread_ts=ts, status="thinking"
    )
    await slack.do("clock", advance_s=119)
    assert "status" in (await slack.get("messages", channel="C0GENERAL", thread_ts=ts)).body
    await slack.do("clock", advance_s=2)
    assert "status" not in (await slack.get("messages", channel="C0GENERAL", thread_ts=ts)).body


async def test_the_control_api_can_be_asked_without_http(slack: Any) -> None:
    done = await slack.server.ask(
        "POST", "messages", **{"as": "U0ADA", "channel": "#general", "text": "x"}
    )
    assert done["message"]["plain"] == "x"
    with pytest.raises(ControlError, match="view_not_found"):
        await slack.server.ask("POST", "views/V0/close", **{"as": "U0ADA"})
    with pytest.raises(ControlError, match="not_found"):
        await slack.server.ask("GET", "nothing")
