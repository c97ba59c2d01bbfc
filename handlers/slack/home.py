"""App Home: opened by its owner, and the buttons that only it and its lists have.

Approvals and runs on Home have the very buttons of their cards, and so the listeners of those.
"""

import re
from typing import get_args

from slack_bolt.async_app import AsyncApp

from coordination.policy import Principal
from handlers.slack import clicks, ids, private
from handlers.slack.answers import ROWS, TITLES, Following, Listing, ListingKind
from handlers.slack.clicks import Body, Forged
from handlers.slack.following import followed
from handlers.slack.listening import EXPECTED, Edge
from handlers.slack.looking import every_problem
from handlers.slack.recording import Ack, store_then_ack


def register(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to who opens Home, and to what they press there."""

    async def opened(event: Body) -> None:
        if event.get("tab") == "home":
            await edge.screens.open_home(str(event.get("user", "")))
        elif event.get("tab") == "messages":
            await private.offer(edge, event)

    async def see_all(ack: Ack, body: Body) -> None:
        kind, page = asked_for(body)
        await ack()
        view_id = await edge.screens.open_loading(str(body.get("trigger_id", "")), TITLES[kind])
        await show(edge, clicks.principal(body), view_id, kind, page)

    async def turn(ack: Ack, body: Body) -> None:
        kind, page = asked_for(body)
        await ack()
        view_id = str((body.get("view") or {}).get("id", ""))
        await show(edge, clicks.principal(body), view_id, kind, page)

    async def unfollow(ack: Ack, body: Body) -> None:
        key = int(clicks.matched(clicks.KEY, body))
        answer = await store_then_ack(ack, unfollowed(edge, clicks.principal(body), key))
        await edge.screens.tell(clicks.place(body), answer)

    bolt.event("app_home_opened")(opened)
    bolt.action(ids.SEE_ALL)(see_all)
    bolt.action(re.compile(f"^{re.escape(ids.TURN)}:"))(turn)
    bolt.action(ids.UNFOLLOW)(unfollow)


def asked_for(body: Body) -> tuple[ListingKind, int]:
    """Read which list is wanted, and which page of it. Raises: Forged."""
    kind, page = clicks.listing(body)
    for known in get_args(ListingKind):
        if kind == known:
            return known, page
    raise Forged


async def show(edge: Edge, who: Principal, view_id: str, kind: ListingKind, page: int) -> None:
    """Show one page of a list."""
    try:
        await edge.admit(who)
        answer = await listing(edge, who, kind, page)
    except EXPECTED as error:
        await edge.screens.show_answer(view_id, await edge.refusal(error))
        return
    await edge.screens.show_answer(view_id, answer)


async def listing(edge: Edge, who: Principal, kind: ListingKind, page: int) -> Listing:
    """Look up one page, and one row more, which says whether there is a next one."""
    if kind == "following":
        rows = await followed(edge, who)
        return Listing(kind, page, followed=rows[page * ROWS :][: ROWS + 1])
    if kind == "problems":
        found = await every_problem(edge, who)
        return Listing(kind, page, problems=found[page * ROWS :][: ROWS + 1])
    desk = await edge.coordinator.desk(who, most=ROWS + 1, skip=page * ROWS)
    return Listing(kind, page, desk=desk)


async def unfollowed(edge: Edge, who: Principal, key: int) -> Following:
    """End one subscription of the person who pressed; somebody else's is not found."""
    mine = {each.key: each for each in await followed(edge, who)}
    if key not in mine:
        return Following(tuple(mine.values()), "You do not follow that any more.")
    subject = mine[key].subject
    await edge.coordinator.unsubscribe(who, subject)
    return Following(await followed(edge, who), f"You no longer follow `{subject}`.")
