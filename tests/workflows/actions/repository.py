"""Repositories to try actions on, and what is done to them by hand."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

QUIET = {
    "PATH": os.defpath,
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


def sh(folder: Path, *argv: str, env: Mapping[str, str] = QUIET) -> str:
    done = subprocess.run(
        ["git", *argv], cwd=folder, env=dict(env), capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def new_shop(folder: Path) -> Path:
    """Make a repository with one commit."""
    sh(folder, "init", "-q", "-b", "main")
    (folder / "a.txt").write_text("one\n")
    (folder / ".gitignore").write_text("*.tmp\n")
    sh(folder, "add", ".")
    sh(folder, "commit", "-q", "-m", "First\n\nWith more to say.")
    return folder
