"""Who there is in the workspace, read page by page; coordination keeps them in a table."""

from collections.abc import Mapping
from typing import Any

from bot.slack.client import SlackCalls, SlackTrouble
from coordination.ports import Group, Person

PAGE = 200
MOST = 500  # pages; a cursor that never ends is a fault, not a workspace
SLACKBOT = "USLACKBOT"


class SlackDirectory:
    """Satisfies coordination's port `Directory`."""

    def __init__(self, slack: SlackCalls) -> None:
        self._slack = slack

    async def people(self) -> tuple[Person, ...]:
        """Return everybody, the deactivated and the bots too.

        Raises:
            SlackTrouble: Slack did not say; what is known stays, and grows old.
        """
        found: list[Person] = []
        cursor = ""
        for _ in range(MOST):
            answer = await self._slack.call("users.list", limit=PAGE, cursor=cursor)
            found.extend(a_person(member) for member in answer.get("members", ()))
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return tuple(found)

    async def groups(self) -> tuple[Group, ...] | None:
        """Return all user groups with their members, or None where the scope for that was not given.

        Raises:
            SlackTrouble: Slack did not say.
        """
        try:
            answer = await self._slack.call("usergroups.list", include_users=True)
        except SlackTrouble as trouble:
            if trouble.trouble.word == "missing_scope":
                return None
            raise
        return tuple(a_group(each) for each in answer.get("usergroups", ()))


def a_group(said: Mapping[str, Any]) -> Group:
    """Read one user group."""
    return Group(
        id=str(said["id"]),
        handle=str(said.get("handle") or ""),
        name=str(said.get("name") or ""),
        members=tuple(str(each) for each in said.get("users") or ()),
    )


def a_person(member: Mapping[str, Any]) -> Person:
    """Read one member; guests of all kinds and people of other workspaces are restricted."""
    profile = member.get("profile") or {}
    handle = str(member.get("name") or "")
    kinds = ("is_restricted", "is_ultra_restricted", "is_stranger")
    return Person(
        id=str(member["id"]),
        handle=handle,
        name=str(profile.get("display_name") or profile.get("real_name") or handle),
        is_bot=bool(member.get("is_bot")) or member["id"] == SLACKBOT,
        deleted=bool(member.get("deleted")),
        is_admin=bool(member.get("is_admin") or member.get("is_owner")),
        restricted=any(member.get(kind) for kind in kinds),
        email=str(profile.get("email") or "").strip().casefold() or None,
    )
