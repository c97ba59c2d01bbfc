"""Who does not want to be notified is named all the same, and misses nothing that Home shows."""

from dataclasses import replace

from coordination.noise import ChannelPolicy
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE
from tests.stories.slack import PEOPLE


def pings(baton: BatonInABox) -> dict[str, list[str]]:
    return {who: found for who in PEOPLE if (found := baton.slack.pings(who))}


async def test_who_switched_mentions_off_is_named_and_not_notified(baton: BatonInABox) -> None:
    told = await baton.slash("mentions off", by="grace")
    assert told.startswith("I write your name, and you are not notified of it.")
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")

    assert "@grace" in baton.question("build-7").plain
    assert "grace" not in pings(baton)
    assert pings(baton)["linus"] == ["mention"]
    assert "A-1" in await baton.slash("approvals", by="grace")
    await baton.click("Approve", by="grace")
    assert len(baton.performed) == 2


async def test_a_failure_names_its_author_without_a_sound(baton: BatonInABox) -> None:
    await baton.slash("mentions off", by="ada")
    await baton.report("build.failed", process="build-7", message="no space left")
    assert baton.thread("build-7")[0].lines[-1] == "For @ada"
    assert pings(baton) == {}

    assert "mention you where you are asked" in await baton.slash("mentions on", by="ada")
    await baton.report("build.failed", process="build-8", message="no space left")
    assert pings(baton) == {"ada": ["mention"]}


async def test_who_is_not_notified_takes_nothing_of_what_a_thread_may_notify(
    baton: BatonInABox,
) -> None:
    coordinator = baton.life.baton.coordinator
    policy = {"#releases": ChannelPolicy(notifications=1)}
    coordinator.rules = replace(coordinator.rules, channels=policy)
    await baton.slash("mentions off", by="ada")
    await baton.publish(RELEASE)
    await baton.report("build.failed", process="t", message="no space left")
    await baton.report("test.completed", process="t", attempt=2)
    assert sorted(pings(baton)) == ["grace", "linus"]


async def test_the_choice_is_kept_over_a_restart_and_shown_when_asked(baton: BatonInABox) -> None:
    await baton.slash("mentions OFF", by="ada")
    await baton.restart()
    assert "you are not notified" in await baton.slash("mentions", by="ada")
    assert "mention you where you are asked" in await baton.slash("mentions", by="grace")
    wrong = await baton.slash("mentions loud", by="ada")
    assert wrong.startswith("Write `on` or `off`.")
    assert "^^^^" in wrong
