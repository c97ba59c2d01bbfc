"""Cuts the power at many places of many recordings, several at once, and looks at what is left."""

import multiprocessing
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.prove.golden.checks import AT_ANY_MOMENT, all_is_said, found, wrong
from tests.prove.golden.outside import Outside
from tests.prove.golden.stage import Stage
from tests.prove.power.images import WHOLE, Image, Shown, Viewing, drawn, look, states_of
from tests.prove.power.recordings import Recording, Said

AT_ONCE = 2
PORTION = 250  # images that one process looks at in a row
LIVES = 3


@dataclass(frozen=True)
class Portion:
    """Some images of one recording, in the order of their places. *revived*: each lives on."""

    number: int
    images: Sequence[Image]
    revived: bool = False


class Cuts:
    """All recordings of a proof, and what is to be found on their images."""

    def __init__(self, stage: Stage, recordings: Sequence[Recording]) -> None:
        self.stage = stage
        self.recordings = {each.number: each for each in recordings}
        self.states = {
            each.number: states_of(each, stage.root / f"states-{each.number}")
            for each in recordings
        }

    def portions(self, count: int, revived: int, seed: int) -> list[Portion]:
        """Share *count* images, and *revived* that are begun from, among the recordings."""
        portions, each = [], -(-count // len(self.recordings))
        for number, recording in self.recordings.items():
            rng = random.Random(f"{seed}-{number}")  # noqa: S311 - it draws images
            images = drawn(recording, each, rng)
            chosen = sorted(
                rng.sample(images, min(len(images), -(-revived // len(self.recordings)))),
                key=lambda image: image.place,
            )
            portions += [
                Portion(number, chosen[at : at + 5], revived=True)
                for at in range(0, len(chosen), 5)
            ]
            slices = range(0, len(images), PORTION)
            portions += [Portion(number, images[at : at + PORTION]) for at in slices]
        return portions

    def look_at(self, portion: Portion) -> Shown:
        """Lay down and check the images of *portion*."""
        shown, recording = Shown(), self.recordings[portion.number]
        folder = self.stage.root / f"image-{id(portion)}-{multiprocessing.current_process().pid}"
        viewing = Viewing(recording, folder)
        for count, image in enumerate(portion.images):
            viewing.lay(image)
            said = [each for each in recording.said if each.place < image.place]
            problems = look(folder, said, self.states[portion.number])
            if not problems and portion.revived:
                problems = self._revive(recording, image, folder, shown)
                viewing.touched()
            elif not problems and count % WHOLE == 0:
                problems = self._whole(recording, said, folder)
                shown.counts["images checked from end to end"] += 1
                viewing.touched()
            shown.counts["images"] += 1
            shown.counts["promises looked up"] += len(said)
            shown.counts[f"images with {image.how} kept"] += 1
            shown.violations += [f"{each}  [{again(image)}]" for each in problems]
        shutil.rmtree(folder)
        return shown

    def _whole(self, recording: Recording, said: Sequence[Said], folder: Path) -> list[str]:
        outside = as_it_was(recording, said)
        return wrong(found(folder, outside, self.stage.warm.compiled[0]), AT_ANY_MOMENT)

    def _revive(self, recording: Recording, image: Image, folder: Path, shown: Shown) -> list[str]:
        """Begin again on an image, and go on until the scenario is through."""
        said = [each for each in recording.said if each.place < image.place]
        outside = as_it_was(recording, said)
        data = self.stage.fresh()
        for name in ("baton.db", "baton.db-wal", "baton.db-shm"):
            (data / name).unlink(missing_ok=True)
            if (folder / name).exists():
                shutil.copy(folder / name, data / name)
        for _ in range(LIVES):
            if not (outside.through and all_is_said(data)):
                self.stage.play(data, outside)
        shown.counts["images begun from"] += 1
        problems = wrong(found(data, outside, self.stage.warm.compiled[0]))
        shutil.rmtree(data)
        return problems


def as_it_was(recording: Recording, said: Sequence[Said]) -> Outside:
    """Return the world outside as it was when only *said* had been said."""
    whole = recording.outside
    events = {each.what["id"] for each in said if each.kind == "event"}
    decisions = {each.what["id"] for each in said if each.kind == "decision"}
    notices = {each.what["notice"] for each in said if each.kind == "message"}
    return Outside(
        whole.token,
        whole.decider,
        events=whole.events,
        effects=[each.what for each in said if each.kind == "effect"],
        messages=[
            dict(message)
            for message in whole.messages
            if message["metadata"]["event_payload"]["o"] in notices
        ],
        acknowledged={key: id_ for key, id_ in whole.acknowledged.items() if id_ in events},
        decided={id_: state for id_, state in whole.decided.items() if id_ in decisions},
    )


_cuts: list[Cuts] = []  # of this process; those that are forked off it inherit it


def _look_at(portion: Portion) -> Shown:
    return _cuts[0].look_at(portion)


def cut(cuts: Cuts, portions: Sequence[Portion]) -> Iterator[Shown]:
    """Look at all *portions*, a few at once."""
    _cuts[:] = [cuts]
    with multiprocessing.get_context("fork").Pool(AT_ONCE) as pool:
        yield from pool.imap_unordered(_look_at, portions)


def again(image: Image) -> str:
    return f"python3 run.py prove power --at {image}"
