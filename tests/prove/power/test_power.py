"""A few hundred power cuts on the real program, and that a store which does not sync is found out."""

import random
from pathlib import Path

import pytest

from tests.prove.golden.stage import Stage
from tests.prove.power.cuts import Cuts
from tests.prove.power.disk import SECTOR, Disk, How
from tests.prove.power.images import Image, Viewing, drawn, look
from tests.prove.power.recordings import Recording, record
from tests.prove.power.trace import Call, read

IMAGES = 120
FULL, NORMAL = 2, 1


@pytest.fixture(scope="module")
def recording(stage: Stage) -> Recording:
    return record(stage, 1)


def test_what_was_said_is_there_whenever_the_power_goes(stage: Stage, recording: Recording) -> None:
    cuts = Cuts(stage, [recording])

    shown = [cuts.look_at(each) for each in cuts.portions(IMAGES, revived=1, seed=1)]

    assert [each for one in shown for each in one.violations] == []
    assert sum(one.counts["images"] for one in shown) >= IMAGES
    assert sum(one.counts["images begun from"] for one in shown) == 1


def test_a_store_that_does_not_wait_for_the_disk_is_caught(stage: Stage) -> None:
    """`synchronous=NORMAL` answers before the log is synced: what was said is lost."""
    hasty = record(stage, 0, synchronous=NORMAL)
    viewing = Viewing(hasty, stage.root / "hasty")
    lost: list[str] = []
    for image in drawn(hasty, 60, random.Random(1)):  # noqa: S311 - it draws images
        viewing.lay(image)
        said = [each for each in hasty.said if each.place < image.place]
        lost += look(viewing.folder, said, None)

    kinds = {each.split(":")[0] for each in lost}
    assert {"P1", "P5", "P8"} <= kinds


def test_something_said_before_its_commit_is_caught(stage: Stage, recording: Recording) -> None:
    """An answer that leaves before the commit is as if it had been said a little sooner."""
    viewing = Viewing(recording, stage.root / "sooner")
    viewing.lay(Image(1, recording.said[0].place // 2, "everything", 0))
    lost = look(viewing.folder, recording.said, None)

    assert any("said and lost: event" in each for each in lost)
    assert any("said and lost: decision" in each for each in lost)


def test_half_a_unit_is_caught(stage: Stage, recording: Recording) -> None:
    viewing = Viewing(recording, stage.root / "half")
    viewing.lay(drawn(recording, 1, random.Random(1))[0])  # noqa: S311 - it draws images

    assert any(each.startswith("R2") for each in look(viewing.folder, [], {(0,)}))


TRACE = r"""
7 openat(AT_FDCWD, "\x2f\x64\x2f\x61", O_RDWR|O_CREAT, 0644) = 3
7 pwrite64(3, "\x61\x61\x61\x61", 4, 0) = 4
8 pwrite64(3, "\x62\x62", 2, 4 <unfinished ...>
7 fdatasync(3 <unfinished ...>
8 <... pwrite64 resumed>) = 2
7 <... fdatasync resumed>) = 0
7 pwrite64(3, "\x63\x63", 2, 0) = 2
7 openat(AT_FDCWD, "\x2f\x64", O_RDONLY) = 4
7 fsync(4) = 0
7 unlink("\x2f\x64\x2f\x61") = 0
"""


@pytest.fixture
def calls(tmp_path: Path) -> list[Call]:
    place = tmp_path / "trace"
    place.write_text(TRACE.strip() + "\n")
    return read(place)


def shown(calls: list[Call], upto: int, how: How, seed: int = 0) -> dict[str, bytes]:
    """Return the image before line *upto* of the trace."""
    disk = Disk("/d", {})
    moments = [(call.begun, False, call) for call in calls]
    moments += [(call.ended, True, call) for call in calls if call.ended is not None]
    for place, ended, call in sorted(moments, key=lambda each: each[:2]):
        if place < upto:
            (disk.end if ended else disk.begin)(call)
    found = disk.image(how, random.Random(seed))  # noqa: S311 - a disk
    return {name: bytes(data) for name, data in found.items()}


def test_lines_of_threads_that_wait_are_joined(calls: list[Call]) -> None:
    assert [(call.name, call.begun, call.ended) for call in calls[2:4]] == [
        ("pwrite64", 2, 4),
        ("fdatasync", 3, 5),
    ]


def test_a_new_file_is_lost_until_its_folder_is_synced(calls: list[Call]) -> None:
    assert shown(calls, 7, "nothing") == {}
    assert shown(calls, 7, "everything") == {"a": b"ccaabb"}
    assert shown(calls, 9, "nothing") == {"a": b"aaaabb"}


def test_a_file_that_was_taken_away_may_still_be_there(calls: list[Call]) -> None:
    assert shown(calls, 10, "nothing") == {"a": b"aaaabb"}
    assert shown(calls, 10, "everything") == {}


def test_what_was_not_synced_is_kept_or_lost(calls: list[Call]) -> None:
    seen = {shown(calls, 9, "writes", seed)["a"] for seed in range(20)}

    assert seen == {b"aaaabb", b"ccaabb"}


def test_a_tail_is_torn_only_where_it_ends() -> None:
    call = Call("7", "openat", ["AT_FDCWD", '"', "O_RDWR"], [b"/d/a"], 0, 0, 3)
    disk = Disk("/d", {"a": b""})
    disk.end(call)
    for at in range(0, 6 * SECTOR, SECTOR):
        disk.begin(Call("7", "pwrite64", ["3", '"', "512", str(at)], [b"x" * SECTOR], 1, 1, SECTOR))
    images = [disk.image("tail", random.Random(seed))["a"] for seed in range(400)]  # noqa: S311

    found = {bytes(image).rstrip(b"\0").count(b"x") // SECTOR for image in images}
    assert found == {2, 3, 4, 5, 6}


def test_what_somebody_left_behind_is_no_part_of_the_next_image(
    stage: Stage, recording: Recording
) -> None:
    viewing = Viewing(recording, stage.root / "left")
    viewing.lay(Image(1, 0, "nothing", 0))
    (viewing.folder / "baton.db-wal").write_bytes(b"of another image")
    viewing.touched()
    viewing.lay(Image(1, 0, "nothing", 0))

    assert not (viewing.folder / "baton.db-wal").exists()


def test_a_write_is_torn_at_sectors() -> None:
    call = Call("7", "openat", ["AT_FDCWD", '"', "O_RDWR"], [b"/d/a"], 0, 0, 3)
    write = Call("7", "pwrite64", ["3", '"', "1024", "256"], [b"x" * 1024], 1, 1, 1024)
    disk = Disk("/d", {"a": b"." * 1280})
    disk.end(call)
    disk.begin(write)
    images = [disk.image("sectors", random.Random(seed))["a"] for seed in range(30)]  # noqa: S311

    shapes = {bytes(image[256::256]) for image in images}
    assert len(shapes) == 8  # three pieces, each there or not
    assert all(len(image) == 1280 for image in images)
