"""The page of the local Slack, driven by hand, with a real app behind it."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.cards import CONFIRM, MODAL, button, card

Json = dict[str, Any]


def channel(page: Page) -> Any:
    return page.locator(".pane.channel")


def thread(page: Page) -> Any:
    return page.locator(".pane.thread")


def typed(page: Page, field: str, text: str) -> None:
    page.get_by_label(field).fill(text)
    page.get_by_label(field).press("Enter")


def test_what_one_person_types_the_others_see_and_count(open_page: Any, slack: Any) -> None:
    ada = open_page(slack.address("U0ADA", "#releases"))
    grace = open_page(slack.address("U0GRACE", "#general"))
    row = grace.locator(".sidebar").get_by_role("button", name=re.compile("releases"))
    expect(row).not_to_have_class("fresh")

    typed(ada, "Message #releases", "*Now* it is <b>out</b>, @grace :tada:")

    expect(channel(ada).locator("strong", has_text="Now")).to_be_visible()
    expect(row).to_have_class("fresh")
    expect(row.locator(".count")).to_have_text("1")
    row.click()
    expect(channel(grace)).to_contain_text("Now it is <b>out</b>, @grace 🎉")
    expect(row.locator(".count")).to_have_count(0)
    own = ada.locator(".sidebar").get_by_role("button", name=re.compile("releases"))
    expect(own).not_to_have_class("fresh")


def test_a_reply_stays_in_its_thread(open_page: Any, slack: Any) -> None:
    slack.says("U0ADA", "The build is red")
    page = open_page(slack.address())
    channel(page).locator("article").hover()
    page.get_by_role("button", name="Reply in a thread").click()

    typed(page, "Reply…", "I am looking")

    expect(thread(page).locator("article")).to_have_count(2)
    expect(channel(page).get_by_role("button", name=re.compile("1 reply"))).to_be_visible()
    expect(channel(page).locator("article")).to_have_count(1)
    thread(page).get_by_role("button", name="Close the thread").click()
    expect(thread(page)).to_have_count(0)
    channel(page).get_by_role("button", name=re.compile("1 reply")).click()
    expect(thread(page)).to_contain_text("I am looking")


def test_a_click_reaches_the_app_and_the_card_changes(
    open_page: Any, slack: Any, bolt: Any
) -> None:
    pressed: list[Json] = []

    @bolt.app.action("yes")
    def yes(ack: Any, body: Json, client: Any) -> None:
        pressed.append(body)
        ack()
        answered = card(button("Undo", "undo"), text=f"Approved by <@{body['user']['id']}>")
        client.chat_update(channel="C0GENERAL", ts=body["message"]["ts"], blocks=answered, text="!")

    two = (button("Approve", "yes", value="a"), button("Approve later", "yes-later", value="b"))
    bolt.post(text="?", blocks=card(*two))
    page = open_page(slack.address())

    page.get_by_role("button", name="Approve", exact=True).click()

    expect(channel(page)).to_contain_text("Approved by @grace")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    expect(page.locator(".trouble")).to_have_count(0)
    (body,) = pressed
    assert (body["user"]["id"], body["actions"][0]["value"]) == ("U0GRACE", "a")


def test_a_button_that_the_app_does_not_ack_gets_a_mark(
    open_page: Any, slack: Any, bolt: Any
) -> None:
    slack.do("config", ack_timeout_ms=300)
    late: list[Any] = []

    @bolt.app.action("slow")
    def slow(ack: Any) -> None:
        late.append(ack)  # and never calls it

    bolt.post(text="?", blocks=card(button("Slow", "slow"), button("Other", "other")))
    page = open_page(slack.address())
    page.get_by_role("button", name="Slow").click()

    expect(page.locator(".element", has_text="Slow").locator(".trouble")).to_be_visible()
    expect(page.locator(".element", has_text="Other").locator(".trouble")).to_have_count(0)
    expect(page.get_by_role("button", name="Slow")).to_have_attribute("aria-busy", "false")
    assert len(late) == 1


def test_a_no_in_the_confirm_dialog_sends_nothing(open_page: Any, slack: Any, bolt: Any) -> None:
    cancelled: list[str] = []

    @bolt.app.action("cancel")
    def cancel(ack: Any, body: Json) -> None:
        ack()
        cancelled.append(body["user"]["id"])

    bolt.post(text="?", blocks=card(button("Cancel", "cancel", confirm=CONFIRM)))
    page = open_page(slack.address("U0LINUS"))
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog", name="Cancel it?")).to_contain_text("stays done")
    page.get_by_role("button", name="Let it run").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert slack.deliveries("interactive") == []

    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the run").click()
    until = time.monotonic() + 10
    while not cancelled and time.monotonic() < until:
        slack.do("wait", until={"quiet": 100}, timeout_ms=5000)
    assert cancelled == ["U0LINUS"]


@pytest.fixture
def asking(bolt: Any) -> list[Json]:
    """An app that opens a modal, refuses a short reason, and keeps what it was told."""
    told: list[Json] = []

    @bolt.app.action("no")
    def no(ack: Any, body: Json, client: Any) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @bolt.app.view("reason")
    def reason(ack: Any, view: Json) -> None:
        values = view["state"]["values"]
        told.append(values)
        if len(values["why"]["text"]["value"]) < 5:
            ack(response_action="errors", errors={"why": "Say a little more."})
        else:
            ack()

    bolt.post(text="?", blocks=card(button("Reject…", "no", style="danger")))
    return told


def test_a_modal_is_filled_in_refused_and_sent(
    open_page: Any, slack: Any, asking: list[Json]
) -> None:
    page = open_page(slack.address())
    page.get_by_role("button", name="Reject…").click()
    modal = page.get_by_role("dialog", name="Reject")
    expect(modal.get_by_label("Why?")).to_be_focused()

    modal.get_by_role("button", name="Send").click()
    expect(modal).to_contain_text("Please complete this required field.")
    assert asking == []

    modal.get_by_label("Why?").fill("no")
    modal.get_by_label("Until").select_option("friday")
    modal.get_by_role("button", name="Send").click()
    expect(modal).to_contain_text("Say a little more.")
    expect(modal.get_by_label("Why?")).to_have_value("no")

    modal.get_by_label("Why?").fill("the freeze ends on Friday")
    modal.get_by_role("button", name="Send").click()
    expect(modal).to_have_count(0)
    last = asking[-1]
    assert last["why"]["text"]["value"] == "the freeze ends on Friday"
    assert last["until"]["day"]["selected_option"]["value"] == "friday"


def test_a_modal_that_is_closed_sends_nothing(
    open_page: Any, slack: Any, asking: list[Json]
) -> None:
    page = open_page(slack.address())
    page.get_by_role("button", name="Reject…").click()
    page.get_by_label("Why?").fill("half a thought")
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert slack.get("views", **{"as": "U0GRACE"})["stack"] == []
    assert asking == []


def test_a_command_is_completed_and_its_answer_is_private(
    open_page: Any, slack: Any, bolt: Any
) -> None:
    asked: list[str] = []

    @bolt.app.command("/baton")
    def baton(ack: Any, command: Json) -> None:
        asked.append(command["text"])
        ack("R-3 waits for *you*")

    ada = open_page(slack.address("U0ADA"))
    page = open_page(slack.address())
    field = page.get_by_label("Message #general")
    field.fill("/ba")
    expect(page.get_by_role("option", name="/baton")).to_be_visible()
    field.press("Tab")
    expect(field).to_have_value("/baton ")
    field.press_sequentially("status last")
    field.press("Enter")

    private = page.locator("article.private")
    expect(private).to_contain_text("Only visible to you")
    expect(private).to_contain_text("R-3 waits for you")
    assert asked == ["status last"]
    slack.do("wait", until={"quiet": 100}, timeout_ms=5000)
    expect(ada.locator("article")).to_have_count(0)


def test_a_command_in_a_thread_is_refused_with_the_reason(
    open_page: Any, slack: Any, bolt: Any
) -> None:
    ts = slack.says("U0ADA", "The build is red")
    page = open_page(slack.address(thread=ts))
    typed(page, "Reply…", "/baton status")
    expect(thread(page).get_by_role("alert")).to_contain_text("not supported in threads")
    typed(page, "Message #general", "/botan status")
    expect(channel(page).get_by_role("alert")).to_contain_text("There are: /baton")

    assert slack.deliveries("slash_commands") == []


def test_the_thread_that_waits_opens_by_itself_once(open_page: Any, slack: Any, bolt: Any) -> None:
    quiet = bolt.post(text="A build", blocks=card(button("Cancel", "cancel")))
    bolt.post(text="done", thread_ts=quiet)
    page = open_page(slack.address(thread="waiting"))
    expect(channel(page).get_by_role("button", name=re.compile("1 reply"))).to_be_visible()
    expect(thread(page)).to_have_count(0)

    asked = bolt.post(text="Another build")
    bolt.post(text="?", thread_ts=asked, blocks=card(button("Approve", "yes")))
    approve = thread(page).get_by_role("button", name="Approve")
    expect(approve).to_be_in_viewport()
    thread(page).get_by_role("button", name="Close the thread").click()
    bolt.post(text="?", thread_ts=quiet, blocks=card(button("Approve", "yes")))
    expect(channel(page).get_by_role("button", name=re.compile("2 replies"))).to_be_visible()
    expect(thread(page)).to_have_count(0)


def test_what_cannot_be_drawn_is_shown_as_it_came(open_page: Any, slack: Any, bolt: Any) -> None:
    picture = {"type": "image", "image_url": "https://elsewhere.example/a.png", "alt_text": "chart"}
    bolt.post(text="?", blocks=[{"type": "markdown", "text": "# Plan"}, picture])
    page = open_page(slack.address())
    page.get_by_text("not drawn: markdown").click()

    expect(page.locator(".unknown pre")).to_contain_text("# Plan")
    expect(page.get_by_role("link", name="chart")).to_be_visible()
    expect(page.locator("img")).to_have_count(0)


def test_a_plan_is_a_line_for_each_task_with_its_sign(
    open_page: Any, slack: Any, bolt: Any
) -> None:
    tasks = [
        {"task_id": "1", "title": "Unit tests", "status": "complete"},
        {"task_id": "2", "title": "Deploy <b>", "status": "in_progress"},
        {"task_id": "3", "title": "Tell", "status": "pending"},
    ]
    bolt.post(text="?", blocks=[{"type": "plan", "title": "R-1 Release", "tasks": tasks}])
    page = open_page(slack.address())

    lines = channel(page).locator(".plan li")
    expect(lines).to_have_text(["✓Unit tests", "◔Deploy <b>", "○Tell"])
    expect(channel(page).get_by_role("img", name="under way")).to_be_visible()
    expect(channel(page).locator(".unknown")).to_have_count(0)
    channel(page).get_by_text("R-1 Release").click()
    expect(lines.first).to_be_hidden()


def test_the_inspector_shows_what_went_back_and_forth(
    open_page: Any, slack: Any, bolt: Any
) -> None:
    slack.http.post(
        slack.facts["api_url"] + "chat.postMessage",
        json={"channel": "C0GENERAL", "blocks": [{"type": "section"}]},
        headers={"authorization": f"Bearer {slack.facts['bot_token']}"},
    )
    page = open_page(slack.address())
    inspector = page.get_by_role("region", name="Inspector")
    expect(inspector.locator(".log")).to_have_count(0)
    inspector.get_by_role("button", name="Inspector").click()
    inspector.get_by_label("Filter").fill("postMessage")
    row = inspector.locator("summary")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("invalid_blocks")
    row.click()

    expect(inspector).to_contain_text("must define either `text` or `fields`")
    expect(inspector).not_to_contain_text(slack.facts["bot_token"])


def test_one_becomes_somebody_else(open_page: Any, slack: Any) -> None:
    page = open_page(slack.address("U0GRACE", "#general"))
    expect(page.get_by_role("button", name=re.compile("secops"))).to_be_visible()
    page.get_by_label("Who you are").select_option("U0SAM")

    expect(page.get_by_role("button", name=re.compile("secops"))).to_have_count(0)
    typed(page, "Message #general", "hello")
    expect(channel(page).locator("article")).to_contain_text("Sam Visitor")
    assert "as=U0SAM" in page.url


def test_a_workspace_that_was_reset_is_loaded_again(open_page: Any, slack: Any) -> None:
    page = open_page(slack.address())
    slack.says("U0ADA", "before")
    expect(channel(page)).to_contain_text("before")

    slack.do("reset")

    expect(channel(page)).to_contain_text("Nothing has been said")
    slack.says("U0ADA", "after")
    expect(channel(page).locator("article")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read_and_used_in(
    scheme: str,
    open_page: Any,
    slack: Any,
    asking: list[Json],
    violations: Callable[[Page], list[str]],
    picture: Any,
) -> None:
    slack.says("U0ADA", "> quoted\n`code`, a <https://x.example|link>, and @grace")
    root = slack.says("U0LINUS", "A thread")
    slack.says("U0ADA", "with a reply", thread_ts=root)
    page = open_page(slack.address(thread=root), color_scheme=scheme)
    expect(thread(page)).to_contain_text("with a reply")
    luminance = page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3)"
        ".reduce((sum, part) => sum + Number(part), 0)"
    )
    assert (luminance < 150) == (scheme == "dark")
    picture(page, f"slack-{scheme}")
    assert violations(page) == []

    page.get_by_role("button", name="Reject…").click()
    expect(page.get_by_label("Why?")).to_be_focused()
    assert violations(page) == []


def test_a_card_is_answered_without_a_mouse(open_page: Any, slack: Any, asking: list[Json]) -> None:
    page = open_page(slack.address())
    expect(page.get_by_role("button", name="Reject…")).to_be_visible()
    page.get_by_role("log").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Reject…":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_label("Why?")).to_be_focused()
    page.keyboard.type("no deploys today")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [told["why"]["text"]["value"] for told in asking] == ["no deploys today"]
