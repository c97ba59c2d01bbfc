"""The transport rules of the Web API, and what its methods refuse; plain HTTP, no SDK."""

import io
from typing import Any
from urllib.parse import urlencode

import pytest

Json = dict[str, Any]
FORM = {"content-type": "application/x-www-form-urlencoded"}


def bearer(slack: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {slack.server.keys.bot_token}"}


async def test_arguments_come_from_query_form_multipart_or_json(slack: Any) -> None:
    head = bearer(slack)
    token = slack.server.keys.bot_token
    ways = [
        await slack.http_call(
            "GET",
            "/api/chat.postMessage",
            params={"channel": "C0GENERAL", "text": "1", "token": token},
        ),
        await slack.http_call(
            "POST", "/api/chat.postMessage?channel=C0GENERAL&text=2", headers=head
        ),
        await slack.http_call(
            "POST",
            "/api/chat.postMessage",
            data=urlencode({"channel": "#general", "text": "3"}),
            headers={**head, **FORM},
        ),
        await slack.http_call(
            "POST",
            "/api/chat.postMessage",
            data=b'--x\r\nContent-Disposition: form-data; name="channel"\r\n\r\ngeneral\r\n'
            b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n4 \xc3\xbc\r\n--x--\r\n',
            headers={**head, "content-type": "multipart/form-data; boundary=x"},
        ),
        await slack.http_call(
            "POST", "/chat.postMessage", json={"channel": "general", "text": "5"}, headers=head
        ),
    ]
    assert [way["ok"] for way in ways] == [True] * 5
    assert [m["text"] for m in await slack.messages()] == ["1", "2", "3", "4 ü", "5"]


async def test_json_inside_a_form_field_is_decoded(slack: Any) -> None:
    blocks = '[{"type":"section","text":{"type":"mrkdwn","text":"hi"}}]'
    good = await slack.http_call(
        "POST",
        "/api/chat.postMessage",
        data={"channel": "#general", "blocks": blocks},
        headers=bearer(slack),
    )
    bad = await slack.http_call(
        "POST",
        "/api/chat.postMessage",
        data={"channel": "#general", "blocks": "[{"},
        headers=bearer(slack),
    )
    assert good["message"]["blocks"][0]["text"]["text"] == "hi"
    assert bad["error"] == "invalid_blocks_format"


async def test_tokens_are_checked(slack: Any) -> None:
    keys = slack.server.keys
    errors = {
        "none": (await slack.http_call("POST", "/api/auth.test"))["error"],
        "wrong": (await slack.api("auth.test", auth="xoxb-wrong"))["error"],
        "app token to post": (await slack.api("chat.postMessage", auth=keys.app_token))["error"],
        "bot token to connect": (await slack.api("apps.connections.open"))["error"],
    }
    assert errors == {
        "none": "not_authed",
        "wrong": "invalid_auth",
        "app token to post": "not_allowed_token_type",
        "bot token to connect": "not_allowed_token_type",
    }


async def test_tokens_are_masked_in_the_record(slack: Any) -> None:
    await slack.http_call("GET", "/api/auth.test", params={"token": slack.server.keys.bot_token})
    (call,) = (await slack.get("calls"))["calls"]

    assert call["args"] == {"token": "xoxb-devslack-…"}
    assert slack.server.keys.bot_token not in str(call)


async def test_an_unknown_method_is_answered_and_kept(
    slack: Any, caplog: pytest.LogCaptureFixture
) -> None:
    reply = await slack.api("admin.users.list")

    assert (reply.status, reply["error"]) == (200, "unknown_method")
    assert (await slack.get("calls", method="admin.users.list"))["calls"][0][
        "error"
    ] == "unknown_method"
    assert "admin.users.list" in caplog.text


@pytest.mark.parametrize(
    ("method", "args", "messages"),
    [
        ("chat.postMessage", {"text": "x"}, ["[ERROR] missing required field: channel"]),
        (
            "chat.update",
            {},
            ["[ERROR] missing required field: channel", "[ERROR] missing required field: ts"],
        ),
        (
            "chat.postMessage",
            {"channel": 5},
            ["[ERROR] must provide a string [json-pointer:/channel]"],
        ),
        (
            "chat.postMessage",
            {"channel": "C0GENERAL", "text": {}},
            ["[ERROR] must provide a string [json-pointer:/text]"],
        ),
        (
            "views.open",
            {"view": "text", "trigger_id": "1"},
            ["[ERROR] must be valid JSON [json-pointer:/view]"],
        ),
        (
            "views.open",
            {"view": {"type": "home", "blocks": []}},
            ["[ERROR] must be a modal [json-pointer:/view/type]"],
        ),
        (
            "conversations.list",
            {"limit": "many"},
            ["[ERROR] must provide a number [json-pointer:/limit]"],
        ),
        (
            "conversations.list",
            {"exclude_archived": "maybe"},
            ["[ERROR] must provide a boolean [json-pointer:/exclude_archived]"],
        ),
    ],
)
async def test_wrong_arguments_are_named(
    slack: Any, method: str, args: Json, messages: list[str]
) -> None:
    reply = await slack.api(method, **args)

    assert reply["error"] == "invalid_arguments"
    assert reply["response_metadata"]["messages"] == messages


REFUSED: list[tuple[str, Json, str]] = [
    ("chat.postMessage", {"channel": "#nowhere", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "#secops", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "#old", "text": "x"}, "is_archived"),
    ("chat.postMessage", {"channel": "C0GENERAL"}, "no_text"),
    ("chat.postMessage", {"channel": "C0GENERAL", "blocks": []}, "no_text"),
    (
        "chat.postMessage",
        {"channel": "C0GENERAL", "blocks": {}, "text": "x"},
        "invalid_blocks_format",
    ),
    (
        "chat.postMessage",
        {"channel": "C0GENERAL", "markdown_text": "x", "text": "y"},
        "markdown_text_conflict",
    ),
    (
        "chat.postMessage",
        {"channel": "C0GENERAL", "text": "x", "thread_ts": "1.1"},
        "cannot_reply_to_message",
    ),
    (
        "chat.postMessage",
        {"channel": "C0GENERAL", "text": "x", "metadata": {"a": 1}},
        "invalid_metadata_format",
    ),
    (
        "chat.postMessage",
        {"channel": "C0GENERAL", "attachments": [{}] * 101},
        "too_many_attachments",
    ),
    ("chat.postMessage", {"channel": "U0NOBODY", "text": "x"}, "channel_not_found"),
    ("chat.update", {"channel": "C0GENERAL", "ts": "1.1", "text": "x"}, "message_not_found"),
    ("chat.delete", {"channel": "C0GENERAL", "ts": "1.1"}, "message_not_found"),
    ("chat.getPermalink", {"channel": "C0GENERAL", "message_ts": "1.1"}, "message_not_found"),
    ("conversations.info", {"channel": "C0SECOPS"}, "channel_not_found"),
    ("conversations.history", {"channel": "C0OLD"}, "not_in_channel"),
    ("conversations.history", {"channel": "C0GENERAL", "oldest": "soon"}, "invalid_ts_oldest"),
    ("conversations.history", {"channel": "C0GENERAL", "cursor": "%%"}, "invalid_cursor"),
    ("conversations.replies", {"channel": "C0GENERAL", "ts": "1.1"}, "thread_not_found"),
    ("conversations.list", {"types": "odd"}, "invalid_types"),
    ("conversations.list", {"types": "mpim,im,odd"}, "invalid_types"),
    ("conversations.open", {}, "users_list_not_supplied"),
    ("conversations.open", {"users": "U0NOBODY"}, "user_not_found"),
    ("conversations.join", {"channel": "C0GENERAL"}, "missing_scope"),
    ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
    ("bots.info", {"bot": "B0NOBODY"}, "bot_not_found"),
    ("usergroups.list", {}, "missing_scope"),
    ("users.lookupByEmail", {"email": "x"}, "missing_scope"),
    ("reactions.add", {"channel": "C0GENERAL", "name": "a b", "timestamp": "1.1"}, "invalid_name"),
    ("reactions.add", {"channel": "C0GENERAL", "name": "eyes", "timestamp": "x"}, "bad_timestamp"),
    (
        "reactions.add",
        {"channel": "C0GENERAL", "name": "eyes", "timestamp": "1.1"},
        "message_not_found",
    ),
    ("views.publish", {"user_id": "U0NOBODY", "view": {}}, "user_not_found"),
    (
        "assistant.threads.setStatus",
        {"channel_id": "C0GENERAL", "thread_ts": "1.1", "status": "x"},
        "invalid_thread_ts",
    ),
]


async def test_what_slack_refuses_is_refused_with_its_code(slack: Any) -> None:
    for method, args, error in REFUSED:
        reply = await slack.api(method, **args)
        assert (reply.status, reply["ok"], reply["error"]) == (200, False, error), (method, args)
    assert (await slack.get("state"))["messages"]["C0GENERAL"] == []


async def test_only_ones_own_messages_can_be_changed(slack: Any) -> None:
    typed = await slack.do("messages", as_="U0ADA", channel="#general", text="mine")
    there = {"channel": "C0GENERAL", "ts": typed["message"]["ts"]}

    assert (await slack.api("chat.update", **there, text="yours"))["error"] == "cant_update_message"
    assert (await slack.api("chat.delete", **there))["error"] == "cant_delete_message"
    assert [m["text"] for m in await slack.messages()] == ["mine"]


async def test_a_reply_to_a_reply_is_refused(slack: Any) -> None:
    root = (await slack.api("chat.postMessage", channel="C0GENERAL", text="root"))["ts"]
    reply = (await slack.api("chat.postMessage", channel="C0GENERAL", text="r", thread_ts=root))[
        "ts"
    ]
    below = await slack.api("chat.postMessage", channel="C0GENERAL", text="x", thread_ts=reply)

    assert below["error"] == "cannot_reply_to_message"


async def test_texts_have_their_limits(slack: Any) -> None:
    long = await slack.api("chat.postMessage", channel="C0GENERAL", text="x" * 40_001)
    assert (long["warning"], len(long["message"]["text"])) == ("message_truncated", 40_000)
    edit = await slack.api("chat.update", channel="C0GENERAL", ts=long["ts"], text="x" * 4001)
    assert edit["error"] == "msg_too_long"
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}
    full = await slack.api("chat.postMessage", channel="C0GENERAL", text="x", blocks=[section] * 5)
    assert full["error"] == "msg_blocks_too_long"


