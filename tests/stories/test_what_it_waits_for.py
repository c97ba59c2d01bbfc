"""Four places say what a run waits for, and they say the same."""

import html

from baton.connector import Unknown
from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN, RELEASE

PAUSE = """
name: pause
triggers:
  - event: test.completed
steps:
  - {id: settle, wait: 30m}
  - {id: then, action: test.work, params: {what: then}}
"""


async def everywhere(baton: BatonInABox) -> tuple[str, str]:
    """Return the word and the sentence of R-1, after looking at all the places that show them."""
    answer = (await baton.ask("GET", "/v1/runs/R-1")).json()
    word, sentence = answer["word"], (answer["waiting_for"] or {}).get("text", "")
    status = await baton.slash("status R-1", by="mallory")
    page = await baton.page("/r/R-1", by="mallory")
    card = baton.card("build-7")

    assert card.state == word
    assert word in status
    assert word in page.text
    assert page.status_code == 200
    assert sentence in card.plain
    assert sentence in status
    assert sentence in html.unescape(page.text)
    return word, sentence


async def test_a_run_that_waits_for_an_answer(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")

    said = 'Waiting for 1 of @grace, @linus to approve "Deploy to production?" (A-1)'
    assert await everywhere(baton) == ("Needs you", said)
    await baton.click("Approve", by="grace")
    assert await everywhere(baton) == ("Succeeded", "")


async def test_a_run_that_waits_for_a_time(baton: BatonInABox) -> None:
    await baton.publish(PAUSE)
    await baton.report("test.completed", process="build-7")

    word, sentence = await everywhere(baton)
    assert (word, sentence[:14], sentence[-9:]) == ("Waiting", "Waiting until ", " (settle)")
    assert baton.performed == []
    await baton.advance(minutes=29)
    assert baton.performed == []
    await baton.advance(minutes=2)
    assert await everywhere(baton) == ("Succeeded", "")
    assert baton.performed == ["then"]


async def test_a_run_that_is_at_work(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.hang("ship")
    await baton.report("test.completed", process="build-7")

    assert await everywhere(baton) == ("Running", "Running ship")
    baton.work.finish("ship")
    await baton.quiet()
    assert await everywhere(baton) == ("Succeeded", "")


async def test_a_run_of_which_nobody_knows_what_happened(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.fail("ship", Unknown("the connection was lost"))
    await baton.report("test.completed", process="build-7")

    said = "A person must say what happened to `ship`: retry, done or fail"
    assert await everywhere(baton) == ("Needs you", said)


async def test_a_run_that_failed(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.fail("ship", "the disk is full")
    await baton.report("test.completed", process="build-7")

    said = "Failed at `ship`: the disk is full. Retry it, or leave it."
    assert await everywhere(baton) == ("Failed", said)


async def test_a_run_that_was_rejected(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.click("Reject…", by="grace")
    await baton.submit(reason="not today", by="grace")

    assert await everywhere(baton) == ("Rejected", "")
