"""How long a definition takes from its text to being checked, and from its file to being active.

Each step has one template, and half of them are equal. No round sees a text that an earlier one
compiled: what a process remembers of other files is no help at its start.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _measure import ROOT, Bar, fixed_loop, options, report

sys.path.pop(0)  # this folder, whose click.py is another than the one of the library
sys.path.insert(0, str(ROOT))

import yaml

from bot.definitions import Definitions
from bot.publications import offline
from bot.settings import read_settings
from bot.world import make_world
from coordination.changes import Changes
from coordination.database import open_sqlite
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.together import check_together

STEPS = 500
FILES = 200
STEPS_OF_A_SMALL_FILE = 8
SHARED = "Build {{ inputs.target }} for {{ run.started_by }}"


def definition(name: str, steps: int, mark: str) -> str:
    """Return a file; every other step has a template that no other file has."""
    head = f"name: {name}\ninputs:\n  target: {{type: string, default: staging}}\nsteps:\n"
    return head + "".join(step(number, mark) for number in range(steps))


def step(number: int, mark: str) -> str:
    text = SHARED if number % 2 else f"Step {number} of {mark}: {{{{ inputs.target }}}}"
    return (
        f"  - id: step_{number}\n    name: Say {number}\n    action: baton.log\n"
        f'    params: {{message: "{text}"}}\n'
    )


def timed(work: Callable[[], object]) -> float:
    """Return how many milliseconds *work* took."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def one_large(registry: Registry, rounds: int) -> tuple[float, float]:
    """Return the best milliseconds of checking and of composing the large file, turn by turn."""
    checking, composing = [], []
    for number in range(rounds):
        text = definition("large", STEPS, f"round {number}")
        composing.append(timed(lambda text=text: yaml.compose(text, yaml.CSafeLoader)))  # type: ignore[misc]
        checking.append(timed(lambda text=text: check(text, registry, file="large.yaml")))  # type: ignore[misc]
    return min(checking), min(composing)


def many_small(registry: Registry, rounds: int) -> float:
    """Return the best milliseconds of checking all small files together."""
    found = []
    for number in range(rounds):
        files = {
            f"flow_{each}.yaml": definition(
                f"flow_{each}", STEPS_OF_A_SMALL_FILE, f"{number}.{each}"
            )
            for each in range(FILES)
        }
        found.append(timed(lambda files=files: check_together(files, registry)))  # type: ignore[misc]
    return min(found)


async def from_files(mark: str) -> tuple[float, float]:
    """Return milliseconds: all small files active at a first start, and one of them that changed.

    The second begins where the watcher hands the change over, behind its debounce.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "definitions"
        folder.mkdir()
        for each in range(FILES):
            text = definition(f"flow_{each}", STEPS_OF_A_SMALL_FILE, f"{mark}.{each}")
            (folder / f"flow_{each}.yaml").write_text(text, encoding="utf-8")
        settings = read_settings(_env_file=None, data=Path(place) / "data")
        settings.data.mkdir()
        world = make_world(root=settings.work, http_allow=(), programs=())
        door = await open_sqlite(settings.database, changes=Changes("bench"))
        folders = Definitions(offline(door, world, settings), folder, library=Path(place) / "none")
        folders.library.mkdir()
        began = time.perf_counter()
        await folders.load()
        at_start = (time.perf_counter() - began) * 1000
        changed = folder / "flow_7.yaml"
        changed.write_text(definition("flow_7", STEPS_OF_A_SMALL_FILE, "new"), encoding="utf-8")
        began = time.perf_counter()
        await folders.changed([changed])
        one = (time.perf_counter() - began) * 1000
        assert (await folders.publishing.workflow("flow_7")).revision == 2
        await door.close()
    return at_start, one


def main() -> int:
    given = options(__doc__ or "", rounds=7)
    registry = Registry(built_in(environment={}))
    one_large(registry, 1)  # what is imported and built once
    checking, composing = one_large(registry, int(given.rounds))
    small = many_small(registry, max(1, int(given.rounds) // 2))
    rounds = range(max(1, int(given.rounds) // 2))
    started = [asyncio.run(from_files(f"start {number}")) for number in rounds]
    at_start, one = (min(each) for each in zip(*started, strict=True))
    loop = fixed_loop() * 1000
    figures = {
        "check_500_steps_ms": round(checking, 1),
        "compose_500_steps_ms": round(composing, 1),
        "check_200_files_ms": round(small, 1),
        "start_200_files_ms": round(at_start, 1),
        "one_changed_file_ms": round(one, 1),
        "steps_of_each_of_200": STEPS_OF_A_SMALL_FILE,
    }
    bars = [
        Bar("check / compose", checking / composing, 6, "x", "compose, ms", composing),
        Bar("200 files", small, 1000, "ms", "2,000,000 turns of a loop, ms", loop, 10),
        Bar("200 files at start", at_start, 1000, "ms", "2,000,000 turns of a loop, ms", loop, 10),
        Bar("one changed file", one, 100, "ms", "2,000,000 turns of a loop, ms", loop, 1),
    ]
    return report("load", figures, bars, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