async def test_posting_where_the_app_is_not_needs_a_scope(slack: Any) -> None:
    await slack.do("members", channel="#alerts", user="U0BOTUSER", op="leave")
    there = {"channel": "#alerts", "text": "x"}
    assert (await slack.api("chat.postMessage", **there))["error"] == "not_in_channel"

    await slack.do("config", scopes=["chat:write", "chat:write.public"])
    assert (await slack.api("chat.postMessage", **there))["ok"]


async def test_lists_come_in_pages(slack: Any) -> None:
    first = await slack.api("conversations.list", limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    second = await slack.api("conversations.list", limit=2, cursor=cursor)

    names = [c["name"] for c in first["channels"] + second["channels"]]
    assert names == ["general", "releases", "alerts", "old"]
    assert second["response_metadata"]["next_cursor"] == ""
    mine = await slack.api("users.conversations", exclude_archived=True)
    assert [c["name"] for c in mine["channels"]] == ["general", "releases", "alerts"]


async def test_history_is_newest_first_and_keeps_to_its_bounds(slack: Any) -> None:
    stamps = [
        (await slack.api("chat.postMessage", channel="C0GENERAL", text=str(n)))["ts"]
        for n in range(4)
    ]
    whole = await slack.api("conversations.history", channel="C0GENERAL", limit=3)
    after = await slack.api("conversations.history", channel="C0GENERAL", oldest=stamps[1])
    both = await slack.api(
        "conversations.history",
        channel="C0GENERAL",
        oldest=stamps[1],
        latest=stamps[2],
        inclusive=True,
    )
    assert [m["text"] for m in whole["messages"]] == ["3", "2", "1"]
    assert whole["has_more"]
    assert [m["text"] for m in after["messages"]] == ["3", "2"]
    assert [m["text"] for m in both["messages"]] == ["2", "1"]


async def test_people_and_groups_are_listed_as_far_as_the_scopes_go(slack: Any) -> None:
    plain = await slack.api("users.info", user="U0GRACE")
    assert "email" not in plain["user"]["profile"]
    await slack.do("config", scopes=["users:read", "users:read.email", "usergroups:read"])
    with_email = await slack.api("users.info", user="U0GRACE")
    group = await slack.api("usergroups.users.list", usergroup="S0SRE")
    found = await slack.api("users.lookupByEmail", email="ada@devslack.example")

    assert with_email["user"]["profile"]["email"] == "grace@devslack.example"
    assert group["users"] == ["U0GRACE", "U0LINUS"]
    assert found["user"]["id"] == "U0ADA"
    assert (await slack.api("usergroups.users.list", usergroup="S0X"))["error"] == "no_such_subteam"


async def test_blocks_can_be_checked_without_posting(slack: Any) -> None:
    reply = await slack.http_call("POST", "/api/blocks.validate", json={"blocks": [{"text": "x"}]})

    assert reply["errors"] == [
        {
            "pointer": "/0",
            "code": "missing_field",
            "message": "missing required field: type",
            "field": "type",
        }
    ]
    assert (
        await slack.http_call(
            "POST", "/api/blocks.validate", json={"blocks": [{"type": "divider"}]}
        )
    )["ok"]


MALFORMED: list[tuple[bytes, str]] = [
    (b"{", "application/json"),
    (b"[1]", "application/json"),
    (b'"x"', "application/json"),
    (b"[" * 10_000, "application/json"),
    (b'{"channel":"\xff"}', "application/json"),
    (b'{"channel":"\\ud800","text":"\\udfff"}', "application/json"),
    (b'{"channel":"C0GENERAL","text":"\\ud800"}', "application/json"),
    (b'{"limit":' + b"9" * 5000 + b"}", "application/json"),
    (b"x", "multipart/form-data"),
    (b"a=1&" * 5000, "application/x-www-form-urlencoded"),
    (b"\x00\xff", "application/octet-stream"),
    (b"%ff%00", "application/x-www-form-urlencoded"),
]


async def test_nothing_malformed_breaks_the_server(slack: Any) -> None:
    for method in ("chat.postMessage", "no.such"):
        for body, kind in MALFORMED:
            for head in ({}, bearer(slack)):
                headers = {**head, "content-type": kind}
                reply = await slack.http_call("POST", f"/api/{method}", data=body, headers=headers)
                assert reply.status == 200, (method, body[:30], kind)
    huge = io.BytesIO(b"x" * 4_100_000)
    reply = await slack.http_call("POST", "/api/chat.postMessage", data=huge, headers=FORM)
    assert reply["response_metadata"]["messages"] == ["[ERROR] the request is too large"]
    assert (await slack.get("health"))["ok"]


async def test_a_surrogate_is_posted_as_a_replacement_character(slack: Any) -> None:
    headers = {**bearer(slack), "content-type": "application/json"}
    body = b'{"channel":"C0GENERAL","text":"\\ud800"}'
    assert (await slack.http_call("POST", "/api/chat.postMessage", data=body, headers=headers))[
        "ok"
    ]
    assert (await slack.messages())[0]["text"] == "\ufffd"


async def test_lenient_takes_any_token_and_makes_what_it_does_not_know(start: Any) -> None:
    slack = await start(lenient=True)
    posted = await slack.api("chat.postMessage", auth="xoxb-any", channel="#new-one", text="x")
    whisper = await slack.api(
        "chat.postEphemeral", auth="xoxb-any", channel="#general", user="U777", text="x"
    )

    assert posted["ok"]
    assert whisper["ok"]
    assert (await slack.api("auth.test", auth="wrong"))["error"] == "invalid_auth"


async def test_rate_limits_answer_429_with_the_seconds_to_wait(start: Any) -> None:
    slack = await start(clock="virtual")
    await slack.do("config", rate_limits=True)
    replies = [await slack.api("chat.postMessage", channel="C0GENERAL", text="x") for _ in range(6)]

    assert [r.status for r in replies] == [200] * 5 + [429]
    assert (replies[5].headers["retry-after"], replies[5].body) == (
        "1",
        {"ok": False, "error": "ratelimited"},
    )
    await slack.do("clock", advance_s=1)
    assert (await slack.api("chat.postMessage", channel="C0GENERAL", text="x"))["ok"]
