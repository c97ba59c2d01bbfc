"""`/r/…`: the page of a run and its forms. They need no JavaScript, and do what Slack's buttons do."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from coordination.errors import Refused
from coordination.handles import secret_inputs
from coordination.policy import Principal
from coordination.ports import RunStatus, RunView, StepStatus
from coordination.questions import Approval
from handlers.http.answers import PRIVATE
from handlers.http.auth import Caller
from handlers.http.bodies import read_form
from handlers.http.edge import Edge, EdgeOf
from handlers.http.mending_forms import (
    Mending,
    about_again,
    about_handled,
    as_fields,
    changes_in,
)
from handlers.http.problems import Problem
from handlers.http.run_forms import Steering, about_resolve, about_retry
from handlers.http.run_page import RunPage, Viewer, run_page
from handlers.http.runs import log_response
from handlers.http.sessions import COOKIE
from workflows.language.inputs import inputs_from_text
from workflows.language.model import Input

Form = dict[str, str]

router = APIRouter(include_in_schema=False)


@router.get("/r/{ref}")
async def show_run(request: Request, edge: EdgeOf, who: Caller, ref: str) -> Response:
    """Show a run to somebody who is logged in."""
    run = await edge.coordinator.run(ref)
    shown = await gathered(request, edge, who, run)
    return HTMLResponse(run_page(shown), headers=PRIVATE)


async def gathered(request: Request, edge: Edge, who: Principal, run: RunView) -> RunPage:
    """Gather what the page shows; a form's token only for what this person may do."""
    approvals = await edge.coordinator.approvals(run=run.id)
    cookie, now = request.cookies.get(COOKIE, ""), edge.world.clock.now()
    csrf: Form = {}
    refusals: Form = {}
    for approval in approvals:
        if approval.ended:
            continue
        why = await edge.coordinator.can_decide(who, approval)
        if why is None:
            csrf[approval.id] = edge.sessions.form(cookie, approval.id, now=now)
        else:
            refusals[approval.id] = await edge.coordinator.readable(why)
    return RunPage(
        run=run,
        approvals=approvals,
        viewer=Viewer(await edge.coordinator.name_of(who), csrf, refusals),
        names=await names(edge, run, approvals),
        steering=await steering(edge, who, run, cookie),
        thread_url=await edge.coordinator.thread_url(run.thread_id),
        mending=await mending(edge, who, run, cookie),
        note=edge.sessions.noted(request.query_params.get("note", ""), cookie, now=now),
    )


async def names(edge: Edge, run: RunView, approvals: tuple[Approval, ...]) -> Form:
    """Return how people call everybody on the page, by the id under which the store has them."""
    ids = {run.started_by, *(who for one in approvals for who in involved_in(one))}
    return {each: await edge.coordinator.called(each) for each in ids}


def involved_in(approval: Approval) -> set[str]:
    """Return everybody whom the page names with an approval, in the forms in which they are kept."""
    handed = {who for each in approval.delegations for who in (each.person, each.to_person)}
    voted = {who for each in approval.votes for who in (each.person, each.for_person) if who}
    decided = {approval.decided_by} if approval.decided_by else set()
    return {*approval.approvers, *handed, *voted, *decided}


async def steering(edge: Edge, who: Principal, run: RunView, cookie: str) -> Steering:
    """Return the tokens of the forms that make the run go on, for those who may send them."""
    now, can_steer = edge.world.clock.now(), edge.coordinator.can_steer
    retry = None
    if run.status is RunStatus.FAILED and await can_steer(who, "retry", run.id) is None:
        retry = edge.sessions.form(cookie, about_retry(run), now=now)
    unknown = [step for step in run.steps if step.status is StepStatus.UNKNOWN]
    resolve = {
        step.path: edge.sessions.form(cookie, about_resolve(run, step), now=now)
        for step in unknown
        if await can_steer(who, "resolve", run.id, path=step.path) is None
    }
    return Steering(edge.world.ids.new("rq"), retry, resolve)


async def mending(edge: Edge, who: Principal, run: RunView, cookie: str) -> Mending:
    """Return what this person may do about a run that failed and that nobody has dealt with."""
    if run.status is not RunStatus.FAILED or run.handled is not None:
        return Mending()
    if await edge.coordinator.can_steer(who, "handle", run.id) is not None:
        return Mending()
    now = edge.world.clock.now()
    handled = edge.sessions.form(cookie, about_handled(run), now=now)
    try:
        await edge.coordinator.authorize(who, "start")
        workflow = await edge.coordinator.workflow(run.workflow)
    except Refused:
        return Mending(handled)
    if workflow.status != "active":
        return Mending(handled)
    body = workflow.definition.body
    fields = as_fields(run.inputs, open_inputs(body))
    again = edge.sessions.form(cookie, about_again(run), now=now)
    return Mending(handled, again, fields, tuple(sorted(secret_inputs(body))))


