"""A real Bolt app over a real socket: what it posts, hears and answers."""

import asyncio
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

Json = dict[str, Any]


async def test_an_app_posts_updates_and_deletes_a_card(
    slack: Any, bolt: Any, card: list[Json]
) -> None:
    posted = await bolt.web.chat_postMessage(
        channel="#releases",
        text="Deploy?",
        blocks=card,
        metadata={"event_type": "x", "event_payload": {"o": "1"}},
    )
    (shown,) = await slack.messages("#releases", include="metadata")
    assert shown["plain"] == "*Deploy?* @ada\n[Approve] [Reject…]"
    assert shown["metadata"]["event_payload"] == {"o": "1"}
    assert posted["message"]["bot_profile"]["name"] == "Baton"

    await bolt.web.chat_update(channel=posted["channel"], ts=posted["ts"], text="Approved")
    (shown,) = await slack.messages("#releases")
    assert (shown["plain"], shown["ts"]) == ("Approved", posted["ts"])
    assert "blocks" not in shown

    history = await bolt.web.conversations_history(
        channel=posted["channel"], include_all_metadata=True
    )
    assert history["messages"][0]["metadata"]["event_payload"] == {"o": "1"}

    await bolt.web.chat_delete(channel=posted["channel"], ts=posted["ts"])
    assert await slack.messages("#releases") == []


async def test_a_reply_stands_in_its_thread_only(slack: Any, bolt: Any) -> None:
    root = await bolt.web.chat_postMessage(channel="C0GENERAL", text="root")
    await bolt.web.chat_postMessage(channel="C0GENERAL", text="reply", thread_ts=root["ts"])
    await bolt.web.chat_postMessage(
        channel="C0GENERAL", text="loud", thread_ts=root["ts"], reply_broadcast=True
    )

    assert [m["plain"] for m in await slack.messages()] == ["root", "loud"]
    assert [m["plain"] for m in await slack.messages(thread_ts=root["ts"])] == [
        "root",
        "reply",
        "loud",
    ]
    replies = await bolt.web.conversations_replies(channel="C0GENERAL", ts=root["ts"])
    assert replies["messages"][0]["reply_count"] == 2


async def test_a_click_is_acked_and_carries_what_slack_sends(
    slack: Any, bolt: Any, card: list[Json]
) -> None:
    seen: list[Json] = []

    @bolt.app.action("yes")
    async def approve(ack: Any, body: Json, respond: Any, client: Any) -> None:
        await ack()
        seen.append(body)
        await client.chat_update(channel="C0RELEASES", ts=body["message"]["ts"], text="Approved")
        await respond("Recorded.", replace_original=False)

    await bolt.connect()
    posted = await bolt.web.chat_postMessage(channel="#releases", text="Deploy?", blocks=card)
    done = await slack.do(
        "click", as_="U0GRACE", channel="#releases", ts=posted["ts"], action_id="yes"
    )

    assert done["ack"]["state"] == "acked"
    await slack.wait(message={"contains": "Recorded.", "as": "U0GRACE"})
    (body,) = seen
    assert body["user"]["id"] == "U0GRACE"
    assert body["actions"][0]["value"] == "ap.1"
    assert body["actions"][0]["block_id"] == "d"
    assert body["container"]["message_ts"] == posted["ts"]
    assert body["message"]["blocks"][1]["elements"][0]["action_id"] == "yes"
    seen_by = [m["plain"] for m in await slack.messages("#releases")]
    assert seen_by == ["Approved"]


REFUSED = [
    ("U0ADA", "#releases", "nothing", (404, "no_such_element")),
    ("U0NOBODY", "#releases", "yes", (404, "user_not_found")),
    ("U0BOTUSER", "#releases", "yes", (403, "not_a_person")),
    ("U0ADA", "#nowhere", "yes", (404, "channel_not_found")),
    ("U0ADA", "#secops", "yes", (403, "not_visible_to_user")),
]


