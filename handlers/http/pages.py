"""The pages around a run's: the login, the shell of the demo, and the files that pages load."""

from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

from handlers.http.answers import PRIVATE
from handlers.http.auth import AdmittedAs
from handlers.http.edge import EdgeOf
from handlers.http.problems import Problem, unauthenticated
from handlers.http.sessions import COOKIE, SESSION_LIFE

HERE = Path(__file__).parent
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}

router = APIRouter(include_in_schema=False)


@router.get("/login")
async def login(request: Request, edge: EdgeOf, t: str = "", to: str = "/") -> Response:
    """Take a signed link, once, and give the browser a session."""
    now = edge.world.clock.now()
    members = edge.sessions.read("login", t, now=now)
    if members is None or request.scope.get("only_head"):  # who only looks has not taken it
        raise unauthenticated()
    if not await edge.coordinator.claim("login", members["n"]):
        raise unauthenticated()
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
    """Return *to* if it is a path of this server, else the front page.

    Browsers take a backslash for a slash and pass over tabs and line ends, so none of those may be in it.
    """
    if not to.startswith("/") or to.startswith("//") or "\\" in to or not to.isprintable():
        return "/"
    try:
        parts = urlsplit(to)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else to


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
async def demo_facts(edge: EdgeOf, admitted: AdmittedAs) -> Response:
    """Tell the demo's page where things are, and who looks at it."""
    if edge.demo is None:
        raise Problem(404, "This Baton runs no demo.")
    who = admitted.principal
    facts = {
        "slack_page": edge.demo.slack_page,
        "channel": edge.demo.channel,
        "data": edge.demo.data,
        "person": who.id if who else None,
        "name": await edge.coordinator.name_of(who) if who else None,
    }
    return JSONResponse(facts, headers=PRIVATE)


@router.get("/")
async def front(edge: EdgeOf) -> Response:
    """Send a visitor on: to the demo, or to the sentence about logging in."""
    if edge.demo is None:
        raise unauthenticated()
    return RedirectResponse("/demo", 303)


@router.get("/page.css")
async def styles() -> FileResponse:
    return FileResponse(HERE / "page.css", media_type="text/css")


@router.get("/icon.svg")
async def icon() -> FileResponse:
    return FileResponse(HERE / "icon.svg", media_type="image/svg+xml")


@router.get("/assets/{name}")
async def asset(edge: EdgeOf, name: str) -> FileResponse:
    """Serve a built file; its name holds a hash of its content, so it never changes."""
    folder = (edge.static / "assets").resolve()
    try:
        place = (folder / name).resolve()
        there = place.parent == folder and place.is_file()
    except (OSError, ValueError):  # no name of a file at all
        there = False
    if not there:
        raise Problem(404, "There is no such file.")
    return FileResponse(place, headers=FOR_EVER)
