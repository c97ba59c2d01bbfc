"""What was done to a workflow, in Slack: what it may do more, what is left to do, what changed."""

from collections.abc import Iterator, Sequence

from bot.slack.blocks import Shown, fit, lines, section
from bot.slack.text import code, code_block, escape, one_line
from coordination.definitions import WorkflowView
from handlers.slack.answers import Difference, WorkflowDone

MOST = 20
DIFF = 35  # lines of one
LONGEST = 2_000  # characters of one


def workflow_done(answer: WorkflowDone) -> Shown:
    """Say what was done to a workflow, and what it may do now that it could not before."""
    view = answer.workflow
    text = f"{code(view.name)} {escape(answer.just)}."
    blocks = [section(text, "t")]
    if answer.gains:
        blocks.append(section(gained(answer.gains), "g"))
    blocks += [section(each, f"w{place}") for place, each in enumerate(waiting_for_people(view))]
    return fit(text, blocks)


def gained(gains: Sequence[str]) -> str:
    rows = [f"• {one_line(each, 200)}" for each in gains]
    return f":warning: *What it may do now and could not before*\n{lines(rows, MOST)}"


def waiting_for_people(view: WorkflowView) -> Iterator[str]:
    """Yield what a person still has to do for a workflow."""
    if view.draft is not None:
        yield (
            f"Revision {view.draft} is a draft: `/baton diff {escape(view.name)}` shows what it "
            f"changes, `/baton activate {escape(view.name)}` puts it to use."
        )
    hooks = [each for each in view.definition.triggers if each.kind == "webhook"]
    if hooks:
        names = ", ".join(code(each.id) for each in hooks)
        yield (
            f"Secrets of its webhooks ({names}) are never shown here: "
            f"`python -m bot hook rotate {escape(view.name)} …` makes one and shows it once."
        )


def difference(answer: Difference) -> Shown:
    """Draw what one revision changes in another."""
    title = f"{code(answer.name)}: revision {answer.old} and revision {answer.new}"
    if not answer.text:
        return fit(f"{title} read the same.", [section(f"{title} read the same.", "t")])
    blocks = [section(f"*{title}*", "t"), section(code_block(beginning(answer.text), LONGEST), "d")]
    if answer.gains:
        blocks.append(section(gained(answer.gains), "g"))
    return fit(title, blocks)


def beginning(text: str) -> str:
    rows = text.splitlines()
    more = [f"… and {len(rows) - DIFF} lines more"] if len(rows) > DIFF else []
    return "\n".join([*rows[:DIFF], *more])