async def test_a_click_that_nobody_can_make_is_refused(
    slack: Any, bolt: Any, card: list[Json]
) -> None:
    posted = await bolt.web.chat_postMessage(channel="#releases", text="Deploy?", blocks=card)

    for who, where, what, expected in REFUSED:
        there = {"channel": where, "ts": posted["ts"], "action_id": what}
        done = await slack.do("click", as_=who, **there)
        assert (done.status, done["error"]) == expected
    assert (await slack.get("envelopes", type="interactive"))["envelopes"] == []


async def test_a_slash_command_is_answered_in_private_by_its_ack(slack: Any, bolt: Any) -> None:
    texts: list[str] = []

    @bolt.app.command("/baton")
    async def command(ack: Any, body: Json) -> None:
        texts.append(body["text"])
        await ack("*help* for you")

    await bolt.connect()
    done = await slack.do(
        "slash", as_="U0ADA", channel="#general", command="/baton", text="status  @grace"
    )

    assert done["ack"]["state"] == "acked"
    assert texts == ["status <@U0GRACE>"]
    mine = await slack.messages(**{"as": "U0ADA", "include": "ephemeral"})
    assert [(m["plain"], m["ephemeral"]) for m in mine] == [("*help* for you", True)]
    assert await slack.messages(**{"as": "U0GRACE", "include": "ephemeral"}) == []


async def test_a_slash_command_may_answer_everybody_later(slack: Any, bolt: Any) -> None:
    @bolt.app.command("/baton")
    async def command(ack: Any, respond: Any) -> None:
        await ack()
        await respond("for all", response_type="in_channel")

    await bolt.connect()
    await slack.do("slash", as_="U0ADA", channel="#general", command="/baton", text="x")
    await slack.wait(message={"contains": "for all"})
    assert [m["plain"] for m in await slack.messages()] == ["for all"]


async def test_a_bad_answer_to_a_command_is_refused_and_shown(slack: Any, bolt: Any) -> None:
    @bolt.app.command("/baton")
    async def command(ack: Any) -> None:
        await ack(blocks=[{"type": "section"}], text="x")

    await bolt.connect()
    done = await slack.do("slash", as_="U0ADA", channel="#general", command="/baton", text="x")

    assert done["ack"]["state"] == "refused"
    assert "must define either `text` or `fields`" in done["ack"]["problem"]
    (shown,) = await slack.messages(**{"as": "U0ADA", "include": "ephemeral"})
    assert shown["plain"] == '/baton failed with the error "invalid_command_response"'


async def test_a_command_nobody_answers_fails_as_slack_says(slack: Any, bolt: Any) -> None:
    asked: dict[str, Any] = {
        "as_": "U0ADA",
        "channel": "#general",
        "command": "/baton",
        "text": "x",
    }
    alone = await slack.do("slash", **asked)
    assert alone["ack"]["state"] == "none_connected"

    @bolt.app.command("/baton")
    async def command() -> None:
        await asyncio.sleep(0.2)

    await slack.do("config", ack_timeout_ms=50)
    await bolt.connect()
    late = await slack.do("slash", **asked)

    assert late["ack"]["state"] == "timeout"
    shown = await slack.messages(**{"as": "U0ADA", "include": "ephemeral"})
    assert [m["plain"] for m in shown] == [
        '/baton failed with the error "dispatch_failed"',
        '/baton failed with the error "operation_timeout"',
    ]


async def test_a_command_in_a_thread_or_unknown_is_refused(slack: Any) -> None:
    there: dict[str, Any] = {"as_": "U0ADA", "channel": "#general", "text": ""}
    in_thread = await slack.do("slash", **there, command="/baton", thread_ts="1.000001")
    unknown = await slack.do("slash", **there, command="/other")

    assert (in_thread.status, in_thread["error"]) == (409, "slash_not_in_thread")
    assert (unknown.status, unknown["error"]) == (404, "no_such_command")


