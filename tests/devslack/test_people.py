"""People, groups and other apps that come, change and go; what the app hears of it."""

from typing import Any

import pytest

Json = dict[str, Any]
HEARD = (
    *("team_join", "user_change", "subteam_created", "subteam_updated"),
    *("subteam_members_changed", "member_left_channel", "member_joined_channel"),
    *("message_metadata_posted", "message_metadata_updated", "message_metadata_deleted"),
)
SCOPES = ("usergroups:read", "users:read.email", "metadata.message:read")


@pytest.fixture
async def slack(start: Any) -> Any:
    made = await start(clock="virtual")
    manifest = (await made.get("manifest"))["manifest"]
    manifest["oauth_config"]["scopes"]["bot"] += SCOPES
    manifest["settings"]["event_subscriptions"] = {
        "bot_events": list(HEARD),
        "metadata_subscriptions": [{"app_id": "A0OTHER", "event_type": "baton.process"}],
    }
    assert (await made.do("manifest", method="PUT", **manifest))["ok"]
    return made


async def heard(slack: Any) -> list[Json]:
    envelopes = (await slack.get("envelopes", type="events_api"))["envelopes"]
    kept = [e for e in envelopes if e["state"] != "not_subscribed" and not e["retry"]]
    return [e["payload"]["event"] for e in kept]


async def test_somebody_joins_is_renamed_and_leaves_for_good(slack: Any) -> None:
    await slack.do("users", name="nina", real_name="Nina May", is_admin=True)
    await slack.do("users/U0NINA", method="PATCH", real_name="Nina Mai")
    gone = await slack.do("users/U0GRACE", method="PATCH", deleted=True)

    joined, _, renamed, left_group, left = await heard(slack)
    assert (joined["type"], joined["user"]["is_admin"]) == ("team_join", True)
    assert joined["user"]["profile"]["email"] == "nina@devslack.example"
    assert (renamed["type"], renamed["user"]["real_name"]) == ("user_change", "Nina Mai")
    assert (left_group["type"], left_group["removed_users"]) == (
        "subteam_members_changed",
        ["U0GRACE"],
    )
    assert (left["type"], left["user"]["deleted"]) == ("user_change", True)
    assert gone["user"]["deleted"]
    assert (await slack.api("users.info", user="U0GRACE"))["user"]["deleted"]
    members = (await slack.api("conversations.members", channel="C0GENERAL"))["members"]
    assert "U0GRACE" not in members
    typed = await slack.do("messages", as_="U0GRACE", channel="#general", text="still here?")
    assert (typed.status, typed["error"]) == (403, "deactivated")
    assert (await slack.api("conversations.open", users="U0GRACE"))["error"] == "user_disabled"


async def test_a_group_is_made_changed_and_switched_off(slack: Any) -> None:
    made = await slack.do("groups", handle="@ops", name="Operations", users=["U0ADA"])
    name = made["group"]["id"]
    await slack.do(f"groups/{name}", method="PATCH", users=["U0LINUS"])
    with_users = await slack.api("usergroups.list", include_users=True)
    await slack.do(f"groups/{name}", method="PATCH", disabled=True)

    created, changed, updated = await heard(slack)
    assert (created["type"], created["subteam"]["handle"]) == ("subteam_created", "ops")
    assert (changed["added_users"], changed["removed_users"]) == (["U0LINUS"], ["U0ADA"])
    assert updated["subteam"]["date_delete"] > 0
    shown = {g["handle"]: g["users"] for g in with_users["usergroups"]}
    assert shown == {"sre": ["U0GRACE", "U0LINUS"], "ops": ["U0LINUS"]}
    assert "users" not in (await slack.api("usergroups.list"))["usergroups"][0]
    listed = await slack.api("usergroups.users.list", usergroup=name)
    assert listed["error"] == "no_such_subteam"
    assert (await slack.do("groups", handle="sre")).status == 409
    assert (await slack.do("groups", handle="x", users=["U0NOBODY"])).status == 404


async def test_who_asks_without_the_scope_sees_neither_groups_nor_addresses(slack: Any) -> None:
    await slack.do("config", scopes=["users:read"])
    assert (await slack.api("usergroups.list"))["needed"] == "usergroups:read"
    found = await slack.api("users.list")

    assert all("email" not in user["profile"] for user in found["members"])


async def test_leaving_a_channel_is_told(slack: Any) -> None:
    await slack.do("members", channel="#releases", user="U0LINUS", op="leave")
    (event,) = await heard(slack)

    assert (event["type"], event["user"]) == ("member_left_channel", "U0LINUS")


