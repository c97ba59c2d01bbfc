"""T-01, T-05: what only reads a definition or an expression runs, loads, sends and writes nothing.

An audit hook sees what Python itself does underneath. Each case runs once before it is watched, so
that what is loaded on first use is loaded.
"""

import contextlib
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.handlers.http.house import House, open_house
from workflows.language.expressions import ExpressionError, compile_expression, compile_template

HOSTILE = Path(__file__).parents[1] / "workflows/language/hostile"
FORBIDDEN = ("exec", "compile", "import", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn", "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "os.remove", "os.rename", "os.mkdir", "os.putenv", "shutil.rmtree", "ctypes.dlopen", "pickle.find_class", "marshal.loads", "code.__new__", "urllib.Request")  # fmt: skip

SENDERS = ("baton", "baton-heartbeat")  # threads in which clients of other tests still report
LOOKED_FOR = "sniffio"  # by the client of the tests, each time anew, since it is not there


class Watch:
    """What happened while somebody watched. A hook cannot be taken away, so it is told to look away."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self._note)

    def _note(self, event: str, args: Any) -> None:
        if not self.on or threading.current_thread().name in SENDERS:
            return
        writing = event == "open" and is_writing(args)
        ours = event == "import" and args[0] == LOOKED_FOR
        if (event in FORBIDDEN and not ours) or writing:
            self.seen.append(f"{event} {args!r}"[:200])

    @contextmanager
    def watching(self) -> Iterator[None]:
        self.seen.clear()
        self.on = True
        try:
            yield
        finally:
            self.on = False


def is_writing(args: Any) -> bool:
    mode, flags = args[1], args[2]
    return bool(set(str(mode or "")) & set("wax+")) or (isinstance(flags, int) and flags & 3 != 0)


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


ACTIONS = {
    "shell": "{id: a, action: shell.run, params: {argv: [touch, /tmp/baton-was-here]}}",
    "http": "{id: a, action: http.request, params: {method: GET, url: 'https://127.0.0.1/'}}",
    "file": "{id: a, action: files.write, params: {path: x, content: y}}",
    "git": "{id: a, action: git.status, params: {repository: 'ext::sh -c id'}}",
    "python": "{id: a, action: python.run, params: {code: 'import os'}}",
    "expression": "{id: a, stop: \"{{ ''.__class__.__mro__ }}\"}",
    "call": "{id: a, stop: \"{{ __import__('os').system('id') }}\"}",
    "environment": '{id: a, stop: "{{ env.HOME }}"}',
    "deep": "{id: a, stop: '{{ " + "(" * 2_000 + "'}",
    "pattern": "{id: a, stop: \"{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa!' is matching('(a+)+$') }}\"}",
}
WHOLE = {
    "a Python object": "name: !!python/object/apply:os.system [id]\n",
    "a Python module": "name: !!python/module:os\n",
    "a Python name": "name: !!python/name:os.system\n",
    "an include": "name: !include /etc/passwd\n",
    "a binary": "name: !!binary aGVsbG8=\n",
    "laughs": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "a key twice": "name: a\nname: b\nsteps: []\n",
    "nothing": "",
    **{name: f"name: pipeline\nsteps:\n  - {step}\n" for name, step in ACTIONS.items()},
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    with capture_logs():
        async with open_house(tmp_path) as opened:
            yield opened


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("known", [True, False], ids=["with a token", "without"])
async def test_validating_runs_nothing(house: House, watch: Watch, name: str, known: bool) -> None:  # noqa: FBT001
    token = await house.token("read") if known else None
    more: dict[str, Any] = {"content": WHOLE[name], "headers": {"Content-Type": "text/yaml"}}
    first = await house.post("/v1/workflows/validate", token, **more)
    with watch.watching():
        answer = await house.post("/v1/workflows/validate", token, **more)

    assert watch.seen == []
    assert answer.status_code == first.status_code == (200 if known else 401)


@pytest.mark.parametrize("name", ["shell", "http", "file"])
async def test_rehearsing_runs_nothing(house: House, watch: Watch, name: str) -> None:
    author = await house.token("admin", "publish", "read", source="authors")
    text = f"name: tried\nsteps:\n  - {ACTIONS[name]}\n"
    kind = {"Content-Type": "application/yaml"}
    put = await house.ask("PUT", "/v1/workflows/tried", author, content=text, headers=kind)
    assert put.status_code == 201, put.text
    first = await house.post("/v1/workflows/tried/dry-run", author, json={})
    with watch.watching():
        answer = await house.post("/v1/workflows/tried/dry-run", author, json={})

    assert watch.seen == []
    assert answer.status_code == first.status_code
    assert not Path("/tmp/baton-was-here").exists()  # noqa: S108 - that nobody made it


async def test_trying_an_event_runs_nothing(house: House, watch: Watch) -> None:
    token = await house.token("notify")
    body = {"process_id": "b1", "status": "failed", "message": "{{ ''.__class__ }} $(id) `id`"}
    await house.post("/v1/notify?dry_run=1", token, json=body)
    with watch.watching():
        answer = await house.post("/v1/notify?dry_run=1", token, json=body)

    assert watch.seen == []
    assert answer.status_code == 200


def hostile() -> list[str]:
    lines = (HOSTILE / "reach.txt").read_text(encoding="utf-8").split("\n")
    return [line for line in lines if line and not line.startswith("# ")]


def evaluate(text: str) -> None:
    for make in (compile_expression, lambda each: compile_template("{{ " + each + " }}")):
        try:
            make(text)({"data": {"a": 1}, "rows": [{"id": 1}], "text": "hello"})
        except ExpressionError:
            continue


def test_no_hostile_expression_reaches_the_machine(watch: Watch) -> None:
    texts = hostile()
    for text in texts:
        evaluate(text)
    with watch.watching():
        for text in texts:
            evaluate(text)

    assert watch.seen == []
    assert len(texts) >= 150


@pytest.mark.parametrize(
    "does", ["exec('1')", "__import__('this_is_no_module')", "open('x', 'w').close()"]
)
def test_what_is_watched_for_is_seen(
    watch: Watch, does: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    planted = compile(does, "planted", "exec")
    with watch.watching(), contextlib.suppress(ImportError):
        exec(planted, {})  # noqa: S102 - that it would be found

    assert watch.seen
