"""The demo as its visitor sees it: the local Slack in a frame, and the run beside it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect


def slack(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def thread(page: Page) -> Any:
    return slack(page).locator(".pane.thread")


def step(page: Page, path: str) -> Any:
    return page.locator(f".steps [data-path={path}]")


def word(page: Page) -> Any:
    return page.locator(".title .word")


def waits(page: Page) -> None:
    """Wait until the newest run asks the visitor, in the timeline and in the thread."""
    expect(word(page)).to_have_text("Needs you", timeout=30_000)
    expect(thread(page).get_by_role("button", name="Approve")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_visitor_sees_at_once_what_waits_for_them_in(
    scheme: str, visit: Any, violations: Callable[[Any], list[str]], picture: Any
) -> None:
    page = visit(color_scheme=scheme)
    waits(page)

    expect(thread(page).get_by_role("button", name="Approve")).to_be_in_viewport()
    expect(step(page, "gate")).to_have_attribute("data-status", "waiting")
    expect(step(page, "deploy")).to_have_attribute("data-status", "pending")
    picture(page, f"demo-{scheme}")
    assert violations(page) == []
    assert violations(page.frames[1]) == []


def test_an_approval_moves_the_thread_and_the_timeline(visit: Any, picture: Any) -> None:
    page = visit()
    waits(page)
    expect(page.locator(".checklist .done")).to_have_count(0)

    thread(page).get_by_role("button", name="Approve").click()

    expect(word(page)).to_have_text("Succeeded", timeout=30_000)
    for path in ("gate", "deploy", "verify", "summary"):
        expect(step(page, path)).to_have_attribute("data-status", "completed")
    expect(thread(page)).to_contain_text(re.compile("Approved by @grace"))
    expect(thread(page)).to_contain_text(re.compile("Released .* deployed and verified"))
    expect(thread(page).get_by_role("button", name="Approve")).to_have_count(0)
    expect(page.locator(".checklist .done")).to_have_count(1)
    picture(page, "demo-done")


def test_a_rejection_with_a_reason_is_never_deployed(visit: Any, demo: Any) -> None:
    demo.build(101)
    page = visit()
    waits(page)
    thread(page).get_by_text("Reject…").click()
    modal = slack(page).get_by_role("dialog")
    modal.get_by_role("textbox").fill("the freeze ends on Monday")
    modal.get_by_role("button", name="Reject", exact=True).click()

    expect(word(page)).to_have_text("Rejected", timeout=30_000)
    expect(thread(page)).to_contain_text("the freeze ends on Monday")
    expect(modal).to_have_count(0)
    expect(step(page, "gate")).to_have_attribute("data-status", "failed")
    expect(step(page, "deploy")).not_to_have_attribute("data-status", "completed")
    expect(thread(page).get_by_text("Released")).to_have_count(0)
    page.get_by_role("tab", name="Approvals").click()
    expect(page.locator(".cards li").first).to_contain_text("the freeze ends on Monday")


def test_a_command_says_what_the_page_says(visit: Any, demo: Any) -> None:
    demo.build(102)
    page = visit()
    waits(page)
    sentence = page.locator("p.waiting").inner_text()
    field = slack(page).get_by_label("Message #releases")
    field.fill("/baton status last")
    field.press("Enter")

    private = slack(page).locator("article.private")
    expect(private).to_contain_text("Only visible to you")
    expect(private).to_contain_text(sentence)
    expect(private).to_have_count(1)


def test_a_command_opens_a_form_and_closing_it_starts_nothing(visit: Any, demo: Any) -> None:
    page = visit()
    before = demo.http.get("/v1/runs").json()["runs"]
    field = slack(page).get_by_label("Message #releases")
    field.fill("/baton start automated_testing_pipeline")
    field.press("Enter")
    modal = slack(page).get_by_role("dialog")
    expect(modal.get_by_label(re.compile("sha", re.IGNORECASE))).to_be_visible()
    page.keyboard.press("Escape")

    expect(modal).to_have_count(0)
    assert demo.http.get("/v1/runs").json()["runs"] == before


def test_what_a_tool_reports_appears_without_a_reload(visit: Any, demo: Any) -> None:
    page = visit()
    page.get_by_role("tab", name="Events").click()
    expect(page.get_by_role("cell", name="build web").first).to_be_visible()
    expect(page.get_by_role("cell", name="Hello")).to_have_count(0)

    demo.report(process_id="hello", name="Hello", status="started")

    expect(page.get_by_role("cell", name="Hello")).to_have_count(1)
    expect(slack(page).locator(".pane.channel")).to_contain_text("Hello")
    expect(page.locator(".checklist li").last).to_have_class("done")


def test_the_colours_can_be_chosen_for_both_halves(visit: Any) -> None:
    page = visit()
    waits(page)
    page.get_by_role("button", name=re.compile("Colours")).click()  # from the system's to dark
    dark = "getComputedStyle(document.body).backgroundColor"
    expect(page.locator("html")).to_have_css("color-scheme", "dark")
    expect(slack(page).locator("html")).to_have_css("color-scheme", "dark")

    assert page.evaluate(dark) == page.frames[1].evaluate(dark) == "rgb(20, 24, 31)"


def test_a_narrow_window_still_shows_the_question(visit: Any) -> None:
    page = visit(viewport={"width": 1024, "height": 768})
    waits(page)

    expect(thread(page).get_by_role("button", name="Approve")).to_be_in_viewport()
    expect(step(page, "unit_tests")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024


def test_a_stranger_is_told_how_to_get_in(open_page: Any, demo: Any) -> None:
    page = open_page(demo.url)

    expect(page.get_by_text("Open this page with the link")).to_be_visible()
    expect(page.locator("iframe")).to_have_count(0)
