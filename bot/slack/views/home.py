"""App Home: what waits for one person first, then their runs, results, and what they follow."""

from dataclasses import dataclass

from bot.slack.blocks import Block, Shown, actions, button, context, section
from bot.slack.text import code
from bot.slack.views import lists
from coordination.desk import Desk
from handlers.slack import ids
from handlers.slack.answers import ROWS, TITLES, Followed, ListingKind

BLOCKS = 90
UNREADABLE = "I cannot read my database right now. What you see here comes back by itself."
EMPTY = "Nothing is going on yet."
BEGIN = "`/baton list` shows the workflows, `/baton connect` how a tool reports."


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """What one person's Home shows.

    Args:
        desk: None where the database did not answer.
        followed: what they hear of.
        problems: None for all but admins.
        demo: a workflow to try it out with.
        line: what to say at the top, about what they pressed just now.
    """

    desk: Desk | None
    followed: tuple[Followed, ...] = ()
    problems: tuple[str, ...] | None = None
    demo: str | None = None
    line: Shown | None = None


def home_view(facts: HomeFacts, *, public_url: str) -> Block:
    """Draw a Home; never more than Slack takes."""
    top = said(facts.line) if facts.line else []
    if facts.desk is None:
        return view([*top, section(UNREADABLE, "u")])
    return view([*top, *parts(facts, facts.desk, public_url)])


def view(blocks: list[Block]) -> Block:
    return {"type": "home", "callback_id": ids.HOME, "blocks": blocks[:BLOCKS]}


def said(line: Shown) -> list[Block]:
    """Draw what became of the last click; it is a sentence, with nothing to press."""
    return [section(line.text, "line"), {"type": "divider", "block_id": "line_end"}]


def parts(facts: HomeFacts, desk: Desk, public_url: str) -> list[Block]:
    waiting = lists.approvals(desk.waiting)
    running = lists.running(desk.running, public_url)
    results = lists.results(desk.results, public_url)
    blocks = part("waiting", waiting, len(desk.waiting), nothing(desk))
    blocks += part("running", running, len(desk.running), "None of your runs goes on.")
    if not (desk.waiting or desk.running or desk.results):
        blocks += empty(facts.demo)
    else:
        blocks += part("results", results, len(desk.results), "No run has ended yet.")
    none = "You follow nothing. `/baton subscribe &lt;workflow&gt; only:failed` changes that."
    follows = lists.follows(facts.followed)
    blocks += part("following", follows, len(facts.followed), none)
    blocks.append(context("How loud I am in a channel: `/baton settings` there.", "settings"))
    return [*blocks, *trouble(facts)]


def part(kind: ListingKind, rows: list[Block], count: int, none: str) -> list[Block]:
    """Draw one part: its title, its rows or a sentence, and the way to the rest."""
    blocks = [section(f"*{TITLES[kind]}*", f"h:{kind}")]
    blocks += rows or [section(none, f"n:{kind}")]
    if count > ROWS:
        says = f"See all of {TITLES[kind]}"
        see = button("See all…", ids.SEE_ALL, value=f"{kind}.0", says=says)
        blocks.append(actions([see], f"s:{kind}"))
    return blocks


def nothing(desk: Desk) -> str:
    others = f" {desk.others} wait for others." if desk.others else ""
    return f"Nothing waits for you.{others}"


def empty(demo: str | None) -> list[Block]:
    """Say how to begin; where there is a workflow for it, with a button."""
    if demo is None:
        return [section(f"{EMPTY} {BEGIN}", "empty")]
    start = button("Start a demo run…", ids.START_DEMO, value=demo, style="primary")
    text = f"{EMPTY} Try {code(demo)}, which is made for that."
    return [section(text, "empty"), actions([start], "demo")]


def trouble(facts: HomeFacts) -> list[Block]:
    """Draw the end: help for everybody, what is wrong for admins."""
    blocks: list[Block] = []
    if facts.problems is not None:
        rows = lists.problems(facts.problems)
        blocks += part("problems", rows, len(facts.problems), "I know of nothing that is wrong.")
    return [*blocks, context("`/baton help` lists all that can be typed.", "help")]