async def test_a_late_ack_does_not_count_and_marks_the_button(
    slack: Any, bolt: Any, card: list[Json]
) -> None:
    @bolt.app.action("yes")
    async def slow(ack: Any) -> None:
        await asyncio.sleep(0.15)
        await ack()

    await slack.do("config", ack_timeout_ms=60)
    await bolt.connect()
    posted = await bolt.web.chat_postMessage(channel="#releases", text="Deploy?", blocks=card)
    done = await slack.do(
        "click", as_="U0ADA", channel="#releases", ts=posted["ts"], action_id="yes"
    )

    assert done["ack"]["state"] == "timeout"
    marks = [i for i in slack.server.emulator.stream.items if i.name == "mark"]
    assert [(m.data["user"], m.data["action_id"]) for m in marks] == [("U0ADA", "yes")]
    await slack.wait(quiet=200)
    (sent,) = (await slack.get("envelopes", type="interactive"))["envelopes"]
    assert sent["state"] == "late"


async def test_a_mention_is_one_message_event_and_one_app_mention(slack: Any, bolt: Any) -> None:
    heard: list[Json] = []

    @bolt.app.event("app_mention")
    async def mentioned(body: Json, say: Any) -> None:
        heard.append(body)
        await say("Yes?", thread_ts=body["event"]["ts"])

    @bolt.app.event("message")
    async def message(body: Json) -> None:
        heard.append(body)

    await bolt.connect()
    done = await slack.do("messages", as_="U0ADA", channel="#general", text="@baton hello")

    assert done["ack"]["state"] == "acked"
    await slack.wait(message={"contains": "Yes?"})
    kinds = [body["event"]["type"] for body in heard]
    assert sorted(kinds) == ["app_mention", "message"]
    assert heard[0]["event_id"] != heard[1]["event_id"]
    assert heard[0]["authorizations"][0]["user_id"] == "U0BOTUSER"
    assert [m["plain"] for m in await slack.messages(thread_ts=done["message"]["ts"])] == [
        "@baton hello",
        "Yes?",
    ]
    pings = (await slack.get("notifications"))["notifications"]
    assert [(p["user"], p["reason"]) for p in pings] == [("U0ADA", "thread")]


async def test_a_direct_message_reaches_the_app_and_is_answered_there(
    slack: Any, bolt: Any
) -> None:
    @bolt.app.event("message")
    async def message(event: Json, say: Any) -> None:
        await say(f"{event['channel_type']}: {event['text']}")

    await bolt.connect()
    await slack.do("messages", as_="U0SAM", channel="U0BOTUSER", text="status?")
    found = await slack.wait(message={"contains": "im: status?"})

    assert found["message"]["channel"].startswith("D")
    assert (await slack.get("notifications", **{"as": "U0SAM"}))["notifications"][0][
        "reason"
    ] == "dm"
    hidden = await slack.get("messages", channel=found["message"]["channel"], **{"as": "U0ADA"})
    assert (hidden.status, hidden["error"]) == (403, "not_visible_to_user")


async def test_an_ephemeral_is_for_one_person_in_the_channel(slack: Any, bolt: Any) -> None:
    await bolt.web.chat_postEphemeral(channel="C0GENERAL", user="U0SAM", text="only you")

    assert await slack.messages() == []
    (mine,) = await slack.messages(**{"as": "U0SAM", "include": "ephemeral"})
    assert (mine["plain"], mine["visible_to"]) == ("only you", "U0SAM")
    with pytest.raises(SlackApiError) as refused:
        await bolt.web.chat_postEphemeral(channel="C0RELEASES", user="U0SAM", text="not in there")
    assert refused.value.response["error"] == "user_not_in_channel"


