"""Modals with a real Bolt app: opening, the page's own checks, what the app may answer, closing."""

import asyncio
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

Json = dict[str, Any]


@pytest.fixture
async def opened(slack: Any, bolt: Any, modal: Json) -> Json:
    """A modal that Ada opened by a global shortcut; what was submitted and closed is noted."""
    notes: Json = {"submitted": [], "closed": [], "answer": {}}

    @bolt.app.shortcut("baton_start_run")
    async def start(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal)

    @bolt.app.view("reason")
    async def submitted(ack: Any, body: Json) -> None:
        notes["submitted"].append(body)
        await ack(**notes["answer"])

    @bolt.app.view_closed("reason")
    async def closed(ack: Any, body: Json) -> None:
        notes["closed"].append(body)
        await ack()

    await bolt.connect()
    done = await slack.do("shortcut", as_="U0ADA", callback_id="baton_start_run")
    assert done["ack"]["state"] == "acked"
    found = await slack.wait(view={"as": "U0ADA", "callback_id": "reason"})
    notes["id"] = found["view"]["id"]
    return notes


async def submit(slack: Any, view: str, text: str = "a good reason") -> Any:
    return await slack.do(f"views/{view}/submit", as_="U0ADA", values={"why": {"text": text}})


async def test_a_modal_is_submitted_with_its_values_and_closes(slack: Any, opened: Json) -> None:
    done = await submit(slack, opened["id"])

    assert done["ack"]["state"] == "acked"
    assert done["view"] is None
    (body,) = opened["submitted"]
    assert body["view"]["private_metadata"] == "ap.1"
    assert body["view"]["state"]["values"] == {
        "why": {"text": {"type": "plain_text_input", "value": "a good reason"}},
        "who": {"user": {"type": "users_select", "selected_user": None}},
    }
    assert (await slack.get("views", **{"as": "U0ADA"}))["stack"] == []


@pytest.mark.parametrize("text", ["", "no"])
async def test_the_page_itself_objects_first_and_the_app_hears_nothing(
    slack: Any, opened: Json, text: str
) -> None:
    done = await submit(slack, opened["id"], text)

    assert (done.status, done["error"]) == (422, "invalid_input")
    assert set(done["errors"]) == {"why"}
    assert opened["submitted"] == []


async def test_the_apps_errors_stand_under_the_field_and_the_modal_stays(
    slack: Any, opened: Json
) -> None:
    opened["answer"] = {"response_action": "errors", "errors": {"why": "Too vague."}}
    done = await submit(slack, opened["id"])
    assert done["view"]["errors"] == {"why": "Too vague."}

    opened["answer"] = {}
    done = await slack.do(
        f"views/{opened['id']}/submit", as_="U0ADA"
    )  # what was typed is still there
    assert done["view"] is None
    assert (
        opened["submitted"][1]["view"]["state"]["values"]["why"]["text"]["value"] == "a good reason"
    )


BAD_ANSWERS = [
    {"response_action": "errors", "errors": {"nowhere": "x"}},
    {"response_action": "update", "view": {"type": "modal", "blocks": []}},
    {"response_action": "dance"},
]


@pytest.mark.parametrize("answer", BAD_ANSWERS)
async def test_an_answer_slack_does_not_take_leaves_the_modal_with_a_notice(
    slack: Any, opened: Json, answer: Json
) -> None:
    opened["answer"] = answer
    done = await submit(slack, opened["id"])

    assert done["ack"]["state"] == "refused"
    assert done["ack"]["problem"]
    assert done["view"]["notice"] == "We had some trouble connecting. Try again?"


async def test_an_app_may_update_push_and_clear(slack: Any, opened: Json, modal: Json) -> None:
    second = {**modal, "callback_id": "reason", "title": {"type": "plain_text", "text": "Second"}}
    opened["answer"] = {"response_action": "update", "view": second}
    done = await submit(slack, opened["id"])
    assert (done["view"]["id"], done["view"]["title"]["text"]) == (opened["id"], "Second")

    opened["answer"] = {"response_action": "push", "view": modal}
    await submit(slack, opened["id"])
    stack = (await slack.get("views", **{"as": "U0ADA"}))["stack"]
    assert [v["root_view_id"] for v in stack] == [opened["id"]] * 2
    assert stack[1]["previous_view_id"] == opened["id"]
    below = await submit(slack, opened["id"])
    assert (below.status, below["error"]) == (409, "not_on_top")

    opened["answer"] = {"response_action": "clear"}
    await submit(slack, stack[1]["id"])
    assert (await slack.get("views", **{"as": "U0ADA"}))["stack"] == []


async def test_closing_is_told_to_an_app_that_asked_for_it(slack: Any, opened: Json) -> None:
    done = await slack.do(f"views/{opened['id']}/close", as_="U0ADA")

    assert done["ack"]["state"] == "acked"
    (body,) = opened["closed"]
    assert (body["view"]["id"], body["is_cleared"]) == (opened["id"], False)
    gone = await submit(slack, opened["id"])
    assert (gone.status, gone["error"]) == (404, "view_not_found")


