"""A release: people say yes or no to exactly what will run, and nothing else runs."""

import pytest

from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE, asking
from tests.stories.slack import PEOPLE


async def test_a_rejected_release_is_never_deployed(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.click("Reject…", by="grace")
    await baton.submit(reason="the freeze ends on Monday", by="grace")

    assert baton.card("build-7").state == "Rejected"
    assert baton.replies("build-7") == [
        "Deploy to production?",
        "Rejected by @grace: the freeze ends on Monday",
    ]
    assert baton.question("build-7").buttons == []
    assert baton.performed == []


async def test_an_approved_release_is_deployed_once_and_exactly_as_it_was_shown(
    baton: BatonInABox,
) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    assert baton.card("build-7").state == "Needs you"
    assert '`deploy`: `test.deploy {"what": "deploy build-7"}`' in baton.question("build-7").lines
    assert baton.performed == []
    await baton.click("Approve", by="grace")

    assert baton.card("build-7").state == "Succeeded"
    assert baton.replies("build-7") == ["Deploy to production?", "Approved by @grace"]
    assert baton.question("build-7").buttons == []
    assert baton.performed == ["deploy build-7", "announce"]


async def test_nobody_is_asked_twice_about_one_build(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7", id="once")
    await baton.report("test.completed", process="build-7", id="once")
    await baton.report("test.completed", process="build-7")

    assert len(await baton.runs()) == 1
    assert baton.replies("build-7") == ["Deploy to production?"]
    assert baton.performed == []


async def test_without_a_reason_nothing_is_rejected(baton: BatonInABox) -> None:
    await baton.publish(asking())
    await baton.report("test.completed", process="build-7")
    await baton.click("Reject…", by="grace")
    errors = await baton.submit(reason="   ", by="grace")

    assert errors == {"reason": "Say in a sentence why."}
    assert baton.card("build-7").state == "Needs you"
    assert baton.replies("build-7") == ["Go on?"]
    assert await baton.submit(reason="too early", by="grace") == {}
    assert baton.replies("build-7") == ["Go on?", "Rejected by @grace: too early"]


async def test_a_decision_of_the_workflows_own_goes_into_the_run(baton: BatonInABox) -> None:
    await baton.publish(asking(decisions="[canary, everywhere]", require_reason="never"))
    await baton.report("test.completed", process="build-7")
    assert baton.question("build-7").buttons == ["Canary", "Everywhere", "Reject", "Details"]
    await baton.click("Canary", by="grace")

    assert baton.replies("build-7") == ["Go on?", "Answered `canary` by @grace"]
    assert baton.performed == ["canary"]


async def test_an_answer_in_words_goes_into_the_run(baton: BatonInABox) -> None:
    text = asking(answer="text").replace("output.decision", "output.text")
    await baton.publish(text)
    await baton.report("test.completed", process="build-7")
    await baton.click("Answer…", by="grace")
    errors = await baton.submit(answer=" ", by="grace")
    assert list(errors) == ["answer"]
    assert baton.performed == []
    await baton.submit(answer="version 1.8.2, please", by="grace")

    assert baton.replies("build-7") == ["Go on?", "Answered by @grace: version 1.8.2, please"]
    assert baton.performed == ["version 1.8.2, please"]


async def test_a_quorum_takes_two_people(baton: BatonInABox) -> None:
    await baton.publish(asking(quorum="2"))
    await baton.report("test.completed", process="build-7")
    await baton.click("Approve", by="grace")

    assert "1 of 2: @grace" in baton.question("build-7").lines
    assert baton.question("build-7").buttons == ["Approve", "Reject…", "Details"]
    assert 'Waiting for 1 more of @grace, @linus, @ada to approve "Go on?"' in (
        baton.card("build-7").plain
    )
    assert baton.performed == []
    await baton.click("Approve", by="linus")
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["approve"]


async def test_one_reject_ends_a_quorum(baton: BatonInABox) -> None:
    await baton.publish(asking(quorum="2", require_reason="never"))
    await baton.report("test.completed", process="build-7")
    await baton.click("Approve", by="grace")
    await baton.click("Reject", by="linus")

    assert baton.card("build-7").state == "Rejected"
    assert baton.performed == []


@pytest.mark.parametrize(
    ("answer", "word", "said", "performed"),
    [
        ("reject", "Rejected", "Rejected: nobody answered in time", []),
        ("fail", "Failed", "Expired: nobody answered in time", []),
        ("approve", "Succeeded", "Approved: nobody answered in time", ["approve"]),
    ],
)
async def test_the_clock_answers_what_nobody_answers(
    baton: BatonInABox, answer: str, word: str, said: str, performed: list[str]
) -> None:
    await baton.publish(asking(timeout="4h", on_timeout=answer))
    await baton.report("test.completed", process="build-7")
    await baton.advance(hours=3, minutes=59)
    assert baton.card("build-7").state == "Needs you"
    assert baton.performed == []
    await baton.advance(minutes=2)

    assert baton.card("build-7").state == word
    assert baton.replies("build-7")[1] == said
    again = [] if word == "Succeeded" else ["Ask again"]
    assert baton.question("build-7").buttons == again
    assert baton.performed == performed


async def test_the_clock_answers_nothing_that_a_person_has_answered(baton: BatonInABox) -> None:
    await baton.publish(asking(timeout="4h"))
    await baton.report("test.completed", process="build-7")
    await baton.click("Approve", by="grace")
    await baton.advance(hours=5)

    assert baton.card("build-7").state == "Succeeded"
    assert baton.replies("build-7") == ["Go on?", "Approved by @grace"]
    assert baton.performed == ["approve"]


async def test_a_release_needs_no_journal_to_be_decided(fleeting: BatonInABox) -> None:
    """The runtime without a journal keeps the same promises for as long as it lives."""
    await fleeting.publish(RELEASE)
    await fleeting.report("test.completed", process="build-7")
    await fleeting.click("Approve", by="linus")

    assert fleeting.card("build-7").state == "Succeeded"
    assert fleeting.performed == ["deploy build-7", "announce"]


async def test_an_answer_given_on_the_web_shows_in_slack(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.decide("A-1", "approve", by="grace")

    verdict = next(line for line in baton.question("build-7").lines if "Approved" in line)
    assert verdict.startswith(":white_check_mark: *Approved* by @grace")
    assert verdict.endswith("via web")
    assert baton.replies("build-7") == ["Deploy to production?", "Approved by @grace"]
    assert baton.performed == ["deploy build-7", "announce"]


async def test_only_those_who_have_to_do_with_it_are_pinged(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.click("Approve", by="grace")

    assert {who: baton.slack.pings(who) for who in PEOPLE} == {
        "ada": ["mention"],  # it is her build
        "grace": ["mention", "thread"],  # asked; what she answered is no news to her
        "linus": ["mention"],
        "mallory": [],
        "sam": [],
    }
