"""What is handed out for other machines is read as those machines would read it."""

import configparser
import re
import shlex
from pathlib import Path

from typer.main import get_command

from bot.__main__ import app

ROOT = Path(__file__).parents[2]
KNOWN = set(get_command(app).list_commands(None))  # type: ignore[attr-defined]  # of a group


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd heeds the case
    parser.read(ROOT / "deploy" / "baton.service")
    return parser


def bot_commands(text: str) -> list[str]:
    return re.findall(r"-m bot ([a-z-]+)", text)


def test_the_unit_starts_commands_that_exist_and_stops_them_gently() -> None:
    service = unit()["Service"]
    for name in ("ExecStartPre", "ExecStart"):
        program, *rest = shlex.split(service[name])
        assert program.startswith("/opt/baton/"), name
        assert rest[:2] == ["-m", "bot"], name
        assert rest[2] in KNOWN, name
    assert service["KillSignal"] == "SIGTERM"
    assert int(service["TimeoutStopSec"]) > 10
    assert service["Restart"] == "on-failure"


def test_the_unit_gives_the_program_no_more_than_it_needs() -> None:
    service = unit()["Service"]
    assert service["User"] not in ("", "root")
    assert service["CapabilityBoundingSet"] == ""
    for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome"):
        assert service[name] == "true"
    assert service["ProtectSystem"] == "strict"
    assert "SLACK_BOT_TOKEN=" not in (ROOT / "deploy" / "baton.service").read_text()


def test_procfile_and_image_start_commands_that_exist() -> None:
    for name in ("Procfile", "Dockerfile"):
        commands = bot_commands((ROOT / name).read_text())
        assert "serve" in commands
        assert set(commands) <= KNOWN, name
