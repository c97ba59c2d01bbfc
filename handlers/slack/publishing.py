"""The verbs of those who write workflows: put to use, pause, put away, take back, compare."""

import re

from coordination.errors import NotFound
from coordination.questions import mention
from coordination.revisions import Move
from handlers.slack.answers import Answer, Difference, Lines, WorkflowDone
from handlers.slack.asked import Asked
from handlers.slack.grammar import Filter, Unreadable, Word

RUN = re.compile(r"(?i:r-)[0-9]{1,15}|run_[0-9A-Z]{1,40}|(?i:last)")
USES = {"in_use": "in use", "draft": "a draft", "past": ""}
JUST = {
    "pause": "is paused: it starts nothing, and runs that go on are left alone",
    "resume": "starts runs again",
    "archive": "is archived: it starts nothing, and all its revisions are kept",
    "restore": "is back from the archive",
}


def is_run(word: Word) -> bool:
    """Say whether somebody means a run; what is none is the name of a workflow."""
    return RUN.fullmatch(word.text) is not None


async def named(asked: Asked, kind: str = "workflow") -> str:
    """Return the name of a workflow that there is: whoever may type may know which there are.

    Raises:
        NotFound: there is none; *kind* says what could have been named, and the nearest is.
    """
    name = asked.words[0].text
    try:
        return (await asked.coordinator.workflow(name)).name
    except NotFound as error:
        raise NotFound(kind, name, known=error.near) from None


async def activate(asked: Asked) -> Answer:
    """Put a draft to use, and say what it may do that was not possible before."""
    done = await asked.coordinator.activate_workflow(
        asked.who, await named(asked), revision=number(asked, "revision"), via="slack"
    )
    state = "is in use now" if done.view.status == "active" else f"is {done.view.status} still"
    just = f"{state}, at revision {done.view.revision}"
    return WorkflowDone(done.view, just, tuple(each.text for each in done.gains))


async def moved(asked: Asked, verb: Move) -> Answer:
    """Do *verb* to the workflow that was named."""
    kind = "run or workflow" if verb in ("pause", "resume") else "workflow"
    name = await named(asked, kind)
    view = await asked.coordinator.move_workflow(asked.who, name, verb, via="slack")
    return WorkflowDone(view, JUST[verb])


async def archive(asked: Asked) -> Answer:
    return await moved(asked, "archive")


async def restore(asked: Asked) -> Answer:
    """Take a workflow from the archive, or put an older revision to use again."""
    wanted = number(asked, "revision")
    if wanted is None:
        return await moved(asked, "restore")
    done = await asked.coordinator.restore_revision(
        asked.who, await named(asked), wanted, via="slack"
    )
    just = f"is at revision {done.view.revision} again"
    return WorkflowDone(done.view, just, tuple(each.text for each in done.gains))


async def revisions(asked: Asked) -> Answer:
    name = asked.words[0].text
    found = await asked.coordinator.revisions(name)
    rows = [
        f"{each.number} · {each.published_at:%Y-%m-%d %H:%M} UTC by {mention(each.published_by)} "
        f"{USES[each.use]}".rstrip()
        for each in found
    ]
    return Lines(f"Revisions of {name}", tuple(rows))


async def diff(asked: Asked) -> Answer:
    """Compare two revisions: what is in use with the draft, or the last two, unless they are given."""
    name = asked.words[0].text
    found = await asked.coordinator.compare_revisions(
        name, number(asked, "from"), number(asked, "to")
    )
    return Difference(name, found.old, found.new, found.text, tuple(g.text for g in found.gains))


def number(asked: Asked, key: str) -> int | None:
    """Return the revision that was typed behind *key*, if one was. Raises: Unreadable."""
    given: Filter | None = next((each for each in asked.line.filters if each.key == key), None)
    if given is None:
        return None
    if not (given.value.isascii() and given.value.isdigit() and int(given.value[:9]) > 0):
        raise Unreadable("Write the number of a revision.", given.at, given.length)
    return int(given.value[:9])
