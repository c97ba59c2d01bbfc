"""Who there is, read page by page."""

from collections.abc import Mapping
from typing import Any

from bot.slack.directory import SlackDirectory, a_person
from tests.bot.slack.box import Box


class Pages:
    def __init__(self, pages: list[list[str]]) -> None:
        self.pages = pages
        self.asked: list[Mapping[str, Any]] = []

    async def call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        self.asked.append({"method": method, **arguments})
        number = len(self.asked)
        following = str(number) if number < len(self.pages) else ""
        members = [{"id": name, "name": name.lower()} for name in self.pages[number - 1]]
        return {"members": members, "response_metadata": {"next_cursor": following}}


async def test_all_pages_are_read_by_their_cursor() -> None:
    slack = Pages([["U1", "U2"], ["U3"]])
    found = await SlackDirectory(slack).people()
    assert [each.id for each in found] == ["U1", "U2", "U3"]
    assert [each["cursor"] for each in slack.asked] == ["", "1"]


async def test_the_workspace_is_read_as_it_is(box: Box) -> None:
    found = {each.handle: each for each in await SlackDirectory(box.client).people()}
    assert not found["grace"].is_bot
    assert not found["grace"].restricted
    assert found["grace"].id == "UGRACE"
    assert [handle for handle, each in found.items() if each.is_bot] != []


def test_guests_strangers_bots_and_the_gone_are_told_apart() -> None:
    guest = a_person({"id": "U1", "name": "g", "is_ultra_restricted": True})
    stranger = a_person({"id": "U2", "is_stranger": True})
    slackbot = a_person({"id": "USLACKBOT"})
    gone = a_person({"id": "U3", "deleted": True})
    owner = a_person({"id": "U4", "is_owner": True, "profile": {"display_name": "Olga"}})
    assert guest.restricted
    assert stranger.restricted
    assert slackbot.is_bot
    assert gone.deleted
    assert (owner.is_admin, owner.name, owner.restricted) == (True, "Olga", False)
