"""App Home: what waits for one person, pressed right there, and fresh for as long as they look."""

import asyncio
from typing import Any

from handlers.slack import ids
from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN, RELEASE, asking
from tests.stories.slack import PEOPLE, markup_of, text_of

DEMO = CHAIN.replace("name: chain", "name: tour\ntags: [demo]").replace(
    "  - event: test.completed", "  - event: never.completed"
)


async def visit(baton: BatonInABox, who: str) -> None:
    await baton.slack.do("home", as_=PEOPLE[who], tab="home")
    await baton.quiet()


def home(baton: BatonInABox, who: str) -> dict[str, Any]:
    found: dict[str, Any] = baton.slack.look("views", as_=PEOPLE[who], home="1")["home"]
    return found


def shown(baton: BatonInABox, who: str) -> str:
    return text_of(home(baton, who))


def elements(view: dict[str, Any], label: str) -> list[tuple[str, dict[str, Any]]]:
    """Return what can be pressed under a label, each with its block."""
    return [
        (block["block_id"], each)
        for block in view["blocks"]
        for each in (*block.get("elements", ()), block.get("accessory") or {})
        if each.get("type") == "button" and each["text"]["text"] == label
    ]


async def press(
    baton: BatonInABox, who: str, label: str, view: dict[str, Any] | None = None
) -> None:
    view = view or home(baton, who)
    block_id, element = elements(view, label)[0]
    done = await baton.slack.do(
        "click",
        as_=PEOPLE[who],
        view_id=view["id"],
        action_id=element["action_id"],
        block_id=block_id,
    )
    assert done["ack"]["state"] == "acked", done["ack"]
    await baton.quiet()


def published(baton: BatonInABox) -> int:
    return len(baton.slack.calls("views.publish"))


