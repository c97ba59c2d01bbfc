"""What a tracked file may not hold: registry hosts, this machine's paths, what should not be in git.

Runs without the conftest and in well under a second, since `check` and the commit hook use it too.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = re.compile(
    rb"\b(?:pypi|python[h]osted|npmjs|yarnpkg|npmmirror|crates|deb\.debian|goproxy)\.(?:org|com|io|net)\b"
)
BINARY = {".png", ".ico", ".woff2", ".db", ".gz"}
LARGEST = 1_500_000  # bytes; a screenshot fits


def tracked() -> list[Path]:
    """Say what git tracks, and what it would track once it is added."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout")
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def holding(pattern: re.Pattern[bytes], paths: list[Path]) -> list[str]:
    """Name the places where *pattern* stands."""
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        if path.suffix not in BINARY
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if pattern.search(line)
    ]


def test_locks_hold_no_address() -> None:
    locks = sorted(ROOT.glob("requirements*.lock"))

    assert len(locks) >= 4
    assert holding(re.compile(rb"://"), locks) == []


def test_every_locked_package_has_a_hash() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        entries = re.split(r"^(?=\w)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        assert entries
        assert [e.split()[0] for e in entries if "--hash=sha256:" not in e] == []


def test_the_lock_of_the_pages_holds_no_resolved_address() -> None:
    locks = [path for path in tracked() if path.name == "package-lock.json"]

    assert holding(re.compile(rb'"resolved"'), locks) == []


def test_no_file_names_a_registry() -> None:
    assert holding(REGISTRY, tracked()) == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    here = {re.escape(f"{path}/".encode()) for path in (ROOT, Path.home()) if len(path.parts) > 1}
    somewhere = [rb"/Users/\w", rb"/home/(?!baton\b|ada\b)\w", rb"/roo[t]/", rb"[A-Z]:\\Users"]
    pattern = re.compile(rb"(?<![\w.}>*)-])(?:" + b"|".join([*sorted(here), *somewhere]) + rb")")
    others = [path for path in tracked() if path != Path(__file__).resolve()]

    assert holding(pattern, others) == []


def test_texts_end_with_one_newline_and_files_are_small() -> None:
    paths = tracked()
    texts = [p for p in paths if p.suffix not in BINARY and p.stat().st_size]

    assert [p.name for p in paths if p.stat().st_size > LARGEST] == []
    unended = [p for p in texts if not p.read_bytes().endswith(b"\n")]
    doubled = [p for p in texts if p.read_bytes().endswith(b"\n\n")]
    assert [str(p.relative_to(ROOT)) for p in (*unended, *doubled)] == []


@pytest.mark.parametrize("line", [b"https://py" + b"pi.org/simple", b"registry.np" + b"mjs.org"])
def test_a_registry_would_be_found(line: bytes, tmp_path: Path) -> None:
    assert REGISTRY.search(line)
    assert not REGISTRY.search(b"an organisation.org about pythons")
