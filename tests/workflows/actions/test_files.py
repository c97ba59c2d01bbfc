"""The actions on files: real ones, below a folder that nothing leads out of."""

from typing import Any

import pytest
from pydantic import ValidationError

from baton.connector import Failed
from tests.workflows.actions.fakes import Context, Perform
from workflows.actions.registry import Registry


async def test_a_file_is_read_as_text_or_as_bytes(perform: Perform, ctx: Context) -> None:
    (ctx.files.root / "a.txt").write_bytes("über".encode())
    (ctx.files.root / "a.bin").write_bytes(b"\xff\x00")

    assert (await perform("files.read", {"path": "a.txt"})).model_dump() == {
        "path": "a.txt",
        "content": "über",
        "size": 5,
    }
    assert (await perform("files.read", {"path": "a.bin", "encoding": "base64"})).content == "/wA="
    with pytest.raises(Failed, match="encoding: base64") as caught:
        await perform("files.read", {"path": "a.bin"})
    assert caught.value.type == "encoding"


async def test_bytes_are_written_from_base64(perform: Perform, ctx: Context) -> None:
    given = {"path": "x/a.bin", "content": "/wA=", "encoding": "base64"}
    assert (await perform("files.write", given)).size == 2
    assert (ctx.files.root / "x/a.bin").read_bytes() == b"\xff\x00"
    with pytest.raises(Failed, match="base64"):
        await perform("files.write", {**given, "content": "no base64!"})
    assert (ctx.files.root / "x/a.bin").read_bytes() == b"\xff\x00"


async def test_a_line_is_added_at_the_end(perform: Perform, ctx: Context) -> None:
    first = await perform("files.append", {"path": "logs/a.log", "content": "one\n"})
    second = await perform("files.append", {"path": "logs/a.log", "content": "two\n"})
    assert (first.size, second.size) == (4, 8)
    assert (ctx.files.root / "logs/a.log").read_text() == "one\ntwo\n"


async def test_files_and_folders_are_moved(perform: Perform, ctx: Context) -> None:
    root = ctx.files.root
    (root / "a").mkdir()
    (root / "a/x").write_text("x")
    assert (await perform("files.move", {"from": "a", "to": "deep/b"})).path == "deep/b"
    await perform("files.move", {"from": "deep/b/x", "to": "y"})
    assert (root / "y").read_text() == "x"
    assert not (root / "a").exists()
    assert list((root / "deep/b").iterdir()) == []


@pytest.mark.parametrize("name", ["files.move", "files.copy"])
async def test_what_is_there_is_replaced_only_where_that_is_said(
    perform: Perform, ctx: Context, name: str
) -> None:
    root = ctx.files.root
    (root / "new").write_text("new")
    (root / "old").write_text("old")

    with pytest.raises(Failed, match="new to old"):
        await perform(name, {"from": "new", "to": "old"})
    assert (root / "old").read_text() == "old"
    assert (root / "new").read_text() == "new"
    await perform(name, {"from": "new", "to": "old", "replace": True})

    assert (root / "old").read_text() == "new"
    assert (root / "new").exists() == (name == "files.copy")
    assert not [each for each in root.iterdir() if each.name.endswith(".part")]


async def test_a_folder_takes_no_place_that_is_taken(perform: Perform, ctx: Context) -> None:
    (ctx.files.root / "one").mkdir()
    (ctx.files.root / "two").mkdir()
    with pytest.raises(Failed, match="one to two"):
        await perform("files.move", {"from": "one", "to": "two"})
    with pytest.raises(Failed):
        await perform("files.move", {"from": "one", "to": "one/inside"})
    assert (ctx.files.root / "one").is_dir()


async def test_deleting_twice_is_no_mistake(perform: Perform, ctx: Context) -> None:
    (ctx.files.root / "a").write_text("a")
    assert (await perform("files.delete", {"path": "a"})).deleted
    assert not (await perform("files.delete", {"path": "a"})).deleted
    assert not (await perform("files.delete", {"path": "no/such"})).deleted


async def test_a_folder_goes_with_what_is_in_it_only_where_that_is_said(
    perform: Perform, ctx: Context
) -> None:
    root = ctx.files.root
    (root / "keep").mkdir()
    (root / "keep/x").write_text("x")
    (root / "go/deep").mkdir(parents=True)
    (root / "go/deep/y").write_text("y")
    (root / "go/link").symlink_to(root / "keep")

    with pytest.raises(Failed, match="cannot be deleted"):
        await perform("files.delete", {"path": "go"})
    assert (root / "go/deep/y").exists()
    await perform("files.delete", {"path": "go", "recursive": True})

    assert [each.name for each in root.iterdir()] == ["keep"]
    assert (root / "keep/x").read_text() == "x"


@pytest.mark.parametrize("path", [".", "./", "a/..", "..", "../..", "/", "/etc"])
async def test_the_root_and_what_is_outside_is_never_deleted(
    perform: Perform, ctx: Context, path: str
) -> None:
    (ctx.files.root / "a").mkdir()
    with pytest.raises(Failed) as caught:
        await perform("files.delete", {"path": path, "recursive": True})
    assert caught.value.type == "path"
    assert (ctx.files.root / "a").is_dir()


