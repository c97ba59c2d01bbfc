"""Rows of lists, on Home and in what its *See all* opens, page by page."""

from bot.slack.blocks import Block, Shown, actions, button, fit, section
from bot.slack.text import escape, head
from bot.slack.views.approvals import buttons, summary
from bot.slack.views.controls import cancel_button
from bot.slack.views.people import follow_line
from bot.slack.views.runs import row
from coordination.ports import RunView
from coordination.questions import Approval
from handlers.slack import ids
from handlers.slack.answers import ROWS, TITLES, Followed, Listing


def listing(answer: Listing, *, public_url: str) -> Shown:
    """Draw one page of a list, with the way to those beside it."""
    shown, count = rows_of(answer, public_url)
    title = TITLES[answer.kind]
    blocks = [section(f"*{title}* · page {answer.page + 1}", "h"), *shown]
    if not count:
        blocks.append(section("Nothing more.", "n"))
    blocks += turns(answer, more=count > ROWS)
    return fit(f"{title}, page {answer.page + 1}.", blocks)


def rows_of(answer: Listing, public_url: str) -> tuple[list[Block], int]:
    """Return the blocks of a page, and how many rows there were to choose from."""
    desk = answer.desk
    if answer.kind == "following":
        return follows(answer.followed), len(answer.followed)
    if answer.kind == "problems":
        return problems(answer.problems), len(answer.problems)
    if desk is None:
        return [], 0
    if answer.kind == "waiting":
        return approvals(desk.waiting), len(desk.waiting)
    if answer.kind == "running":
        return running(desk.running, public_url), len(desk.running)
    return results(desk.results, public_url), len(desk.results)


def turns(answer: Listing, *, more: bool) -> list[Block]:
    made = []
    if answer.page:
        made.append(turn("Previous", answer, answer.page - 1))
    if more:
        made.append(turn("Next", answer, answer.page + 1))
    return [actions(made, "turn")] if made else []


def turn(label: str, answer: Listing, page: int) -> Block:
    value = f"{answer.kind}.{page}"
    says = f"{label} page of {TITLES[answer.kind]}"
    return button(label, f"{ids.TURN}:{label.lower()}", value=value, says=says)


def approvals(found: tuple[Approval, ...]) -> list[Block]:
    """Draw approvals with the very buttons of their cards."""
    blocks: list[Block] = []
    for approval in found[:ROWS]:
        blocks.append(section(summary(approval), f"q:{approval.number}"))
        blocks.append(actions(buttons(approval), f"d:{approval.id}:{approval.version}"))
    return blocks


def running(found: tuple[RunView, ...], public_url: str) -> list[Block]:
    """Draw runs that go on, each with the button that ends it."""
    return [
        {**section(row(run, public_url), f"r:{run.number}"), "accessory": cancel_button(run)}
        for run in found[:ROWS]
    ]


def results(found: tuple[RunView, ...], public_url: str) -> list[Block]:
    return [section(row(run, public_url), f"e:{run.number}") for run in found[:ROWS]]


def follows(found: tuple[Followed, ...]) -> list[Block]:
    """Draw what somebody follows, each with the button that ends it."""
    return [
        {
            **section(follow_line(each), f"f:{each.key}"),
            "accessory": button(
                "Unfollow",
                ids.UNFOLLOW,
                value=str(each.key),
                says=f"Hear no more of {each.subject}",
            ),
        }
        for each in found[:ROWS]
    ]


def problems(found: tuple[str, ...]) -> list[Block]:
    return [
        section(f"• {escape(head(' '.join(each.split()), 300))}", f"p:{place}")
        for place, each in enumerate(found[:ROWS])
    ]
