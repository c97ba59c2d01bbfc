"""Authors change their workflows while runs go on: a bad file breaks nothing, a good one is for later."""

from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE

BROKEN = RELEASE.replace("test.deploy", "test.deplyo")


async def test_a_file_that_breaks_keeps_its_last_good_revision(baton: BatonInABox) -> None:
    assert await baton.publish(RELEASE)
    assert not await baton.publish(BROKEN)
    view = await baton.life.baton.coordinator.workflow("release")
    await baton.report("test.completed", process="build-7")
    await baton.click("Approve", by="grace")

    assert view.revision == 1
    assert "There is no action" in str(view.problems) or "test.deplyo" in str(view.problems)
    assert baton.performed == ["deploy build-7", "announce"]


async def test_a_broken_file_shows_in_the_list_until_it_is_mended(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.publish(BROKEN)
    assert "its file is broken" in await baton.slash("list", by="ada")
    told = await baton.slash("describe release", by="ada")
    assert "test.deplyo" in told
    assert "release.yaml:" in told or "line" in told
    await baton.publish(RELEASE)

    assert "broken" not in await baton.slash("list", by="ada")


async def test_a_file_that_was_never_good_is_no_workflow(baton: BatonInABox) -> None:
    assert not await baton.publish(BROKEN)
    await baton.report("test.completed", process="build-7")

    assert await baton.runs() == ()
    assert baton.card("build-7").state == "Succeeded"


async def test_a_run_keeps_the_revision_that_it_began_with(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.publish(RELEASE.replace("deploy {{", "DESTROY {{"))
    await baton.kill()
    await baton.click("Approve", by="grace")
    assert baton.performed == ["deploy build-7", "announce"]

    await baton.report("test.completed", process="build-8")
    await baton.click("Approve", by="grace", on="build-8")
    assert baton.performed[2:] == ["DESTROY build-8", "announce"]


async def test_an_older_text_brings_its_old_revision_back(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    first = await baton.life.baton.coordinator.workflow("release")
    await baton.publish(RELEASE.replace("announce", "proclaim"))
    await baton.publish(RELEASE)
    again = await baton.life.baton.coordinator.workflow("release")

    assert again.definition.hash == first.definition.hash
    assert again.revision == first.revision