async def test_an_ephemeral_button_can_be_pressed_and_edited_by_its_url(
    slack: Any, bolt: Any, card: list[Json]
) -> None:
    @bolt.app.action("yes")
    async def press(ack: Any, respond: Any) -> None:
        await ack()
        await respond("Done.", replace_original=True)

    await bolt.connect()
    shown = await bolt.web.chat_postEphemeral(
        channel="C0GENERAL", user="U0ADA", text="?", blocks=card
    )
    ts = shown["message_ts"]
    await slack.do("click", as_="U0ADA", channel="C0GENERAL", ts=ts, action_id="yes")
    found = await slack.wait(message={"contains": "Done.", "as": "U0ADA"})

    assert found["message"]["ts"] == ts
    other = await slack.do("click", as_="U0SAM", channel="C0GENERAL", ts=ts, action_id="yes")
    assert (other.status, other["error"]) == (403, "not_visible_to_user")


async def test_bad_blocks_are_refused_with_their_pointers(slack: Any, bolt: Any) -> None:
    with pytest.raises(SlackApiError) as refused:
        await bolt.web.chat_postMessage(channel="C0GENERAL", text="x", blocks=[{"type": "section"}])

    answer = refused.value.response
    assert answer["error"] == "invalid_blocks"
    assert answer["errors"] == ["must define either `text` or `fields` [json-pointer:/blocks/0]"]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {answer['errors'][0]}"]
    assert await slack.messages() == []


async def test_what_no_scope_covers_is_refused(slack: Any, bolt: Any) -> None:
    with pytest.raises(SlackApiError) as refused:
        await bolt.web.team_info()
    assert refused.value.response["error"] == "missing_scope"
    assert refused.value.response["needed"] == "team:read"
    assert "chat:write" in refused.value.response["provided"]

    await slack.do("config", scopes=["commands"])
    with pytest.raises(SlackApiError, match="missing_scope"):
        await bolt.web.chat_postMessage(channel="C0GENERAL", text="x")
    assert await slack.messages() == []


async def test_the_sdks_ways_of_sending_arguments_all_work(slack: Any, bolt: Any) -> None:
    posted = await bolt.web.chat_postMessage(channel="C0GENERAL", text="x")
    where = {"channel": "C0GENERAL", "timestamp": posted["ts"]}
    await bolt.web.reactions_add(name="eyes", **where)
    with pytest.raises(SlackApiError, match="already_reacted"):
        await bolt.web.reactions_add(name="eyes", **where)
    opened = await bolt.web.conversations_open(users="U0ADA")
    await bolt.web.chat_postMessage(channel="U0ADA", text="to you")
    link = await bolt.web.chat_getPermalink(channel="C0GENERAL", message_ts=posted["ts"])
    me = await bolt.web.auth_test()

    assert (await slack.messages())[0]["reactions"] == [
        {"name": "eyes", "count": 1, "users": ["U0BOTUSER"]}
    ]
    assert [m["plain"] for m in await slack.messages(opened["channel"]["id"])] == ["to you"]
    assert link["permalink"].endswith(f"/archives/C0GENERAL/p{posted['ts'].replace('.', '')}")
    assert (me["user_id"], me["team_id"]) == ("U0BOTUSER", "T0DEVSLACK")
    assert "chat:write" in me.headers["x-oauth-scopes"]


async def test_a_thread_shows_a_status_until_the_app_answers(slack: Any, bolt: Any) -> None:
    root = await bolt.web.chat_postMessage(channel="C0GENERAL", text="root")
    there = {"channel_id": "C0GENERAL", "thread_ts": root["ts"]}
    await bolt.web.assistant_threads_setStatus(
        **there, status="is looking…", loading_messages=["a", "b"]
    )
    seen = await slack.get("messages", channel="C0GENERAL", thread_ts=root["ts"])
    assert seen["status"] == {"status": "is looking…", "loading_messages": ["a", "b"]}

    await bolt.web.chat_postMessage(channel="C0GENERAL", text="found", thread_ts=root["ts"])
    seen = await slack.get("messages", channel="C0GENERAL", thread_ts=root["ts"])
    assert "status" not in seen.body
    with pytest.raises(SlackApiError, match="no more than 10 items"):
        await bolt.web.assistant_threads_setStatus(**there, status="x", loading_messages=["m"] * 11)
