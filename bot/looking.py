"""Everything Baton stands on, looked at from inside the running program: one finding for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from bot.slack.client import SlackTrouble
from bot.slack.connection import SlackConnection
from bot.slack.manifest import OPTIONAL, scopes
from coordination.world import World

SKEW = 60  # s that our clock and Slack's may be apart: signatures and tokens are judged by ours
FOR = {
    "usergroups:read": "user groups as approvers",
    "users:read.email": "telling that two accounts are one person's",
    "chat:write.public": "posting into public channels without an invitation",
    "metadata.message:read": "reading reports out of the metadata of messages",
    "files:write": "sharing files in threads",
    "files:read": "looking whether a file was shared whose answer was lost",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it is right, and what to do if not."""

    what: str
    good: bool
    says: str


async def of_slack(slack: SlackConnection, world: World) -> tuple[Finding, ...]:
    """Look at the connection, what the app may do, and how far the clocks are apart."""
    found = [_connection(slack)]
    try:
        granted, date = await slack.rights()
    except SlackTrouble as error:
        found.append(Finding("scopes", good=False, says=f"Slack did not say: {error.trouble.word}"))
        return tuple(found)
    found += _scopes(granted)
    found.append(_clock(date, world.clock.now()))
    found += [Finding("slack", good=False, says=each) for each in slack.notes]
    try:
        found += [Finding("triggers", good=False, says=each) for each in await slack.unheard()]
    except SlackTrouble as error:
        says = f"which channels are heard is not known: {error.trouble.word}"
        found.append(Finding("triggers", good=False, says=says))
    return tuple(found)


def _connection(slack: SlackConnection) -> Finding:
    problem = slack.problem
    return Finding("slack", problem is None, problem or "connected")


def _scopes(granted: frozenset[str]) -> Iterator[Finding]:
    missing = [scope for scope in scopes() if scope not in granted]
    says = (
        f"{', '.join(missing)} not granted: add under OAuth & Permissions and install the app again"
        if missing
        else f"{len(granted)} granted, as the manifest asks"
    )
    yield Finding("scopes", not missing, says)
    for scope in OPTIONAL:
        if scope not in granted:
            what = FOR.get(scope, scope)
            yield Finding("scopes", good=True, says=f"without {scope}: {what} is off")


def _clock(date: str | None, now: datetime) -> Finding:
    try:
        apart = (now - parsedate_to_datetime(date or "")).total_seconds()
    except ValueError:
        return Finding("clock", good=True, says="Slack's is not known")
    good = abs(apart) <= SKEW
    way = "ahead of" if apart > 0 else "behind"
    says = f"{abs(apart):.0f} s {way} Slack's"
    return Finding("clock", good, says if good else f"{says}: set it, or run a time service")
