"""What every proof ends with: how much was tried, what was broken, and what was never come by.

A proof is a folder here with a `__main__.py` that calls `prove`. `python3 run.py prove NAME --json`
prints one document `{name, seconds, counts, violations, missed, met}`; the exit code is 1 unless it is
met. `--keep` lays it down for the page of promises.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
KEPT = HERE.parent.parent / "docs" / "explanation" / "proofs"
COUNTS = pytest.StashKey[Counter[str]]()


@dataclass
class Verdict:
    """The result of one proof.

    Args:
        counts: what was tried and come by, each with how often.
        violations: one text for each promise that was broken: what, where, and how to see it again.
        missed: what had to be come by and was not, or not often enough; a bar that was not reached.
        figures: what was measured, in the unit that its name ends with.
    """

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def met(self) -> bool:
        return not self.violations and not self.missed

    def at_least(self, what: str, least: int) -> None:
        """Miss *what* unless it was counted *least* times."""
        if self.counts[what] < least:
            self.missed.append(f"{what}: {self.counts[what]} of at least {least}")

    def within(self, what: str, seconds: float, most: float) -> None:
        """Miss *what* if it took longer than *most* seconds."""
        if seconds > most:
            self.missed.append(f"{what}: {seconds:.0f} s, at most {most:.0f}")

    def public(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "seconds": round(self.seconds, 1),
            "counts": dict(sorted(self.counts.items())),
            **({"figures": self.figures} if self.figures else {}),
            "violations": self.violations,
            "missed": self.missed,
            "met": self.met,
        }


def prove(
    name: str,
    about: str,
    options: Mapping[str, Any],
    work: Callable[[argparse.Namespace, Verdict], None],
) -> int:
    """Read the command line, do *work*, print the verdict and return the exit code.

    Args:
        options: the default of each option by its name; None for a number that may be left out,
            False for one that is only said.
        work: fills the verdict. What it prints goes to the error output.
    """
    given = _read(about, options)
    verdict, began = Verdict(name), time.monotonic()
    with contextlib.redirect_stdout(sys.stderr):
        work(given, verdict)
    if not any(verdict.counts.values()):
        verdict.missed.append("nothing was tried")
    verdict.seconds = time.monotonic() - began
    if given.keep:
        keep(verdict)
    told = json.dumps(verdict.public(), indent=2) if given.json else "\n".join(_lines(verdict))
    sys.stdout.write(f"{told}\n")
    return 0 if verdict.met else 1


def _read(about: str, options: Mapping[str, Any]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--keep", action="store_true", help="lay it down for the page of promises")
    for word, default in options.items():
        if default is False:
            parser.add_argument(f"--{word}", action="store_true")
            continue
        amount = isinstance(default, int) and default > 0 and word != "seed"
        kind = _amount if amount else int if default is None else type(default)
        parser.add_argument(f"--{word}", type=kind, default=default, metavar="N")
    return parser.parse_args()


def _amount(said: str) -> int:
    """Read how much is to be tried."""
    if (number := int(said)) < 1:
        raise ValueError(said)
    return number


def _lines(verdict: Verdict) -> list[str]:
    counts = ", ".join(f"{number:,} {what}" for what, number in sorted(verdict.counts.items()))
    word = "holds" if verdict.met else "does NOT hold"
    return [
        *(f"VIOLATED {each}" for each in verdict.violations),
        *(f"MISSED   {each}" for each in verdict.missed),
        *(f"{name}: {figure:g}" for name, figure in verdict.figures.items()),
        f"{verdict.name} {word}: {counts or 'nothing was tried'} in {verdict.seconds:.1f} s",
    ]


def keep(verdict: Verdict, folder: Path = KEPT) -> None:
    """Lay *verdict* down with the day and the commit that it is about."""
    folder.mkdir(exist_ok=True)
    day = datetime.now(UTC).date().isoformat()
    told = {**verdict.public(), "day": day, "commit": _commit()}
    (folder / f"{verdict.name}.json").write_text(json.dumps(told, indent=2) + "\n")


def _commit() -> str:
    argv = ["git", "rev-parse", "--short", "HEAD"]
    told = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=HERE)
    return told.stdout.strip() or "unknown"


class _Witness:
    """Listens to pytest and writes down in *verdict* what it finds."""

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            why = str(report.longrepr).strip().splitlines() or ["failed"]
            self._verdict.violations.append(f"{report.nodeid}: {why[-1]}")
        self._verdict.counts["tests passed"] += report.when == "call" and report.passed

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._verdict.counts.update(session.config.stash.get(COUNTS, Counter()))


def by_pytest(verdict: Verdict, tests: Path, *more: str) -> None:
    """Run *tests* as one part of a proof; tests that count use the fixture `counts`."""
    ended = pytest.main(["-q", "-x", str(tests), *more], plugins=[_Witness(verdict)])
    if ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        verdict.missed.append(f"{tests.name}: pytest ended with {ended!r}")


__all__ = ["COUNTS", "Verdict", "by_pytest", "keep", "prove"]
