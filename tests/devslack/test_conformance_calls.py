"""What the SDK does with an answer, and what Slack's short-lived things do, measured on devslack.

The rows of these tests are in the table of ``docs/reference/devslack.md``.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

Json = dict[str, Any]
POST: dict[str, str] = {"channel": "C0GENERAL", "text": "x"}


@pytest.fixture
async def slack(start: Any) -> Any:
    return await start(clock="virtual")


@pytest.fixture
async def web(slack: Any) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            token=slack.server.keys.bot_token,
            base_url=slack.server.api_url,
            session=session,
            retry_handlers=[],
        )


async def calls(slack: Any, method: str) -> list[int]:
    """Return the status of each call of a method."""
    found = (await slack.get("calls", method=method))["calls"]
    return [call["status"] for call in found]


async def trigger(slack: Any, user: str = "U0ADA") -> str:
    """Return a trigger id as a click gives it; the click itself goes nowhere."""
    name: str = slack.server.emulator.handles.trigger(user)
    return name


# -- answers -------------------------------------------------------------------------------------


async def test_a_429_is_raised_with_its_header_and_not_tried_again(slack: Any, web: Any) -> None:
    await slack.do("chaos", switch="ratelimit_next", args={"retry_after": 30})
    with pytest.raises(SlackApiError) as refused:
        await web.chat_postMessage(**POST)

    answer = refused.value.response
    assert (answer.status_code, answer["error"]) == (429, "ratelimited")
    assert answer.headers["Retry-After"] == "30"
    assert await calls(slack, "chat.postMessage") == [429]
    assert await slack.messages() == []


async def test_the_sdks_own_handler_waits_in_the_caller_and_tries_again(
    slack: Any, web: Any
) -> None:
    web.retry_handlers = [AsyncRateLimitErrorRetryHandler(max_retry_count=1)]
    await slack.do("chaos", switch="ratelimit_next", args={"retry_after": 0})
    await web.chat_postMessage(**POST)

    assert await calls(slack, "chat.postMessage") == [429, 200]
    assert len(await slack.messages()) == 1


@pytest.mark.parametrize("switch", ["api_empty", "api_non_json", "api_503"])
async def test_an_answer_that_is_no_json_is_an_api_error_without_a_code(
    slack: Any, web: Any, switch: str
) -> None:
    await slack.do("chaos", switch=switch)
    with pytest.raises(SlackApiError) as broken:
        await web.chat_postMessage(**POST)

    assert "error" not in (getattr(broken.value.response, "data", None) or {})
    assert await slack.messages() == []


async def test_a_cut_connection_is_the_http_clients_own_error_and_may_be_done(
    slack: Any, web: Any
) -> None:
    await slack.do("chaos", switch="api_reset_after")
    with pytest.raises(aiohttp.ClientError):
        await web.chat_postMessage(**POST)

    assert len(await slack.messages()) == 1  # it was done, and nobody was told


async def test_a_base_url_gets_its_slash_but_no_path(slack: Any) -> None:
    keys = slack.server.keys
    bare = AsyncWebClient(token=keys.bot_token, base_url=slack.server.url)
    me = await bare.auth_test()

    assert (bare.base_url, me["user_id"]) == (slack.server.url + "/", "U0BOTUSER")


async def test_proxy_variables_hijack_loopback(slack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    keys = slack.server.keys
    web = AsyncWebClient(token=keys.bot_token, base_url=slack.server.api_url, proxy="")
    with pytest.raises(aiohttp.ClientProxyConnectionError):
        await web.auth_test()

    assert await calls(slack, "auth.test") == []


# -- what expires --------------------------------------------------------------------------------


async def test_a_trigger_opens_one_modal_within_three_seconds(
    slack: Any, web: Any, modal: Json
) -> None:
    used, late = await trigger(slack), await trigger(slack)
    await web.views_open(trigger_id=used, view=modal)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await web.views_open(trigger_id=used, view=modal)
    await slack.do("clock", advance_s=3.1)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await web.views_open(trigger_id=late, view=modal)
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await web.views_open(trigger_id="1.2.3", view=modal)


async def test_at_most_three_modals_are_on_top_of_each_other(
    slack: Any, web: Any, modal: Json
) -> None:
    await web.views_open(trigger_id=await trigger(slack), view=modal)
    for _ in range(2):
        await web.views_push(trigger_id=await trigger(slack), view=modal)
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await web.views_push(trigger_id=await trigger(slack), view=modal)

    assert len((await slack.get("views", **{"as": "U0ADA"}))["stack"]) == 3


async def test_an_old_hash_is_refused_and_the_view_stays(slack: Any, web: Any, modal: Json) -> None:
    opened = (await web.views_open(trigger_id=await trigger(slack), view=modal))["view"]
    there = {"view_id": opened["id"], "hash": opened["hash"]}
    changed = (await web.views_update(**there, view={**modal, "private_metadata": "2"}))["view"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await web.views_update(**there, view={**modal, "private_metadata": "3"})

    assert changed["hash"] != opened["hash"]
    (shown,) = (await slack.get("views", **{"as": "U0ADA"}))["stack"]
    assert shown["private_metadata"] == "2"


async def test_an_old_hash_of_home_is_refused_too(slack: Any, web: Any) -> None:
    home: Json = {"type": "home", "blocks": []}
    first = (await web.views_publish(user_id="U0ADA", view=home))["view"]
    await web.views_publish(user_id="U0ADA", view=home, hash=first["hash"])
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await web.views_publish(user_id="U0ADA", view=home, hash=first["hash"])


async def test_a_response_url_takes_five_answers(slack: Any, bolt: Any) -> None:
    seen: list[tuple[int, str]] = []

    @bolt.app.command("/baton")
    async def command(ack: Any, respond: Any) -> None:
        await ack()
        for number in range(6):
            answer = await respond(f"answer {number}")
            seen.append((answer.status_code, answer.body))

    await bolt.connect()
    await slack.do("slash", as_="U0ADA", channel="#general", command="/baton", text="x")
    await slack.wait(quiet=60)

    assert seen == [(200, "ok")] * 5 + [(404, '{"ok": false, "error": "used_url"}')]


async def test_a_response_url_lasts_half_an_hour_and_refuses_in_plain_text(
    slack: Any, bolt: Any
) -> None:
    held: list[Any] = []

    @bolt.app.command("/baton")
    async def command(ack: Any, respond: Any) -> None:
        await ack()
        held.append(respond)

    await bolt.connect()
    await slack.do("slash", as_="U0ADA", channel="#general", command="/baton", text="x")
    (respond,) = held
    wrong = await respond(text="x", blocks=[{"type": "section"}])
    await slack.do("clock", advance_s=1799)
    last = await respond("still there")
    await slack.do("clock", advance_s=2)
    gone = await respond("too late")

    assert (wrong.status_code, wrong.body) == (400, "invalid_blocks")
    assert (last.status_code, gone.status_code) == (200, 404)
    assert "expired_url" in gone.body


async def test_respond_returns_a_429_and_raises_nothing(slack: Any, bolt: Any) -> None:
    answers: list[Any] = []

    @bolt.app.command("/baton")
    async def command(ack: Any, respond: Any) -> None:
        await ack()
        answers.append(await respond("x"))

    await bolt.connect()
    await slack.do("chaos", switch="ratelimit_next", args={"method": "response_url"})
    await slack.do("slash", as_="U0ADA", channel="#general", command="/baton", text="x")
    await slack.wait(quiet=60)

    (answer,) = answers
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert await slack.messages(**{"as": "U0ADA", "include": "ephemeral"}) == []


async def test_a_stream_blocks_edits_until_it_is_over(slack: Any, web: Any) -> None:
    root = await web.chat_postMessage(**POST)
    stream = await web.chat_stream(
        channel="C0GENERAL",
        thread_ts=root["ts"],
        recipient_team_id="T0DEVSLACK",
        recipient_user_id="U0ADA",
        buffer_size=1,
    )
    await stream.append(markdown_text="thinking")
    edit = {"channel": "C0GENERAL", "ts": stream.ts, "text": "edited"}
    with pytest.raises(SlackApiError, match="streaming_state_conflict"):
        await web.chat_update(**edit)
    await slack.do("clock", advance_s=300)
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await stream.append(markdown_text="on")
    await web.chat_update(**edit)

    shown = (await slack.messages(thread_ts=root["ts"]))[1]
    assert shown["plain"] == "edited"


async def test_a_status_is_over_after_two_minutes(slack: Any, web: Any) -> None:
    root = await web.chat_postMessage(**POST)
    there = {"channel_id": "C0GENERAL", "thread_ts": root["ts"]}
    await web.assistant_threads_setStatus(**there, status="is thinking…")
    await slack.do("clock", advance_s=119)
    still = await slack.get("messages", channel="C0GENERAL", thread_ts=root["ts"])
    await slack.do("clock", advance_s=2)
    over = await slack.get("messages", channel="C0GENERAL", thread_ts=root["ts"])

    assert (still["status"]["status"], "status" in over.body) == ("is thinking…", False)


# -- what is refused -----------------------------------------------------------------------------


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


BLOCKS: list[tuple[list[Json], str]] = [
    ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([section("x")] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ([{"type": "nope"}], "unsupported type: nope [json-pointer:/blocks/0/type]"),
    ([{"type": "section"}], "must define either `text` or `fields` [json-pointer:/blocks/0]"),
    ([{"type": "header"}], "missing required field: text [json-pointer:/blocks/0]"),
]


@pytest.mark.parametrize(("blocks", "says"), BLOCKS)
async def test_bad_blocks_are_named_by_a_pointer(
    slack: Any, web: Any, blocks: list[Json], says: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        await web.chat_postMessage(**POST, blocks=blocks)

    answer = refused.value.response
    assert answer["error"] == "invalid_blocks"
    assert says in answer["errors"]
    assert f"[ERROR] {says}" in answer["response_metadata"]["messages"]
    assert await slack.messages() == []


async def test_a_bad_view_is_invalid_arguments_with_pointers_below_view(
    slack: Any, web: Any, modal: Json
) -> None:
    del modal["submit"]
    with pytest.raises(SlackApiError) as refused:
        await web.views_open(trigger_id=await trigger(slack), view=modal)

    answer = refused.value.response
    assert (answer["error"], "errors" in answer.data) == ("invalid_arguments", False)
    assert "must define `submit` to use an `input` block in modals" in str(
        answer["response_metadata"]["messages"]
    )
    assert "/view/blocks/0" in str(answer["response_metadata"]["messages"])


async def test_text_is_cut_when_posted_and_refused_when_edited(slack: Any, web: Any) -> None:
    posted = await web.chat_postMessage(channel="C0GENERAL", text="x" * 40_001)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await web.chat_update(channel="C0GENERAL", ts=posted["ts"], text="y" * 4001)

    assert posted["warning"] == "message_truncated"
    assert len((await slack.messages())[0]["text"]) == 40_000


async def test_a_missing_scope_says_what_was_needed(slack: Any, web: Any) -> None:
    with pytest.raises(SlackApiError) as refused:
        await web.usergroups_list()

    assert refused.value.response["error"] == "missing_scope"
    assert refused.value.response["needed"] == "usergroups:read"


async def test_a_click_on_home_carries_no_channel_and_no_response_url(
    slack: Any, bolt: Any
) -> None:
    bodies: list[Json] = []

    @bolt.app.action("go")
    async def pressed(ack: Any, body: Json) -> None:
        await ack()
        bodies.append(body)

    await bolt.connect()
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "elements": [button]}]
    opened = await bolt.web.views_publish(user_id="U0ADA", view={"type": "home", "blocks": blocks})
    await slack.do("click", as_="U0ADA", view_id=opened["view"]["id"], action_id="go")
    await asyncio.sleep(0)

    (body,) = bodies
    assert {"channel", "message", "response_url"} & set(body) == set()
    assert (body["user"]["id"], body["view"]["type"]) == ("U0ADA", "home")


async def test_a_mention_is_two_events_with_ids_of_their_own(slack: Any, bolt: Any) -> None:
    heard: list[tuple[str, str]] = []

    @bolt.app.event("app_mention")
    async def mention(body: Json) -> None:
        heard.append((body["event"]["type"], body["event_id"]))

    @bolt.app.event("message")
    async def message(body: Json) -> None:
        heard.append((body["event"]["type"], body["event_id"]))

    await bolt.connect()
    await slack.do("messages", as_="U0ADA", channel="#general", text="@baton hi")
    await slack.wait(quiet=30)

    assert {kind for kind, _ in heard} == {"app_mention", "message"}
    assert len({name for _, name in heard}) == 2
