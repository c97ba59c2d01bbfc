"""``baton doctor``: a line for each thing that may be wrong, and what to do about it."""

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from baton.commands.doctor import _skew
from baton.wire import Answer
from tests.baton.here import Done, routes, run_here

ME = {"source": "laptop", "namespace": "ci", "scopes": ["notify", "read"], "owner": "@ada"}


@pytest.fixture
def baton(
    server: Any, shell: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfdbinary: Any
) -> Callable[..., Done]:
    return run_here(server, shell, monkeypatch, capfdbinary)


def test_the_doctor_finds_nothing_where_all_is_well(server: Any, baton: Any) -> None:
    server.answer = routes(healthz={"status": "ok"}, readyz={"status": "ready"}, whoami=ME)

    done = baton("doctor")

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"FIX" not in done.stdout
    assert b"laptop for @ada, scopes: notify read" in done.stdout


def test_the_doctor_has_a_fix_for_each_fault(server: Any, baton: Any, shell: Any) -> None:
    answers = routes(healthz={"status": "ok"}, readyz={}, whoami={**ME, "scopes": ["read"]})
    unready = {"status": "not ready", "failing": {"slack": "not connected"}}
    login = Path(shell["HOME"]) / ".config" / "baton" / "login.json"
    login.parent.mkdir(parents=True)
    login.write_text("{}")
    login.chmod(0o644)

    def answer(told: Any) -> Any:
        if told.path == "/readyz":
            return 503, {}, unready
        return answers(told)

    server.answer = answer
    done = baton("doctor", "--json", HTTPS_PROXY="http://127.0.0.1:1")

    assert done.returncode == 1
    found = {each["name"]: each for each in json.loads(done.stdout)["findings"]}
    bad = {name for name, each in found.items() if not each["ok"]}
    assert {"server", "token", "login"} <= bad
    assert "slack not connected" in found["server"]["says"]
    assert "chmod 600" in found["login"]["fix"]
    assert "NO_PROXY" in found["proxy"]["fix"]
    assert all(found[name]["fix"] for name in bad)


@pytest.mark.parametrize(("late", "well"), [(0, True), (59, True), (-3600, False), (3600, False)])
def test_a_clock_that_is_wrong_is_noticed(late: int, *, well: bool) -> None:
    said = formatdate(time.time() - late, usegmt=True)

    (finding,) = _skew(Answer(200, {"date": said}, b"{}"))

    assert finding.ok is well
    assert bool(finding.fix) is not well


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"BATON_URL": None}, "address"),
        ({"BATON_URL": "ftp://x"}, "address"),
        ({}, "token"),
    ],
)
def test_the_doctor_says_what_is_missing(
    server: Any, baton: Any, variables: dict[str, str | None], name: str
) -> None:
    def answer(told: Any) -> Any:
        return (401, {}, {"detail": "Who?"}) if "whoami" in told.path else (200, {}, {"ok": 1})

    server.answer = answer
    done = baton("doctor", "--json", **variables)

    assert done.returncode == 1
    found = {each["name"]: each for each in json.loads(done.stdout)["findings"]}
    assert found[name]["ok"] is False
    assert "baton login" in found[name]["fix"]


def test_the_doctor_names_a_server_that_is_down(baton: Any, dead_url: str) -> None:
    done = baton("doctor", BATON_URL=dead_url)

    assert done.returncode == 1
    assert b"python -m bot serve" in done.stdout
