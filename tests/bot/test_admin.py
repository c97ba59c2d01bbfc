"""The admin socket: its owner's alone, one line each way, and nothing breaks it."""

import asyncio
import base64
import json
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs

from bot.admin import LIMIT, AdminRefused, AdminSocket, ask
from bot.looking import Finding
from bot.operations import UnknownCommand, perform
from bot.settings import read_settings
from bot.world.listening import LONGEST, NotListening, PortTaken, listen, listen_privately, port_of
from coordination import audit
from coordination.database import audit as audit_table
from coordination.database import delete
from coordination.database import directory as directory_table
from coordination.database import sources as sources_table
from coordination.policy import Principal
from coordination.ports import Group
from handlers.http.sessions import Sessions
from tests.coordination.scene import Scene, SmallWorld, open_scene

SESSIONS = Sessions(b"k" * 32)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    opened = await open_scene(tmp_path / "baton.db")
    yield opened
    await opened.door.close()


@pytest.fixture
def baton(scene: Scene) -> Any:
    """As much of a Baton as the socket asks for."""

    async def findings() -> tuple[Finding, ...]:
        return (Finding("slack", good=False, says="connecting"),)

    async def problems(asks: Principal) -> tuple[str, ...]:
        assert asks.admin
        return ("R-1 is halted",)

    world = SmallWorld()
    world.ids = scene.ids
    return SimpleNamespace(
        door=scene.door,
        world=world,
        sessions=SESSIONS,
        settings=read_settings(_env_file=None, public_url="https://baton.example"),
        findings=findings,
        coordinator=SimpleNamespace(problems=problems),
    )


@pytest.fixture
async def place(baton: Any, tmp_path: Path) -> AsyncIterator[Path]:
    where = tmp_path / "admin.sock"
    async with AdminSocket(where, baton).open():
        yield where
    assert not where.exists()


async def send(place: Path, line: bytes) -> Any:
    """Send raw bytes and return the answer, or None where none came."""
    reader, writer = await asyncio.open_unix_connection(place, limit=4 * LIMIT)
    writer.write(line)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return json.loads(answer) if answer else None


async def test_the_socket_is_its_owners_alone(place: Path) -> None:
    assert stat.S_ISSOCK(place.stat().st_mode)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


async def test_what_is_wrong_is_asked_there_too(place: Path) -> None:
    answer = await ask(place, {"command": "doctor"})
    assert answer is not None
    assert [(one["what"], one["good"], one["says"]) for one in answer["findings"]] == [
        ("slack", False, "connecting"),
        ("store", False, "R-1 is halted"),
    ]


async def test_a_token_is_made_written_down_and_shown_once(place: Path, scene: Scene) -> None:
    request = {"command": "token-create", "source": "ci", "scopes": ["read"], "channel": "#x"}

    made = await ask(place, request)
    listed = await ask(place, {"command": "token-list"})

    assert made is not None
    assert listed is not None
    assert made["address"] == "https://baton.example"
    assert made["token"].startswith(f"bt_{made['id']}_")
    assert made["token"] not in json.dumps(listed)
    (row,) = await scene.rows(audit_table)
    assert (row.actor, row.action, row.object) == ("admin", "token.create", made["id"])
    assert made["token"] not in str(row.detail)
    (source,) = await scene.rows(sources_table)
    assert (source.name, source.channel) == ("ci", "#x")


async def test_an_ended_token_stays_ended(place: Path, scene: Scene) -> None:
    made = await ask(place, {"command": "token-create", "source": "ci", "scopes": ["read"]})
    assert made is not None

    first = await ask(place, {"command": "token-revoke", "token": made["id"]})
    again = await ask(place, {"command": "token-revoke", "token": made["id"]})

    assert (first, again) == ({"revoked": True}, {"revoked": False})
    assert [row.action for row in await scene.rows(audit_table)] == ["token.create", "token.revoke"]
    assert await scene.door.read(audit.verify) is None


@pytest.mark.parametrize("said", ["@grace", "Grace", "<@UGRACE>", "UGRACE"])
async def test_a_person_may_be_named_as_in_slack(place: Path, said: str) -> None:
    request = {"command": "token-create", "source": "me", "scopes": ["approve"], "owner": said}
    await ask(place, request)
    link = await ask(place, {"command": "login-link", "person": said})
    listed = await ask(place, {"command": "token-list"})

    assert link is not None
    assert listed is not None
    assert [one["owner"] for one in listed["tokens"]] == ["UGRACE"]
    ticket = parse_qs(urlsplit(link["url"]).query)["t"][0]
    assert json.loads(base64.urlsafe_b64decode(ticket.partition(".")[0] + "=="))["p"] == "UGRACE"


@pytest.mark.parametrize(
    ("said", "why"),
    [("@grce", "Did you mean '@grace'"), ("", "nobody's name"), ("@sre", "a group")],
)
async def test_who_is_nobody_gets_neither_a_token_nor_a_link(
    place: Path, scene: Scene, said: str, why: str
) -> None:
    await scene.know(groups=[Group("S0SRE", "sre", "On call", ("UGRACE",))])
    token = {"command": "token-create", "source": "me", "scopes": ["approve"], "owner": said}
    for request in (token, {"command": "login-link", "person": said}):
        with pytest.raises(AdminRefused, match=why):
            await ask(place, request)
    assert await ask(place, {"command": "token-list"}) == {"tokens": []}


