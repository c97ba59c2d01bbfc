"""`/baton schedule`: what starts by the clock, when next, and how to stop that and let it go on."""

import re

from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN
from tests.stories.test_by_the_clock import MORNING
from tests.stories.test_publishing import promote

HOURLY = """
name: hourly
title: Look every hour
triggers:
  - every: 1h
    catch_up: none
    jitter: 90s
  - {schedule: '30 8 * * 1-5'}
steps:
  - {id: tell, action: test.work, params: {what: due}}
"""
DATE = re.compile(r"<!date\^(\d+)\^")


async def test_the_next_three_times_are_told_on_the_clock_of_who_asks(baton: BatonInABox) -> None:
    await baton.publish(MORNING)
    told = await baton.slash("schedule morning", by="mallory")

    assert "`0 9 * * *` Europe/Berlin" in told
    assert "At 09:00 every day on the clock of Europe/Berlin" in told
    assert "one run for the latest time" in told
    assert "/baton pause morning" in told
    shown = (await baton.ask("GET", "/v1/workflows/morning")).json()
    raw = str(baton.slack.private("mallory")[-1].raw)
    assert len(set(DATE.findall(raw))) == len(shown["triggers"][0]["next"]) == 3
    assert baton.slack.roots() == []


async def test_what_was_paused_is_due_at_no_time_until_it_is_resumed(baton: BatonInABox) -> None:
    await promote(baton)
    await baton.publish(MORNING)
    await baton.slash("pause morning", by="linus")
    told = await baton.slash("schedule morning", by="ada")

    assert "is paused" in told
    assert "/baton resume morning" in told
    assert "/baton pause" not in told
    assert DATE.findall(str(baton.slack.private("ada")[-1].raw)) == []
    await baton.advance(hours=24)
    assert baton.performed == []

    await baton.slash("resume morning", by="linus")
    await baton.slash("schedule morning", by="ada")
    assert DATE.findall(str(baton.slack.private("ada")[-1].raw)) != []


async def test_each_trigger_by_the_clock_says_how_late_and_what_becomes_of_missed_times(
    baton: BatonInABox,
) -> None:
    await baton.publish(HOURLY)
    told = await baton.slash("schedule hourly", by="ada")

    assert "every 1h, up to 1m30s later" in told
    assert "nothing is made up for" in told
    assert "`30 8 * * 1-5` UTC: next" in told
    assert "At 08:30 on Monday through Friday" in told


async def test_a_workflow_without_a_clock_says_so_and_how_to_add_one(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    told = await baton.slash("schedule chain", by="ada")

    assert told.startswith("`chain` does not start by the clock.")
    assert "triggers:" in told
    assert "schedule: '0 9 * * 1-5'" in told
    assert "chain.yaml" in told


async def test_a_slip_of_the_name_is_answered_with_the_nearest(baton: BatonInABox) -> None:
    await baton.publish(MORNING)
    told = await baton.slash("schedule mornin", by="ada")

    assert told == "There is no workflow 'mornin'. Did you mean 'morning'?"


async def test_alone_it_lists_what_starts_by_the_clock_the_soonest_first(
    baton: BatonInABox,
) -> None:
    told = await baton.slash("schedule", by="ada")
    assert told.startswith("No workflow starts by the clock.")

    await promote(baton)
    for text in (CHAIN, MORNING, HOURLY, MORNING.replace("name: morning", "name: asleep")):
        await baton.publish(text)
    await baton.slash("pause asleep", by="linus")
    told = await baton.slash("schedule", by="ada")

    assert "chain" not in told
    assert told.index("`hourly`") < told.index("`morning`") < told.index("`asleep`")
    assert "`asleep` _paused_" in told
    times = DATE.findall(str(baton.slack.private("ada")[-1].raw))
    assert len(set(times)) == 2


async def test_a_shipped_draft_says_how_it_is_put_to_use(baton: BatonInABox) -> None:
    place = baton.life.birth.data / "library" / "morning.yaml"
    place.write_text(MORNING, encoding="utf-8")
    await baton.restart()
    told = await baton.slash("schedule morning", by="ada")

    assert "is a draft" in told
    assert "/baton activate morning" in told