async def test_home_has_its_parts_in_order_and_only_what_is_theirs(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.publish(CHAIN)
    await baton.report("test.completed", process="build-7")
    await baton.slash("subscribe chain only:failed", by="grace")
    for who in ("grace", "mallory"):
        await visit(baton, who)

    text = shown(baton, "grace")
    order = [
        "Waiting on you",
        "Deploy to production?",
        "Your running runs",
        "Recent results",
        "What you follow",
        "`chain`",
    ]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    assert "Nothing waits for you. 1 wait for others." in shown(baton, "mallory")
    assert elements(home(baton, "mallory"), "Approve") == []
    assert "Problems" not in text


async def test_an_approval_is_answered_at_home_and_home_says_so(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await visit(baton, "grace")
    await press(baton, "grace", "Approve")

    assert shown(baton, "grace").startswith("You said `approve` to A-1. It is approved.")
    assert "Nothing waits for you." in shown(baton, "grace")
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["deploy build-7", "announce"]
    assert baton.private(by="grace") == []


async def test_a_no_from_home_asks_why_in_a_form(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await visit(baton, "grace")
    await press(baton, "grace", "Reject…")
    view = baton.slack.modal("grace")
    assert view is not None
    values = {ids.REASON_BLOCK: {ids.REASON_INPUT: "the freeze"}}
    await baton.slack.do(f"views/{view['id']}/submit", as_=PEOPLE["grace"], values=values)
    await baton.quiet()

    assert baton.card("build-7").state == "Rejected"
    await baton.advance(seconds=6)
    assert "Nothing waits for you." in shown(baton, "grace")
    assert baton.performed == []


async def test_a_click_of_somebody_who_is_not_asked_is_answered_at_home(baton: BatonInABox) -> None:
    """Their Home showed it while they were asked; then they were not any more."""
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await visit(baton, "grace")
    view = home(baton, "grace")
    emulator = baton.slack.server.emulator
    emulator.views.publish(PEOPLE["mallory"], emulator.views.homes[PEOPLE["grace"]].source)
    await press(baton, "mallory", "Approve", home(baton, "mallory"))

    assert shown(baton, "mallory").startswith("Only ")
    assert "can answer A-1" in shown(baton, "mallory")
    assert elements(home(baton, "mallory"), "Approve") == []
    assert elements(view, "Approve") != []
    assert (await baton.life.baton.coordinator.approval("A-1")).state == "open"
    assert baton.performed == []


async def test_a_late_click_at_home_hears_who_was_first(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await visit(baton, "linus")
    stale = home(baton, "linus")
    emulator = baton.slack.server.emulator
    source = emulator.views.homes[PEOPLE["linus"]].source
    await baton.decide("A-1", "approve", by="grace")
    emulator.views.publish(PEOPLE["linus"], source)
    await press(baton, "linus", "Approve", {**stale, "id": home(baton, "linus")["id"]})

    assert shown(baton, "linus").startswith("A-1 is decided already")
    assert (await baton.life.baton.coordinator.approval("A-1")).decided_by == PEOPLE["grace"]


async def test_home_follows_what_happens_but_not_more_often_than_every_five_seconds(
    baton: BatonInABox,
) -> None:
    await baton.publish(asking())
    await visit(baton, "grace")
    before = published(baton)
    await baton.advance(seconds=6)
    baton.hold("deliver nt_")  # cards that are put off would move the clock
    for number in range(5):
        await baton.report("test.completed", process=f"build-{number}", wait=False)
    while len(await baton.life.baton.coordinator.approvals(state="open")) < 5:
        await asyncio.sleep(0.005)
    await baton.until(lambda: published(baton) == before + 1)
    await baton.advance(seconds=3)
    assert published(baton) == before + 1
    await baton.advance(seconds=3)
    await baton.until(lambda: published(baton) == before + 2)

    assert shown(baton, "grace").count("Go on?") == 5
    await baton.advance(seconds=60)
    assert published(baton) == before + 2


async def test_who_looked_a_quarter_of_an_hour_ago_gets_nothing_more(baton: BatonInABox) -> None:
    await baton.publish(asking())
    await visit(baton, "grace")
    before = published(baton)
    await baton.advance(minutes=16)
    await baton.report("test.completed", process="build-7")
    await baton.advance(seconds=10)
    assert published(baton) == before

    await visit(baton, "grace")
    assert published(baton) == before + 1
    assert "Go on?" in shown(baton, "grace")


async def test_nobody_gets_a_home_who_never_opened_it(baton: BatonInABox) -> None:
    await baton.publish(asking())
    await baton.report("test.completed", process="build-7")
    await baton.advance(seconds=30)

    assert published(baton) == 0


async def test_ten_rows_are_shown_and_the_rest_page_by_page(baton: BatonInABox) -> None:
    await baton.publish(asking())
    baton.hold("deliver nt_")  # no card matters here
    for number in range(23):
        await baton.report("test.completed", process=f"build-{number}", wait=False)
    await baton.quiet()
    await visit(baton, "grace")
    assert len(elements(home(baton, "grace"), "Approve")) == 10
    assert len(home(baton, "grace")["blocks"]) <= 90
    await press(baton, "grace", "See all…")

    modal = baton.slack.modal("grace")
    assert modal is not None
    assert len(elements(modal, "Approve")) == 10
    assert elements(modal, "Previous") == []
    for count in (10, 3):
        await press(baton, "grace", "Next", modal)
        modal = baton.slack.modal("grace")
        assert modal is not None
        assert len(elements(modal, "Approve")) == count
    assert elements(modal, "Next") == []
    await press(baton, "grace", "Approve", modal)
    assert "You said `approve`" in baton.form(by="grace")
    await baton.until(lambda: len(baton.performed) == 1)


async def test_a_run_of_mine_is_cancelled_from_home(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.hang("ship")
    await baton.slash("start chain", by="mallory")
    for who in ("mallory", "grace"):
        await visit(baton, who)
    assert "R-1" in shown(baton, "mallory")
    assert elements(home(baton, "grace"), "Cancel…") == []
    await press(baton, "mallory", "Cancel…")
    await baton.submit(by="mallory")

    assert baton.card("R-1").state == "Cancelled"
    assert "Build and ship is cancelled" in baton.form(by="mallory")
    assert baton.performed == ["build", "ship"]


async def test_a_subscription_is_ended_at_home(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    await baton.slash("subscribe chain", by="mallory")
    await visit(baton, "mallory")
    await press(baton, "mallory", "Unfollow")

    assert shown(baton, "mallory").startswith("You no longer follow `chain`.")
    assert await baton.life.baton.coordinator.subscriptions(baton.person("mallory")) == ()


async def test_an_empty_home_says_how_to_begin(baton: BatonInABox) -> None:
    await visit(baton, "linus")
    assert "Nothing is going on yet." in shown(baton, "linus")
    assert elements(home(baton, "linus"), "Start a demo run…") == []

    await baton.publish(DEMO)
    await visit(baton, "linus")
    await press(baton, "linus", "Start a demo run…")
    await baton.submit(by="linus")
    assert baton.card("R-1").state == "Succeeded"


async def test_admins_see_what_is_wrong(baton: BatonInABox) -> None:
    coordinator = baton.life.baton.coordinator
    rules = coordinator.rules
    roles = type(rules.roles).read({"admin": ["@ada"]})
    coordinator.rules = type(rules)(roles=roles, channel="#releases")
    await baton.publish(CHAIN)
    await baton.publish(CHAIN.replace("test.deploy", "test.deplyo"))
    for who in ("ada", "grace"):
        await visit(baton, who)

    assert "The file of `chain` is broken" in shown(baton, "ada")
    assert "broken" not in shown(baton, "grace")


async def test_the_messages_tab_publishes_nothing(baton: BatonInABox) -> None:
    await baton.slack.do("home", as_=PEOPLE["ada"], tab="messages")
    await baton.quiet()

    assert published(baton) == 0


async def test_a_home_that_is_switched_off_is_a_problem_and_no_harm(baton: BatonInABox) -> None:
    await baton.slack.fault("error_next", method="views.publish", error="not_enabled")
    await visit(baton, "ada")

    (problem,) = await baton.life.baton.problems()
    assert "App Home is switched off for this app" in problem
    assert await baton.life.baton.readiness() == {}
    await visit(baton, "ada")
    assert await baton.life.baton.problems() == ()


async def test_a_slack_that_asks_to_wait_gets_the_home_later(baton: BatonInABox) -> None:
    await baton.publish(asking())
    await baton.slack.fault("ratelimit_next", method="views.publish", retry_after=30)
    await visit(baton, "grace")
    assert published(baton) == 1
    await baton.advance(seconds=20)
    assert published(baton) == 1

    await baton.advance(seconds=20)
    assert published(baton) == 2
    assert "Waiting on you" in shown(baton, "grace")


async def test_what_others_write_is_only_text_at_home(baton: BatonInABox) -> None:
    evil = "`<!channel> <@U0MALLORY> <https://evil.example|ok>` \u202e token=hunter2-hunter2"
    await baton.publish(asking(description=f"'{evil}'").replace("Go on?", evil.replace("`", "")))
    await baton.report("test.completed", process="build-7", name=evil)
    await visit(baton, "grace")

    written = str(home(baton, "grace"))
    assert "hunter2-hunter2" not in written
    assert "\u202e" not in written
    marked = " ".join(markup_of(home(baton, "grace")["blocks"]))
    assert "<!channel>" not in marked
    assert "<https://evil" not in marked
    assert baton.slack.pings("mallory") == []


async def test_two_people_see_two_homes(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    for who in ("grace", "linus"):
        await visit(baton, who)
    await press(baton, "grace", "Approve")
    await baton.advance(seconds=6)

    assert "You said" in shown(baton, "grace")
    assert "You said" not in shown(baton, "linus")
    assert elements(home(baton, "linus"), "Approve") == []