async def test_before_anybody_is_known_only_an_id_names_a_person(place: Path, scene: Scene) -> None:
    await scene.door.write(lambda tx: tx.execute(delete(directory_table)))
    with pytest.raises(AdminRefused, match="give the id"):
        await ask(place, {"command": "login-link", "person": "@grace"})
    assert await ask(place, {"command": "login-link", "person": "U0GRACE"}) is not None


@pytest.mark.parametrize(
    "request_", [{"command": "format-disk"}, {}, {"command": None}, {"command": ["token-list"]}]
)
async def test_what_nobody_knows_is_refused_by_name(place: Path, request_: dict[str, Any]) -> None:
    with pytest.raises(AdminRefused, match="does not know the command"):
        await ask(place, request_)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"nonsense\n",
        b"[]\n",
        b'"x"\n',
        b"\xff\xfe\n",
        b"x" * (LIMIT + 10) + b"\n",
        b'{"command": "token-create"}\n',
        b'{"command": "token-create", "source": "ci", "scopes": 5}\n',
        b'{"command": "token-create", "source": "ci", "scopes": ["read"], "days": "x"}\n',
        b'{"command": "token-revoke"}\n',
        b'{"command": "login-link"}\n',
        b"[" * 20_000 + b"\n",
    ],
    ids=range(13),
)
async def test_what_cannot_be_read_is_answered_and_changes_nothing(
    place: Path, scene: Scene, line: bytes
) -> None:
    with capture_logs():
        answer = await send(place, line)

    assert set(answer) == {"error"}
    assert await scene.rows(audit_table) == []
    assert await ask(place, {"command": "token-list"}) == {"tokens": []}


async def test_a_mistake_of_ours_ends_one_answer_and_no_more(place: Path, baton: Any) -> None:
    async def broken() -> NoReturn:
        raise RuntimeError("a secret of the inside")

    baton.findings = broken
    with capture_logs() as logs, pytest.raises(AdminRefused, match="its log says which"):
        await ask(place, {"command": "doctor"})

    assert [entry["event"] for entry in logs] == ["admin_failed"]
    assert await ask(place, {"command": "token-list"}) == {"tokens": []}


async def test_whoever_says_nothing_holds_nobody_up(place: Path) -> None:
    _, writer = await asyncio.open_unix_connection(place)

    assert await ask(place, {"command": "token-list"}) == {"tokens": []}
    writer.close()


async def test_where_no_server_is_there_is_no_answer(tmp_path: Path) -> None:
    stale = tmp_path / "stale.sock"
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(str(stale))

    for path in (tmp_path / "none.sock", stale, stale / "below"):
        assert await ask(path, {"command": "token-list"}) is None


async def test_a_socket_that_was_left_is_taken_over(baton: Any, tmp_path: Path) -> None:
    place = tmp_path / "admin.sock"
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(str(place))

    async with AdminSocket(place, baton).open():
        assert await ask(place, {"command": "token-list"}) == {"tokens": []}


async def test_a_server_that_ends_in_the_middle_is_named(tmp_path: Path) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b'{"done": {"tok')
        writer.close()

    server = await asyncio.start_unix_server(cut, tmp_path / "cut.sock")
    with pytest.raises(AdminRefused, match="ended in the middle"):
        await ask(tmp_path / "cut.sock", {"command": "token-create"})
    server.close()


async def test_a_folder_may_have_a_long_name(baton: Any, tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 15) / ("deeper" * 10)
    folder.mkdir(parents=True)
    place = folder / "admin.sock"
    assert len(str(place)) > LONGEST + 20

    async with AdminSocket(place, baton).open():
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert await ask(place, {"command": "token-list"}) == {"tokens": []}
    assert list(folder.iterdir()) == []


async def test_a_link_is_signed_for_one_person(baton: Any) -> None:
    asked = {"command": "login-link", "person": "UADA"}
    made = await perform(baton.door, baton.world, SESSIONS, asked, baton.settings)

    url, _, token = made["url"].partition("?t=")
    assert url == "https://baton.example/login"
    members = SESSIONS.read("login", token, now=baton.world.clock.now())
    assert members is not None
    assert members["p"] == "UADA"


async def test_an_operation_that_is_none_is_refused(baton: Any) -> None:
    with pytest.raises(UnknownCommand):
        await perform(baton.door, baton.world, SESSIONS, {"command": "x"}, baton.settings)


@contextmanager
def taken_port() -> Any:
    with listen("127.0.0.1", 0) as first:
        yield port_of(first)


def test_a_port_that_is_taken_is_named() -> None:
    with taken_port() as port, pytest.raises(PortTaken, match=f"Port {port} of 127.0.0.1"):
        listen("127.0.0.1", port)


def test_an_address_of_another_machine_cannot_be_listened_on(tmp_path: Path) -> None:
    with pytest.raises(NotListening, match=r"192\.0\.2\.1"):
        listen("192.0.2.1", 0)
    with pytest.raises(NotListening, match="nowhere"):
        listen_privately(tmp_path / "nowhere" / "admin.sock")