async def test_a_folder_is_listed(perform: Perform, ctx: Context) -> None:
    root = ctx.files.root
    (root / "in/deep").mkdir(parents=True)
    for name in ("b.csv", "a.csv", "c.txt", "deep/d.csv"):
        (root / "in" / name).write_text("12345")
    (root / "in/away").symlink_to("/etc")

    flat = await perform("files.list", {"path": "in", "pattern": "*.csv"})
    deep = await perform("files.list", {"path": "in", "pattern": "*.csv", "recursive": True})
    every = await perform("files.list", {"kind": "any", "path": "in"})

    assert [each.path for each in flat.entries] == ["in/a.csv", "in/b.csv"]
    assert (flat.count, flat.entries[0].name, flat.entries[0].size) == (2, "a.csv", 5)
    assert flat.entries[0].modified.tzinfo is not None
    assert [each.path for each in deep.entries] == ["in/a.csv", "in/b.csv", "in/deep/d.csv"]
    assert {each.name: each.kind for each in every.entries} == {
        "a.csv": "file", "away": "other", "b.csv": "file", "c.txt": "file", "deep": "folder",
    }  # fmt: skip
    assert (await perform("files.list", {"kind": "folder"})).entries[0].path == "in"


async def test_too_long_a_listing_is_refused(ctx: Context) -> None:
    for number in range(4):
        (ctx.files.root / str(number)).write_text("")
    with pytest.raises(Failed, match="over 3 entries") as caught:
        await ctx.files.entries(".", recursive=False, most=3)
    assert caught.value.type == "limit"
    assert len(await ctx.files.entries(".", recursive=False, most=4)) == 4


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("files.write", {"path": "shop/.git/hooks/pre-commit", "content": "#!/bin/sh"}),
        ("files.append", {"path": ".GIT/config", "content": "[core]"}),
        ("files.move", {"from": "a", "to": "shop/.git"}),
        ("files.move", {"from": "shop/.git", "to": "a"}),
        ("files.copy", {"from": "a", "to": "shop/.git/config"}),
        ("files.delete", {"path": "shop/.git/index"}),
        ("data.write", {"path": ".git/config", "format": "yaml", "value": {}}),
    ],
)
async def test_nothing_is_written_into_the_folder_of_a_repository(
    perform: Perform, ctx: Context, name: str, params: dict[str, Any]
) -> None:
    (ctx.files.root / "a").write_text("a")
    with pytest.raises(ValidationError, match=r"git\.\*"):
        await perform(name, params)
    assert [each.name for each in ctx.files.root.iterdir()] == ["a"]


@pytest.mark.parametrize("path", ["../out", "link/out", "/etc/out", "a/../../out", "a\0b"])
async def test_no_action_leads_out(perform: Perform, ctx: Context, path: str) -> None:
    root = ctx.files.root
    (root / "work").write_text("w")
    (root / "link").symlink_to(root.parent)
    before = sorted(root.parent.iterdir())
    for name, params in [
        ("files.read", {"path": path}),
        ("files.write", {"path": path, "content": "x"}),
        ("files.append", {"path": path, "content": "x"}),
        ("files.move", {"from": "work", "to": path}),
        ("files.move", {"from": path, "to": "here"}),
        ("files.copy", {"from": "work", "to": path}),
        ("files.copy", {"from": path, "to": "here"}),
        ("files.delete", {"path": path}),
        ("files.list", {"path": path}),
        ("data.read", {"path": path, "format": "json"}),
        ("data.write", {"path": path, "format": "json", "value": 1}),
    ]:
        with pytest.raises(Failed):
            await perform(name, params)
    assert sorted(root.parent.iterdir()) == before
    assert sorted(each.name for each in root.iterdir()) == ["link", "work"]


async def test_a_link_is_neither_read_nor_copied_nor_moved_nor_added_to(
    perform: Perform, ctx: Context
) -> None:
    root = ctx.files.root
    outside = root.parent / f"{root.name}-outside"
    outside.write_text("secret")
    (root / "link").symlink_to(outside)
    for name, params in [
        ("files.read", {"path": "link"}),
        ("files.copy", {"from": "link", "to": "here"}),
        ("files.move", {"from": "link", "to": "here"}),
        ("files.append", {"path": "link", "content": "x"}),
    ]:
        with pytest.raises(Failed):
            await perform(name, params)
    assert (await perform("files.delete", {"path": "link"})).deleted
    assert outside.read_text() == "secret"


def test_what_may_be_repeated_says_so(registry: Registry) -> None:
    def of(name: str, **params: Any) -> bool:
        each = registry.require(name)
        return each.may_repeat(each.params.model_validate(params))

    assert of("files.copy", **{"from": "a", "to": "b", "replace": True})
    assert not of("files.copy", **{"from": "a", "to": "b"})
    assert not of("files.move", **{"from": "a", "to": "b"})
    assert not of("files.append", path="a", content="b")
    assert not of("git.commit", repository="a", message="b")
    assert of("files.delete", path="a")
