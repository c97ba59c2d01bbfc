"""Serves the browser page from the folder it was built into, and says how to build it if it is not."""

from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

INDEX = "devslack.html"


def is_built(folder: Path | None) -> bool:
    """True when there is a page to serve."""
    return folder is not None and (folder / INDEX).is_file()


def policy(ancestors: tuple[str, ...]) -> str:
    """Return the Content-Security-Policy; *ancestors* are origins that may frame the page."""
    # Nothing may be loaded from another host.
    frames = " ".join(["'self'", *ancestors])
    return (
        "default-src 'self'; img-src 'self' data:; "
        f"object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {frames}"
    )


class Page:
    """The endpoints of the page and its assets."""

    def __init__(self, folder: Path | None, ancestors: tuple[str, ...]) -> None:
        self._folder = folder
        self._headers = {
            "content-security-policy": policy(ancestors),
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
        }

    async def index(self, _request: Request) -> Response:
        """Serve the page, never from a cache, since it names the newest assets."""
        headers = {**self._headers, "cache-control": "no-cache"}
        if self._folder is None or not is_built(self._folder):
            return HTMLResponse(_absent(self._folder), headers=headers)
        return FileResponse(self._folder / INDEX, headers=headers)

    async def asset(self, request: Request) -> Response:
        """Serve a file whose name holds its hash, so it may be kept for ever."""
        file = self._find(request.path_params["path"])
        if file is None:
            return PlainTextResponse("There is no such file.", 404, headers=self._headers)
        headers = {**self._headers, "cache-control": "public, max-age=31536000, immutable"}
        return FileResponse(file, headers=headers)

    def _find(self, path: str) -> Path | None:
        if self._folder is None or "\x00" in path:
            return None
        assets = (self._folder / "assets").resolve()
        try:
            file = (assets / path).resolve()
            found = file.is_relative_to(assets) and file.is_file()
        except OSError:
            return None
        return file if found else None


def _absent(folder: Path | None) -> str:
    where = (
        f"There is no {INDEX} in {escape(str(folder))}."
        if folder
        else "No folder was given with --page."
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>devslack</title>"
        "<h1>devslack is running</h1>"
        f"<p>The page is not there. {where} Build it with <code>python3 run.py web</code> and start devslack "
        "with <code>--page FOLDER</code>.</p>"
        "<p>Web API, Socket Mode and the control API work without it: "
        "<a href=/devslack/health>/devslack/health</a>.</p></html>"
    )
