"""Which events the app hears, and what they say."""

from typing import Any

import pytest

Json = dict[str, Any]


async def kept(slack: Any) -> list[Json]:
    found: list[Json] = (await slack.get("envelopes", type="events_api"))["envelopes"]
    return found


def due(envelopes: list[Json]) -> list[Json]:
    """Return the events of envelopes that were to be sent; nobody is connected in these tests."""
    return [
        e["payload"]["event"]
        for e in envelopes
        if e["state"] != "not_subscribed" and not e["retry"]
    ]


async def test_edits_and_deletes_are_hidden_message_events(slack: Any) -> None:
    typed = await slack.do("messages", as_="U0ADA", channel="#general", text="one")
    where: Json = {"as_": "U0ADA", "channel": "#general", "ts": typed["message"]["ts"]}
    await slack.do("messages", method="PATCH", **where, text="two")
    await slack.do("messages", method="DELETE", **where)

    posted, changed, deleted = due(await kept(slack))
    assert (posted["text"], "subtype" in posted) == ("one", False)
    assert (changed["subtype"], changed["hidden"]) == ("message_changed", True)
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("two", "one")
    assert changed["message"]["edited"]["user"] == "U0ADA"
    assert (deleted["subtype"], deleted["deleted_ts"]) == (
        "message_deleted",
        typed["message"]["ts"],
    )
    assert deleted["ts"] > changed["ts"] > posted["ts"]


async def test_the_apps_own_posts_come_back(slack: Any) -> None:
    await slack.api("chat.postMessage", channel="C0GENERAL", text="mine <@U0BOTUSER>")

    (event,) = due(await kept(slack))  # and no app_mention of itself
    assert (event["type"], event["bot_id"], event["app_id"]) == (
        "message",
        "B0DEVSLACK",
        "A0DEVSLACK",
    )


async def test_another_bot_has_its_own_bot_id_and_its_metadata_travels(slack: Any) -> None:
    metadata = {"event_type": "pager", "event_payload": {"id": "1"}}
    await slack.do("messages", bot=True, channel="#alerts", text="down", metadata=metadata)

    (event,) = due(await kept(slack))
    assert (event["bot_id"], event["metadata"]) == ("B0OTHER", metadata)


async def test_where_the_app_is_not_it_hears_nothing_and_the_record_says_why(slack: Any) -> None:
    await slack.do("messages", as_="U0GRACE", channel="#secops", text="@baton hush")
    await slack.do("config", scopes=["im:history"])
    await slack.do("messages", as_="U0GRACE", channel="#general", text="no scope")
    await slack.do(
        "reactions",
        as_="U0GRACE",
        channel="#general",
        ts=(await slack.messages())[0]["ts"],
        name="eyes",
    )

    assert due(await kept(slack)) == []
    assert [e["why"] for e in await kept(slack)] == [
        "the app is not in #secops",
        "the app is not in #secops",
        "the scope channels:history is not granted",
        "the manifest does not subscribe to reaction_added",
    ]


async def test_joining_archiving_and_renaming_are_told(slack: Any) -> None:
    await slack.do("members", channel="#secops", user="U0BOTUSER", op="join")
    await slack.do("channels/C0ALERTS", method="PATCH", archived=True)
    await slack.do("channels/C0RELEASES", method="PATCH", name="ships", topic="boats")

    joined, archived, renamed = due(await kept(slack))
    assert (joined["type"], joined["user"], joined["channel_type"]) == (
        "member_joined_channel",
        "U0BOTUSER",
        "G",
    )
    assert (archived["type"], archived["channel"]) == ("channel_archive", "C0ALERTS")
    assert (renamed["type"], renamed["channel"]["name"]) == ("channel_rename", "ships")
    assert (await slack.api("chat.postMessage", channel="C0ALERTS", text="x"))[
        "error"
    ] == "is_archived"


async def test_a_broadcast_reply_says_so(slack: Any) -> None:
    root = (await slack.do("messages", as_="U0ADA", channel="#general", text="root"))["message"][
        "ts"
    ]
    await slack.do(
        "messages", as_="U0SAM", channel="#general", text="loud", thread_ts=root, broadcast=True
    )

    _, event = due(await kept(slack))
    assert (event["subtype"], event["thread_ts"], event["root"]["text"]) == (
        "thread_broadcast",
        root,
        "root",
    )
    assert event["parent_user_id"] == "U0ADA"


async def test_an_event_can_be_sent_again(slack: Any) -> None:
    await slack.do("messages", as_="U0ADA", channel="#general", text="one")
    first = (await kept(slack))[0]
    again = await slack.do("redeliver", event_id=first["event_id"])

    assert again["ack"]["state"] == "none_connected"
    assert {e["event_id"] for e in await kept(slack)} == {first["event_id"]}
    assert (await slack.do("redeliver", event_id="Ev0")).status == 404


@pytest.mark.parametrize("tab", ["home", "messages"])
async def test_opening_the_app_is_told_once(slack: Any, tab: str) -> None:
    await slack.do("home", as_="U0ADA", tab=tab)

    (event,) = due(await kept(slack))
    assert (event["type"], event["tab"], event["user"]) == ("app_home_opened", tab, "U0ADA")
    assert event["channel"].startswith("D")


async def test_the_manifest_decides_what_is_heard(slack: Any) -> None:
    manifest = (await slack.get("manifest"))["manifest"]
    manifest["settings"]["event_subscriptions"]["bot_events"] = ["app_mention"]
    assert (await slack.do("manifest", method="PUT", **manifest))["ok"]
    await slack.do("messages", as_="U0ADA", channel="#general", text="@baton hi")

    assert [e["type"] for e in due(await kept(slack))] == ["app_mention"]
    bad = await slack.do("manifest", method="PUT", display_information={"name": "x"})
    assert (bad.status, bad["error"]) == (422, "invalid_manifest")
    assert (await slack.get("manifest"))["manifest"] == manifest