async def test_nobody_else_can_submit_it(slack: Any, opened: Json) -> None:
    done = await slack.do(f"views/{opened['id']}/submit", as_="U0MALLORY", values={})

    assert (done.status, done["error"]) == (403, "not_visible_to_user")
    assert opened["submitted"] == []


async def test_values_a_view_does_not_have_are_refused(slack: Any, opened: Json) -> None:
    done = await slack.do(f"views/{opened['id']}/submit", as_="U0ADA", values={"odd": {"x": "y"}})

    assert (done.status, done["error"]) == (404, "no_such_element")
    assert "why/text" in done["detail"]


async def test_an_app_that_does_not_answer_leaves_a_notice(
    slack: Any, bolt: Any, modal: Json
) -> None:
    @bolt.app.shortcut("baton_start_run")
    async def start(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal)

    @bolt.app.view("reason")
    async def submitted() -> None:
        await asyncio.sleep(0.2)

    await bolt.connect()
    await slack.do("shortcut", as_="U0ADA", callback_id="baton_start_run")
    view = (await slack.wait(view={"as": "U0ADA"}))["view"]["id"]
    await slack.do("config", ack_timeout_ms=50)
    done = await submit(slack, view)

    assert done["ack"]["state"] == "timeout"
    assert done["view"]["notice"]


async def test_a_trigger_expires_and_is_good_once(start: Any, modal: Json) -> None:
    slack = await start(clock="virtual")
    handles = slack.server.emulator.handles
    used, late = handles.trigger("U0ADA"), handles.trigger("U0ADA")

    assert (await slack.api("views.open", trigger_id=used, view=modal))["ok"]
    again = await slack.api("views.open", trigger_id=used, view=modal)
    await slack.do("clock", advance_s=4)
    expired = await slack.api("views.open", trigger_id=late, view=modal)
    forged = await slack.api("views.open", trigger_id="1.2.3", view=modal)

    errors = [again["error"], expired["error"], forged["error"]]
    assert errors == ["exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id"]


async def test_a_bad_view_does_not_use_the_trigger_up(slack: Any, modal: Json) -> None:
    trigger = slack.server.emulator.handles.trigger("U0ADA")
    bad = await slack.api("views.open", trigger_id=trigger, view={**modal, "submit_disabled": True})

    assert bad["error"] == "invalid_arguments"
    assert bad["response_metadata"]["messages"] == [
        "[ERROR] failed to match all allowed schemas [json-pointer:/view]",
        "[ERROR] invalid additional property: submit_disabled [json-pointer:/view]",
    ]
    assert (await slack.api("views.open", trigger_id=trigger, view=modal))["ok"]


async def test_a_view_is_updated_by_id_with_the_hash_it_had(slack: Any, modal: Json) -> None:
    handles = slack.server.emulator.handles
    view = (await slack.api("views.open", trigger_id=handles.trigger("U0ADA"), view=modal))["view"]
    good = await slack.api("views.update", view_id=view["id"], hash=view["hash"], view=modal)
    stale = await slack.api("views.update", view_id=view["id"], hash=view["hash"], view=modal)
    nobody = await slack.api("views.update", view_id="V0", view=modal)
    both = await slack.api("views.update", view_id="V0", external_id="x", view=modal)

    assert good["ok"]
    assert [r["error"] for r in (stale, nobody, both)] == [
        "hash_conflict",
        "not_found",
        "invalid_arguments",
    ]


async def test_at_most_three_views_are_stacked(slack: Any, modal: Json) -> None:
    handles = slack.server.emulator.handles
    await slack.api("views.open", trigger_id=handles.trigger("U0ADA"), view=modal)
    pushed = [
        await slack.api("views.push", trigger_id=handles.trigger("U0ADA"), view=modal)
        for _ in range(3)
    ]
    assert [p.body.get("error") for p in pushed] == [None, None, "push_limit_reached"]
    alone = await slack.api("views.push", trigger_id=handles.trigger("U0SAM"), view=modal)
    assert alone["error"] == "not_found"


async def test_home_is_published_opened_and_clicked(
    slack: Any, bolt: Any, card: list[Json]
) -> None:
    clicks: list[Json] = []

    @bolt.app.event("app_home_opened")
    async def home(event: Json, client: Any) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": card})

    @bolt.app.action("yes")
    async def yes(ack: Any, body: Json) -> None:
        await ack()
        clicks.append(body)

    await bolt.connect()
    await slack.do("home", as_="U0ADA", tab="home")
    await slack.wait(call={"method": "views.publish", "ok": True})
    view = (await slack.get("views", home="1", **{"as": "U0ADA"}))["home"]
    await slack.do("click", as_="U0ADA", view_id=view["id"], action_id="yes")

    (body,) = clicks
    assert body["view"]["type"] == "home"
    assert "channel" not in body
    assert "response_url" not in body
    with pytest.raises(SlackApiError, match="user_not_found"):
        await bolt.web.views_publish(user_id="U0NOBODY", view={"type": "home", "blocks": []})