async def test_metadata_of_a_subscribed_app_is_told_by_itself(slack: Any) -> None:
    one = {"event_type": "baton.process", "event_payload": {"id": "1"}}
    two = {"event_type": "baton.process", "event_payload": {"id": "2"}}
    there: Json = {"bot": True, "channel": "#alerts"}
    typed = await slack.do("messages", **there, text="a", metadata=one)
    ts = typed["message"]["ts"]
    await slack.do("messages", method="PATCH", **there, ts=ts, text="b")  # the same metadata
    await slack.do("messages", method="PATCH", **there, ts=ts, text="c", metadata=two)
    await slack.do("messages", method="DELETE", **there, ts=ts)

    posted, updated, deleted = await heard(slack)
    assert (posted["type"], posted["metadata"]) == ("message_metadata_posted", one)
    assert (posted["app_id"], posted["channel_id"], posted["message_ts"]) == (
        "A0OTHER",
        "C0ALERTS",
        ts,
    )
    assert (updated["metadata"], updated["previous_metadata"]) == (two, one)
    assert (deleted["type"], deleted["previous_metadata"]) == ("message_metadata_deleted", two)
    assert deleted["deleted_ts"] == deleted["event_ts"] > ts


async def test_metadata_nobody_subscribed_to_is_not_told_and_the_record_says_why(
    slack: Any,
) -> None:
    foreign = {"event_type": "weather", "event_payload": {}}
    await slack.do("messages", bot=True, channel="#alerts", text="a", metadata=foreign)
    mine = {"event_type": "baton.process", "event_payload": {}}
    await slack.api("chat.postMessage", channel="#alerts", text="b", metadata=mine)

    assert await heard(slack) == []
    kept = (await slack.get("envelopes"))["envelopes"]
    assert [e["why"] for e in kept if e["subtype"] == "message_metadata_posted"] == [
        "metadata_subscriptions of the manifest lack weather of A0OTHER",
        "metadata_subscriptions of the manifest lack baton.process of A0DEVSLACK",
    ]


async def test_metadata_is_in_history_only_when_it_is_asked_for(slack: Any) -> None:
    mine = {"event_type": "x", "event_payload": {"id": "1"}}
    await slack.api("chat.postMessage", channel="C0GENERAL", text="b", metadata=mine)
    plain = await slack.api("conversations.history", channel="C0GENERAL")
    whole = await slack.api("conversations.history", channel="C0GENERAL", include_all_metadata=True)

    assert "metadata" not in plain["messages"][0]
    assert whole["messages"][0]["metadata"] == mine


async def test_a_webhook_posts_as_another_app(slack: Any) -> None:
    made = await slack.do("webhooks", channel="#releases", as_app="Build Reporter")
    path = made["url"].replace(slack.server.url, "")
    metadata = {"event_type": "baton.process", "event_payload": {"id": "build-1"}}
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Started*"}}]
    sent = {"text": "Started", "blocks": blocks, "metadata": metadata}
    reply = await slack.http_call("POST", path, json=sent)

    assert (reply.status, reply.body) == (200, "ok")
    (message,) = await slack.messages("#releases", include="metadata")
    assert (message["plain"], message["metadata"]) == ("*Started*", metadata)
    assert (message["app_id"], message["bot_id"]) == (made["app"]["id"], made["app"]["bot_id"])
    assert message["username"] == "build-reporter"
    again = await slack.do("webhooks", channel="#alerts", as_app="Build Reporter")
    assert again["app"] == made["app"]
    (call,) = (await slack.get("calls", method="webhook"))["calls"]
    assert call["ok"]


WRONG = [
    ("{", 400, "invalid_payload"),
    ("[]", 400, "invalid_payload"),
    ("{}", 400, "no_text"),
    ('{"text":"x","blocks":[{"type":"section"}]}', 400, "invalid_blocks"),
    ('{"text":"x","thread_ts":"1.1"}', 400, "invalid_thread_ts"),
    ('{"text":"x","metadata":5}', 400, "invalid_metadata_format"),
]


@pytest.mark.parametrize(("body", "status", "says"), WRONG)
async def test_a_webhook_refuses_in_plain_text(
    slack: Any, body: str, status: int, says: str
) -> None:
    made = await slack.do("webhooks", channel="#releases")
    path = made["url"].replace(slack.server.url, "")
    reply = await slack.http_call("POST", path, data=body)

    assert (reply.status, reply.body) == (status, says)
    assert await slack.messages("#releases") == []


async def test_a_webhook_of_an_archived_channel_or_none_is_gone(slack: Any) -> None:
    made = await slack.do("webhooks", channel="#releases")
    path = made["url"].replace(slack.server.url, "")
    await slack.do("channels/C0RELEASES", method="PATCH", archived=True)
    archived = await slack.http_call("POST", path, json={"text": "x"})
    unknown = await slack.http_call("POST", "/services/T0/B0/x", json={"text": "x"})

    assert (archived.status, archived.body) == (410, "channel_is_archived")
    assert (unknown.status, unknown.body) == (404, "no_service")


async def test_another_bot_deletes_only_what_is_its_own(slack: Any) -> None:
    posted = await slack.api("chat.postMessage", channel="C0GENERAL", text="mine")
    there: Json = {"bot": True, "channel": "C0GENERAL", "ts": posted["ts"]}
    refused = await slack.do("messages", method="DELETE", **there)

    assert (refused.status, refused["error"]) == (403, "not_author")
    assert len(await slack.messages()) == 1
