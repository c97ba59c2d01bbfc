"""The command in this very program, which is twenty times as fast as a new one."""

import io
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from baton.cli import main


@dataclass
class Done:
    returncode: int
    stdout: bytes
    stderr: bytes


def run_here(
    server: Any, shell: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, captured: Any
) -> Callable[..., Done]:
    """Return what runs a command line against *server*, in the environment of *shell*."""

    def run(*args: str, stdin: bytes = b"", **variables: str | None) -> Done:
        given = {**shell, "BATON_URL": server.url, "BATON_TOKEN": server.token, **variables}
        for name in [name for name in os.environ if name.startswith(("BATON_", "XDG_", "TRACEP"))]:
            monkeypatch.delenv(name)
        for name, value in given.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        captured.readouterr()
        try:
            code = main(args)
        except SystemExit as end:  # so argparse leaves
            code = end.code if isinstance(end.code, int) else 1
        return Done(code, *captured.readouterr())

    return run


def routes(**answers: Any) -> Any:
    """Answer by the last part of the path, with 200."""

    def answer(told: Any) -> tuple[int, dict[str, str], Any]:
        name = told.path.partition("?")[0].rpartition("/")[2]
        if name not in answers:
            return 404, {}, {"detail": f"There is no {name!r}.", "code": "not-found"}
        return 200, {}, answers[name]

    return answer
