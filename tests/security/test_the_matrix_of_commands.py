"""H5, T-19: every command of a shell, by what judges it: a row of the addresses, or the file's mode."""

import inspect
import json
import shlex
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
from starlette.routing import compile_path

from baton.cli import VERBS, main
from bot.__main__ import app
from handlers.http.access import ACCESS

REFUSED = 4  # the exit code of what is not allowed
TOKEN = "bt_aaaaaaaaaaaa_" + "x" * 43

# By verb: the addresses that it may ask. What they let through, tests of the addresses say.
ASKS: Mapping[str, frozenset[str]] = {
    "notify": frozenset({"POST /v1/notify"}),
    "run": frozenset({"POST /v1/notify"}),
    "ask": frozenset({"POST /v1/approvals", "POST /v1/notify"}),
    "wait": frozenset({"GET /v1/processes/{name:path}", "GET /v1/whoami"}),
    "approve": frozenset({"GET /v1/approvals/{ref}", "POST /v1/approvals/{ref}/decision"}),
    "reject": frozenset({"GET /v1/approvals/{ref}", "POST /v1/approvals/{ref}/decision"}),
    "start": frozenset({"GET /v1/workflows/{name}", "POST /v1/workflows/{name}/runs"}),
    "status": frozenset({"GET /v1/runs/{ref}"}),
    "pause": frozenset({"POST /v1/runs/{ref}/pause"}),
    "resume": frozenset({"POST /v1/runs/{ref}/resume"}),
    "cancel": frozenset({"POST /v1/runs/{ref}/cancel"}),
    "retry": frozenset({"POST /v1/runs/{ref}/retry"}),
    "skip": frozenset({"POST /v1/runs/{ref}/skip"}),
    "rollback": frozenset({"POST /v1/runs/{ref}/rollback"}),
    "again": frozenset({"GET /v1/runs/{ref}", "POST /v1/runs/{ref}/again"}),
    "handled": frozenset({"POST /v1/runs/{ref}/handled"}),
    "signal": frozenset({"POST /v1/runs/{ref}/signal"}),
    "resolve": frozenset({"POST /v1/runs/{ref}/resolve"}),
    "runs": frozenset({"GET /v1/runs"}),
    "show": frozenset({"GET /v1/runs/{ref}"}),
    "watch": frozenset({"GET /v1/runs/{ref}", "GET /v1/stream"}),
    "events": frozenset({"GET /v1/events"}),
    "explain": frozenset({"POST /v1/notify", "GET /v1/events/{event_id}/explain"}),
    "junit": frozenset({"POST /v1/notify"}),
    "whoami": frozenset({"GET /v1/whoami"}),
    "login": frozenset({"GET /v1/whoami"}),
    "doctor": frozenset({"GET /healthz", "GET /readyz", "GET /v1/whoami"}),
}
GOES_ON = {"notify", "run", "junit", "doctor"}  # reporting hurts nobody's program; doctor tells it

# By command of the program itself: it asks the running server by the socket of its owner, it works on
# files with the rights of whoever typed it, or it is the server.
SOCKET, FILES, SERVER = "socket", "files", "server"
WORKS_ON: Mapping[str, str] = {
    "serve": SERVER,
    "migrate": FILES,
    "init": FILES,
    "doctor": SOCKET,
    "login-link": SOCKET,
    "reconcile": SOCKET,
    "preview": FILES,
    "validate": FILES,
    "dry-run": FILES,
    "test": FILES,
    "schema": FILES,
    "apply": SOCKET,
    "export": SOCKET,
    "backup": FILES,
    "restore": FILES,
    "purge": SOCKET,
    "source add": SOCKET,
    "source list": SOCKET,
    "source rotate": SOCKET,
    "source restore": SOCKET,
    "source retire": SOCKET,
    "token create": SOCKET,
    "token list": SOCKET,
    "token revoke": SOCKET,
    "token rotate": SOCKET,
    "hook rotate": SOCKET,
}


class Refusing(BaseHTTPRequestHandler):
    """Refuses whatever is asked, and notes what that was."""

    asked: list[str]

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        assert self.headers["authorization"] in (f"Bearer {TOKEN}", None)
        self.asked.append(row_of(self.command, self.path.partition("?")[0]))
        body = {"type": "urn:baton:problem:forbidden-scope", "title": "x", "status": 403}
        body |= {"detail": "This token may not.", "code": "forbidden-scope", "instance": "rq_1"}
        raw = json.dumps(body).encode()
        self.send_response(403)
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - so the base class calls them

    def log_message(self, *_: Any) -> None:
        return


def row_of(method: str, path: str) -> str:
    """Return the row of the addresses that *path* is one of."""
    for row in ACCESS:
        verb, _, pattern = row.partition(" ")
        if verb == method and compile_path(pattern)[0].match(path):
            return row
    return f"{method} {path}, which is no address"


@pytest.fixture
def refusing() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    kind = type("RefusingHere", (Refusing,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_every_verb_has_a_row() -> None:
    assert set(ASKS) == set(VERBS)
    assert {row for rows in ASKS.values() for row in rows} <= set(ACCESS)


@pytest.mark.parametrize("verb", ASKS)
def test_a_verb_asks_its_addresses_and_takes_their_no(
    verb: str,
    refusing: tuple[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    url, asked = refusing
    for name, value in {"BATON_URL": url, "BATON_TOKEN": TOKEN, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "event.json").write_text('{"process_id": "b1", "status": "failed"}')
    (tmp_path / "report.xml").write_text("<testsuite><testcase name='a'/></testsuite>")
    line = VERBS[verb].example.replace("http://127.0.0.1:8765", url)

    code = main(shlex.split(line)[1:])

    said = capfd.readouterr()
    assert set(asked) <= ASKS[verb], asked
    assert asked
    assert TOKEN not in said.out + said.err
    if verb not in GOES_ON:
        assert code == REFUSED, said


def commands(typed: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, each in typed.commands.items():
        if hasattr(each, "commands"):
            yield from commands(each, f"{before}{name} ")
        else:
            yield f"{before}{name}", each.callback


def test_every_command_of_the_program_has_a_row() -> None:
    found = dict(commands(typer.main.get_command(app)))

    assert set(found) - set(WORKS_ON) == set()
    for name, callback in found.items():
        text = Path(inspect.unwrap(callback).__code__.co_filename).read_text(encoding="utf-8")
        asks = "bot.commands.asking" in text or "from bot.admin import" in text
        assert asks or WORKS_ON[name] != SOCKET, f"{name} asks no server"
