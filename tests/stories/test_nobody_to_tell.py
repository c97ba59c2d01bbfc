"""A question whose channel takes nothing, and nobody to tell instead: it is seen all the same."""

from coordination.policy import Principal
from tests.stories.asked import letters
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE
from tests.stories.slack import PEOPLE
from tests.stories.test_home import press, shown, visit
from tests.stories.test_people_who_left import LATER, archive

SERVER = Principal("token", "server", scopes=frozenset({"admin"}), admin=True)


async def problems(baton: BatonInABox) -> list[str]:
    """Return what `doctor` on the server says of what is stored."""
    return [*await baton.life.baton.coordinator.problems(SERVER)]


async def asked_in_vain(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await archive(baton)
    await baton.report("test.completed", process="build-7")
    await baton.advance(seconds=5)


async def test_who_is_asked_finds_it_on_home_and_answers_there(baton: BatonInABox) -> None:
    await asked_in_vain(baton)
    assert [each for who in PEOPLE for each in letters(baton, who)] == []
    assert "Deploy to production?" in await baton.slash("approvals", by="linus", channel="#alerts")

    await visit(baton, "grace")
    assert "Deploy to production?" in shown(baton, "grace")
    await press(baton, "grace", "Approve")
    assert baton.performed == ["deploy build-7", "announce"]
    assert not any("has reached nobody" in each for each in await problems(baton))


async def test_the_doctor_names_the_question_and_what_would_mend_it(baton: BatonInABox) -> None:
    await asked_in_vain(baton)
    (first, *others) = await problems(baton)
    assert first.startswith("A-1 'Deploy to production?' has reached nobody in Slack (is_archived)")
    assert any(each.startswith("Nobody is an admin of Baton") for each in others)
    said = await baton.slash("doctor", by="linus", channel="#alerts")
    assert said.startswith("Only an admin") and "there is none" in said  # noqa: PT018  # one sentence


async def test_where_an_admin_was_told_there_is_no_such_problem(baton: BatonInABox) -> None:
    await baton.slack.server.ask("PATCH", f"users/{PEOPLE['linus']}", is_admin=True)
    await baton.advance(**LATER)
    await asked_in_vain(baton)
    assert len([each for each in letters(baton, "linus") if each.slot.startswith("approval:")]) == 1
    found = await problems(baton)
    assert not any("reached nobody" in each or "Nobody is an admin" in each for each in found)
    await visit(baton, "linus")
    assert "is_archived" in shown(baton, "linus")