@router.post("/r/{ref}/decision")
async def decide(request: Request, edge: EdgeOf, who: Caller, ref: str) -> Response:
    """Take the form of an approval: the same decision as everywhere."""
    form = await read_form(request)
    approval_id = form.get("approval", "")
    refuse_forged(request, edge, form, approval_id)

    async def send() -> str:
        approval = await edge.coordinator.decide(
            who,
            approval_id,
            form.get("choice", ""),
            version=whole(form.get("version")),
            digest=form.get("digest") or None,
            comment=form.get("comment", "").strip() or None,
            text=form.get("text", "").strip() or None,
            via="web",
        )
        return f"{approval.label}: your answer is recorded."

    return await done(request, edge, ref, send)


@router.post("/r/{ref}/retry")
async def retry(request: Request, edge: EdgeOf, who: Caller, ref: str) -> Response:
    """Run again what failed."""
    form, run = await sent(request, edge, ref, about_retry)

    async def send() -> str:
        key = request_id(edge, form)
        told = await edge.coordinator.retry(who, run.id, request_id=key, via="web")
        return f"{told.label}: what failed is run again."

    return await done(request, edge, ref, send)


@router.post("/r/{ref}/resolve")
async def resolve(request: Request, edge: EdgeOf, who: Caller, ref: str) -> Response:
    """Say what became of a step whose effect nobody could prove."""
    form = await read_form(request)
    path, outcome = form.get("path", ""), form.get("outcome", "")
    run = await edge.coordinator.run(ref)
    step = next((one for one in run.steps if one.path == path), None)
    refuse_forged(request, edge, form, about_resolve(run, step) if step else "")

    async def send() -> str:
        key = request_id(edge, form)
        await edge.coordinator.resolve(who, run.id, path, outcome, request_id=key, via="web")
        return f"{path}: your answer is recorded."

    return await done(request, edge, ref, send)


@router.post("/r/{ref}/handled")
async def handled(request: Request, edge: EdgeOf, who: Caller, ref: str) -> Response:
    """Count a failed run as dealt with."""
    form, run = await sent(request, edge, ref, about_handled)

    async def send() -> str:
        key, reason = request_id(edge, form), form.get("reason", "")
        told = await edge.coordinator.mark_handled(
            who, run.id, reason=reason, request_id=key, via="web"
        )
        return f"{told.label}: it counts as dealt with."

    return await done(request, edge, ref, send)


@router.post("/r/{ref}/again")
async def again(request: Request, edge: EdgeOf, who: Caller, ref: str) -> Response:
    """Start a run in the place of a failed one, with what was changed in the form."""
    form, run = await sent(request, edge, ref, about_again)

    async def send() -> str:
        body = (await edge.coordinator.workflow(run.workflow)).definition.body
        declared = declared_in(body)
        changed = changes_in(form, as_fields(run.inputs, open_inputs(body)))
        typed = inputs_from_text(declared, {n: t for n, t in changed.items() if t is not None})
        begun = await edge.coordinator.start_again(
            who, run.id, {**changed, **typed}, request_id=request_id(edge, form), via="web"
        )
        return f"{begun.label} is started in the place of {run.label}."

    return await done(request, edge, ref, send)


def open_inputs(body: Mapping[str, Any]) -> list[str]:
    """Return the inputs that a page may show and take."""
    secret = secret_inputs(body)
    return [name for name in body.get("inputs") or {} if name not in secret]


def declared_in(body: Mapping[str, Any]) -> dict[str, Input]:
    """Return the inputs that a definition declares."""
    return {name: Input.model_validate(each) for name, each in (body.get("inputs") or {}).items()}


@router.get("/r/{ref}/steps/{path}/log")
async def show_log(edge: EdgeOf, ref: str, path: str) -> Response:
    """Show the whole output of a step."""
    return log_response(await edge.coordinator.step_log(ref, path))


async def sent(
    request: Request, edge: Edge, ref: str, about: Callable[[RunView], str]
) -> tuple[Form, RunView]:
    """Read a form about a run, and the run itself. Raises: Problem, as `refuse_forged`."""
    form = await read_form(request)
    run = await edge.coordinator.run(ref)
    refuse_forged(request, edge, form, about(run))
    return form, run


def refuse_forged(request: Request, edge: Edge, form: Form, about: str) -> None:
    """Return if the form is of this session and about exactly this.

    Raises:
        Problem: 403.
    """
    cookie, now = request.cookies.get(COOKIE, ""), edge.world.clock.now()
    if not about or not edge.sessions.form_fits(form.get("csrf", ""), cookie, about, now=now):
        raise Problem(403, "The form is too old, or not of this page. Load the page again.")


async def done(
    request: Request, edge: Edge, ref: str, send: Callable[[], Awaitable[str]]
) -> Response:
    """Do it, then lead back to the page with a sentence: what was done, or why it was not."""
    try:
        says = await send()
    except Refused as refusal:
        says = await edge.coordinator.readable(str(refusal))
    cookie = request.cookies.get(COOKIE, "")
    note = edge.sessions.note(cookie, says, now=edge.world.clock.now())
    return RedirectResponse(f"/r/{quote(ref, safe='')}?{urlencode({'note': note})}", 303, PRIVATE)


def request_id(edge: Edge, form: Form) -> str:
    """Return the id that the page drew: a form that is sent twice is done once."""
    return form.get("request", "")[:100] or edge.world.ids.new("rq")


def whole(value: str | None) -> int | None:
    written = value or ""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None
