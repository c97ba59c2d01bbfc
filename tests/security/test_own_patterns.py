"""T-10: our own patterns take ten times as long for ten times the text, whatever that is made of.

Patterns of users are re2's, which is linear by itself; that nothing else reads them, an import contract
holds. What is tried here is every pattern that stands in a module of ours.
"""

import collections
import importlib
import pkgutil
import re
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from workflows.rehearsal.script import static_of

PACKAGES = ("baton", "coordination", "workflows", "handlers", "bot")
SHORT, LONG = 400, 4_000
SOON = 0.02  # s of CPU; less is no harm, whatever its shape
STEEPER = 25  # times as long for ten times the text is no line any more
TRIES = 3
ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"\.([A-Za-z_]+)(?=\[|$)")
OF_YAML = {"NUMBERS": {"match"}, "WHOLE": {"match"}}  # its printer asks them, in this way alone
ASKED = re.compile(r"\b([A-Z_]{2,})\.(search|match|fullmatch|finditer|findall|subn?|split)\(")
PUMPS = (
    *("a", "A", "1", " ", "\t", "\n", ".", "-", "_", ":", "/", "\\", "<", ">", "@", "{", "}", "(", "["),
    *("'", '"', "`", "*", "&", "%", "=", ",", "#", "~", "|", "é", "\u202e", "a ", " a", "a.", ".a"),
    *("a-", "-a", "1.", "1,", "a=", "a:1 ", "<@", "<@U1> ", "{{", "}}", "{{ ", "a/", "../", "\r\n", "=a&"),
    *("bt_", "ghp_", "AKIA", "eyJ.", "xoxb-", "-----BEGIN ", "password=", "Bearer ", "://a:", "![", "](x"),
)  # fmt: skip


def modules() -> Iterator[Any]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if "__main__" not in found.name and "migrations" not in found.name:
                yield importlib.import_module(found.name)


def patterns_in(value: Any, name: str, depth: int = 0) -> Iterator[tuple[str, "re.Pattern[Any]"]]:
    if isinstance(value, re.Pattern):
        yield name, value
    elif depth < 2 and isinstance(value, tuple | list | set | frozenset):
        for place, each in enumerate(value):
            yield from patterns_in(each, f"{name}[{place}]", depth + 1)
    elif depth < 2 and isinstance(value, dict):
        for key, each in value.items():
            yield from patterns_in(each, f"{name}[{key}]", depth + 1)


def patterns() -> dict[str, "re.Pattern[Any]"]:
    """Return every pattern of ours, once, by where it stands first."""
    found: dict[tuple[Any, int], tuple[str, re.Pattern[Any]]] = {}
    for module in modules():
        for name, value in vars(module).items():
            for where, pattern in patterns_in(value, f"{module.__name__}.{name}"):
                found.setdefault((pattern.pattern, pattern.flags), (where, pattern))
    return dict(found.values())


def uses() -> dict[str, set[str]]:
    """Return in which ways the patterns of each name are asked, as the sources say."""
    found: dict[str, set[str]] = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for name, way in ASKED.findall(path.read_text(encoding="utf-8")):
                found.setdefault(name, set()).add(
                    way if way in ("match", "fullmatch") else "finditer"
                )
    return found


def cost(pattern: "re.Pattern[Any]", text: Any, ways: Collection[str] = ("finditer",)) -> float:
    """Return the least CPU, in seconds, that it takes to look a text through."""
    least = float("inf")
    for _ in range(TRIES):
        began = time.process_time()
        for way in ways:
            found = getattr(pattern, way)(text)
            collections.deque(found if way == "finditer" else (), maxlen=0)
        least = min(least, time.process_time() - began)
        if least < SOON:
            break
    return least


def is_steep(pattern: "re.Pattern[Any]", pump: str, ways: Collection[str] = ("finditer",)) -> bool:
    def text(length: int) -> Any:
        written = pump * (length // len(pump)) + "\x00!"
        return written.encode() if isinstance(pattern.pattern, bytes) else written

    long = cost(pattern, text(LONG), ways)
    return long >= SOON and long > STEEPER * max(cost(pattern, text(SHORT), ways), 1e-6)


def test_a_path_of_brackets_is_read_at_once() -> None:
    """It stands in the body of a rehearsal, which whoever may read may send."""
    began = time.process_time()
    for pump in ("[", '["', '["\\"', "[a"):
        static_of(pump * 100_000)

    assert time.process_time() - began < 2


def test_every_pattern_of_ours_is_linear() -> None:
    found, asked = patterns(), {**uses(), **OF_YAML}

    steep = {
        where: pump
        for where, pattern in found.items()
        for pump in PUMPS
        if is_steep(pattern, pump, asked.get(NAME.findall(where)[-1], {"finditer"}))
    }
    assert steep == {}
    assert len(found) > 100


@pytest.mark.parametrize("planted", [r"(a+)+$", r"\s+$", r"^(\w+\s?)*$"])
def test_a_pattern_that_is_not_is_found(planted: str) -> None:
    def planted_is_steep(pump: str) -> bool:
        if planted in (r"(a+)+$", r"^(\w+\s?)*$"):  # what doubles with each letter would never end
            text = pump * 22 + "!"
            return cost(re.compile(planted), text) >= SOON
        return is_steep(re.compile(planted), pump)

    assert any(planted_is_steep(pump) for pump in ("a", " ", "<"))
