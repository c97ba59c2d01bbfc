"""Pages that the server renders: a run, the login, the shell of the demo."""

from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response

from baton.reading import parse_form
from coordination.errors import Refused
from coordination.policy import Principal
from coordination.ports import RunView
from handlers.http.auth import VisitorOf
from handlers.http.bodies import FORM_LIMIT, media_type, raw_body
from handlers.http.edge import Edge, EdgeOf
from handlers.http.html import page, tag, text
from handlers.http.problems import Problem
from handlers.http.run_page import RunPage, Viewer, run_page
from handlers.http.runs import log_response
from handlers.http.sessions import COOKIE, SESSION_LIFE

HERE = Path(__file__).parent
PRIVATE = {"Cache-Control": "no-store"}

router = APIRouter(include_in_schema=False)


@router.get("/r/{ref}")
async def show_run(request: Request, edge: EdgeOf, who: VisitorOf, ref: str) -> Response:
    """Show a run to somebody who is logged in."""
    if who is None:
        return login_wanted()
    run = await edge.coordinator.run(ref)
    shown = await assemble(request, edge, who, run)
    return HTMLResponse(run_page(shown), headers=PRIVATE)


async def assemble(request: Request, edge: Edge, who: Principal, run: RunView) -> RunPage:
    """Gather what the page shows; a form's token only for what this person may decide."""
    approvals = await edge.coordinator.approvals(run=run.id)
    cookie = request.cookies.get(COOKIE, "")
    now = edge.world.clock.now()
    csrf: dict[str, str] = {}
    refusals_: dict[str, str] = {}
    for approval in approvals:
        if approval.ended:
            continue
        why = await edge.coordinator.can_decide(who, approval)
        if why is None:
            csrf[approval.id] = edge.sessions.form(cookie, approval.id, now=now)
        else:
            refusals_[approval.id] = why
    return RunPage(
        run=run,
        approvals=tuple(approvals),
        viewer=Viewer(await edge.coordinator.name_of(who), csrf, refusals_),
        thread_url=await edge.coordinator.thread_url(run.thread_id),
        note=request.query_params.get("note"),
    )


@router.post("/r/{ref}/decision")
async def decide(request: Request, edge: EdgeOf, who: VisitorOf, ref: str) -> Response:
    """Take the form of an approval: the same decision as everywhere."""
    if who is None:
        return login_wanted()
    if media_type(request) != "application/x-www-form-urlencoded":
        raise Problem(415, "This address takes the form of the run's page.")
    form = parse_form(await raw_body(request, FORM_LIMIT))
    approval_id = str(form.get("approval", ""))
    cookie = request.cookies.get(COOKIE, "")
    now = edge.world.clock.now()
    if not edge.sessions.form_fits(str(form.get("csrf", "")), cookie, approval_id, now=now):
        raise Problem(403, "The form is too old, or not of this page. Load the page again.")
    try:
        approval = await edge.coordinator.decide(
            who,
            approval_id,
            str(form.get("choice", "")),
            version=whole(form.get("version")),
            digest=str(form["digest"]) if form.get("digest") else None,
            comment=str(form.get("comment", "")).strip() or None,
            via="web",
        )
        note = f"{approval.label}: your answer is recorded."
    except Refused as refusal:
        note = str(refusal)
    return RedirectResponse(f"/r/{ref}?{urlencode({'note': note})}", 303)


def whole(value: object) -> int | None:
    written = str(value)
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None


@router.get("/r/{ref}/steps/{path}/log")
async def show_log(edge: EdgeOf, who: VisitorOf, ref: str, path: str) -> Response:
    """Show the whole output of a step."""
    if who is None:
        return login_wanted()
    return log_response(await edge.coordinator.step_log(ref, path))


@router.get("/login")
async def login(edge: EdgeOf, t: str = "", to: str = "/") -> Response:
    """Take a signed link, once, and give the browser a session."""
    now = edge.world.clock.now()
    members = edge.sessions.read("login", t, now=now)
    if members is None or not await edge.coordinator.claim_login(members["n"]):
        return login_wanted()
    cookie = edge.sessions.cookie(members["p"], now=now, nonce=edge.world.ids.new("ss"))
    answer = RedirectResponse(inner(to), 303, PRIVATE)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=edge.public_url.startswith("https:"),
    )
    return answer


def inner(to: str) -> str:
    """Return *to* if it is a path of this server, else the front page."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"


def login_wanted() -> HTMLResponse:
    body = page(
        "Log in to Baton",
        tag("h1", "Log in to Baton"),
        tag(
            "p",
            text("This page is for people of the workspace. A login link comes from the one who "),
            text("runs Baton (`python -m bot login-link`); it works once, and for ten minutes."),
        ),
    )
    return HTMLResponse(body, 401, PRIVATE)


@router.get("/demo")
async def demo(edge: EdgeOf) -> Response:
    """Serve the demo's page; outside the demo there is none."""
    if edge.demo is None:
        raise Problem(404, "This Baton runs no demo. `python3 run.py demo` starts one.")
    shell = edge.static / "demo.html"
    if not shell.is_file():
        raise Problem(
            404, "The demo's page is not built. `python3 run.py web` says what is missing."
        )
    return FileResponse(shell, headers={"Cache-Control": "no-cache"})


@router.get("/demo.json")
async def demo_facts(edge: EdgeOf, who: VisitorOf) -> Response:
    """Tell the demo's page where things are, and who looks at it."""
    if edge.demo is None:
        raise Problem(404, "This Baton runs no demo.")
    person = who.id if who else None
    facts = {
        "slack_page": edge.demo.slack_page,
        "channel": edge.demo.channel,
        "data": edge.demo.data,
        "person": person,
        "name": await edge.coordinator.name_of(who) if who else None,
    }
    return JSONResponse(facts, headers=PRIVATE)


@router.get("/")
async def front(edge: EdgeOf) -> Response:
    """Send a visitor on: to the demo, or to the sentence about logging in."""
    return RedirectResponse("/demo", 303) if edge.demo else login_wanted()


@router.get("/page.css")
async def styles() -> FileResponse:
    return FileResponse(HERE / "page.css", media_type="text/css")


@router.get("/icon.svg")
async def icon() -> FileResponse:
    return FileResponse(HERE / "icon.svg", media_type="image/svg+xml")


@router.get("/assets/{name}")
async def asset(edge: EdgeOf, name: str) -> FileResponse:
    """Serve a built file; its name holds a hash of its content, so it never changes."""
    place = (edge.static / "assets" / name).resolve()
    if place.parent != (edge.static / "assets").resolve() or not place.is_file():
        raise Problem(404, "There is no such file.")
    return FileResponse(place, headers={"Cache-Control": "public, max-age=31536000, immutable"})
