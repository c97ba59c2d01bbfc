"""Files below one folder: no path leads out of it, and a file is there whole or not at all."""

import os
from pathlib import Path

import pytest

from baton.connector import Failed
from bot.world import files as files_module
from bot.world import folders
from bot.world.files import RootedFiles


@pytest.fixture
def files(tmp_path: Path) -> RootedFiles:
    (tmp_path / "outside.txt").write_text("secret")
    (tmp_path / "work").mkdir()
    return RootedFiles(tmp_path / "work")


async def test_what_is_written_is_read(files: RootedFiles) -> None:
    place = await files.write("runs/R-1/report.md", b"fine")
    await files.write("runs/R-1/report.md", b"better")

    assert place == files.root / "runs" / "R-1" / "report.md"
    assert await files.read("runs/R-1/report.md", limit=6) == b"better"
    assert await files.read("runs/../runs/R-1/./report.md", limit=6) == b"better"
    assert await files.read(str(place), limit=6) == b"better"
    assert [each.name for each in place.parent.iterdir()] == ["report.md"]
    assert place.stat().st_mode & 0o111 == 0


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt",
        "a/../../outside.txt",
        "/etc/hostname",
        "..",
        ".",
        "",
        "/",
        "a\0b",
        "x" * 5000,
        "work/../../outside.txt",
        "../work-of-others/file.txt",  # begins as the name of the folder does
    ],
)
async def test_no_path_leads_out(files: RootedFiles, tmp_path: Path, path: str) -> None:
    with pytest.raises(Failed) as read:
        await files.read(path, limit=100)
    with pytest.raises(Failed) as written:
        await files.write(path, b"bad")

    assert read.value.type == written.value.type == "path"
    assert len(str(read.value)) < 400
    assert (tmp_path / "outside.txt").read_text() == "secret"


async def test_no_link_leads_out(files: RootedFiles, tmp_path: Path) -> None:
    (files.root / "file").symlink_to(tmp_path / "outside.txt")
    (files.root / "folder").symlink_to(tmp_path)
    (files.root / "dangling").symlink_to(tmp_path / "new.txt")

    for path in ("file", "folder/outside.txt", "dangling"):
        with pytest.raises(Failed):
            await files.read(path, limit=100)
    with pytest.raises(Failed):
        await files.write("folder/new.txt", b"bad")
    await files.write("file", b"ours")
    await files.write("dangling", b"ours")

    assert (tmp_path / "outside.txt").read_text() == "secret"
    assert not (tmp_path / "new.txt").exists()
    assert not (files.root / "file").is_symlink()


async def test_what_is_no_file_is_not_read(files: RootedFiles) -> None:
    os.mkfifo(files.root / "pipe")
    (files.root / "folder").mkdir()

    for path in ("pipe", "folder", "missing", "folder/missing"):
        with pytest.raises(Failed) as failed:
            await files.read(path, limit=10)
        assert failed.value.type == "path"


async def test_a_long_file_is_refused_and_not_cut(files: RootedFiles) -> None:
    await files.write("long", b"x" * 11)

    with pytest.raises(Failed) as failed:
        await files.read("long", limit=10)

    assert failed.value.type == "limit"
    assert len(await files.read("long", limit=11)) == 11


async def test_what_cannot_be_written_leaves_nothing(files: RootedFiles) -> None:
    (files.root / "taken").mkdir()
    (files.root / "file").write_text("x")

    for path in ("taken", "file/below"):
        with pytest.raises(Failed, match="cannot be written"):
            await files.write(path, b"new")

    assert sorted(each.name for each in files.root.rglob("*")) == ["file", "taken"]
    assert (files.root / "file").read_text() == "x"


async def test_the_folder_is_made_when_it_is_first_written_to(tmp_path: Path) -> None:
    files = RootedFiles(tmp_path / "later" / "work")

    with pytest.raises(Failed):
        await files.read("x", limit=1)
    await files.write("x", b"1")

    assert await files.read("x", limit=1) == b"1"


async def test_no_file_grows_beyond_what_baton_writes(
    files: RootedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files.root / "big").write_bytes(b"x" * 11)
    for module in (folders, files_module):
        monkeypatch.setattr(module, "LARGEST", 10)

    assert await files.append("log", b"x" * 10) == 10
    for work in (
        files.append("log", b"y"),
        files.write("new", b"x" * 11),
        files.copy("big", "new", replace=True),
    ):
        with pytest.raises(Failed, match="more than 10 bytes") as failed:
            await work
        assert failed.value.type == "limit"

    assert (files.root / "log").read_bytes() == b"x" * 10
    assert sorted(each.name for each in files.root.iterdir()) == ["big", "log"]


async def test_nothing_is_added_to_what_is_no_file(files: RootedFiles, tmp_path: Path) -> None:
    os.mkfifo(files.root / "pipe")
    (files.root / "link").symlink_to(tmp_path / "outside.txt")
    (files.root / "folder").mkdir()

    for path in ("pipe", "link", "folder", "../outside.txt"):
        with pytest.raises(Failed):
            await files.append(path, b"bad")

    assert (tmp_path / "outside.txt").read_text() == "secret"
