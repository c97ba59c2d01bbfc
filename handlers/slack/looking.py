"""The verbs that only look."""

from coordination.policy import Principal
from coordination.ports import StepStatus
from coordination.runs import RunFilter
from handlers.slack.answers import (
    ROWS,
    WHY,
    Answer,
    ApprovalList,
    ApprovalPage,
    Lines,
    Myself,
    Problems,
    RunList,
    RunPage,
    Sentence,
    Sources,
    UnknownSteps,
    WorkflowList,
    WorkflowPage,
)
from handlers.slack.asked import Asked, approval_ref, limit, ref, span, state
from handlers.slack.grammar import Unreadable
from handlers.slack.listening import Edge


async def list_(asked: Asked) -> Answer:
    return WorkflowList(await asked.coordinator.workflows())


async def describe(asked: Asked) -> Answer:
    view = await asked.coordinator.workflow(asked.words[0].text)
    return WorkflowPage(view, await asked.coordinator.upcoming(view))


async def status(asked: Asked) -> Answer:
    run = await asked.coordinator.run(ref(asked.words))
    return RunPage(run, await asked.edge.thread_url(run.thread_id))


async def runs(asked: Asked) -> Answer:
    given = {each.key: each for each in asked.line.filters}
    now = asked.edge.world.clock.now()
    wanted = RunFilter(
        status=state(given["state"]) if "state" in given else None,
        workflow=given["workflow"].value if "workflow" in given else None,
        since=now - span(given["since"]) if "since" in given else None,
        branch=given["branch"].value if "branch" in given else None,
        limit=limit(given["limit"]) if "limit" in given else ROWS,
    )
    page = await asked.coordinator.runs(wanted)
    return RunList(page.items, page.next is not None, asked.line.given)


async def approvals(asked: Asked) -> Answer:
    if not asked.words:
        desk = await asked.coordinator.desk(asked.who, most=ROWS)
        return ApprovalList(desk.waiting, everybody=False, elsewhere=desk.others)
    word = asked.words[0]
    if word.text.lower() != "all":
        raise Unreadable("Write `all`, or nothing for what waits for you.", word.at, word.length)
    return ApprovalList(await asked.coordinator.approvals(state="open"), everybody=True)


async def approve(asked: Asked) -> Answer:
    """Show the approval: what is typed decides nothing, the buttons of the current version do."""
    named = approval_ref(asked.words[0], "approve")
    return ApprovalPage(await asked.coordinator.approval(named))


async def reject(asked: Asked) -> Answer:
    named = approval_ref(asked.words[0], "reject")
    return ApprovalPage(await asked.coordinator.approval(named))


async def resolve(asked: Asked) -> Answer:
    run = await asked.coordinator.run(ref(asked.words))
    if any(step.status is StepStatus.UNKNOWN for step in run.steps):
        return UnknownSteps(run)
    return Sentence(f"No step of {run.label} is unknown: there is nothing to resolve.")


async def explain(asked: Asked) -> Answer:
    named = asked.words[0].text
    if named.startswith("th_"):
        return Lines(WHY, await asked.coordinator.why(named))
    found = await asked.coordinator.explain(named)
    return Lines(f"How {named} came to where it is", tuple(found.lines()))


async def connect(asked: Asked) -> Answer:
    return Sources(await asked.coordinator.sources(asked.who))


async def doctor(asked: Asked) -> Answer:
    return Problems(await every_problem(asked.edge, asked.who))


async def every_problem(edge: Edge, who: Principal) -> tuple[str, ...]:
    """Return what is wrong with what is stored, and with the program that runs. Raises: NotAllowed."""
    stored = await edge.coordinator.problems(who)
    return (*await edge.program.problems(), *stored)


async def whoami(asked: Asked) -> Answer:
    profile = await asked.coordinator.profile(asked.who)
    link = asked.edge.program.login_link(asked.who.id) if profile.active else None
    return Myself(profile, link)
