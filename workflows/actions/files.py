"""`files.*`: the files below BATON_ROOT. No path leads out of it, and none goes through a link."""

import base64
import binascii
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from baton.connector import ActionContext, Connector, Failed, Params, action

__all__ = ["FilePath", "NewPath", "connector"]

LARGEST = 4 * 1024 * 1024
MOST = 10_000


def _not_of_git(path: str) -> str:
    """Refuse a path into the folder of a repository: what is written there may be run by git."""
    if any(part.casefold() == ".git" for part in PurePosixPath(path).parts):
        raise ValueError("nothing is written into .git; use the actions git.*")
    return path


FilePath = Annotated[str, Field(min_length=1, max_length=1024)]
NewPath = Annotated[FilePath, AfterValidator(_not_of_git)]


class WhichFile(Params):
    path: FilePath = Field(
        description="Which file, relative to BATON_ROOT.", examples=["reports/nightly.md"]
    )
    encoding: Literal["utf-8", "base64"] = Field(
        "utf-8", description="How its bytes become text; base64 for what is no text."
    )


class Content(BaseModel):
    path: str = Field(description="The path, relative to BATON_ROOT.")
    content: str = Field(description="What is in it, as text in the encoding that was asked for.")
    size: int = Field(description="How many bytes it has.")


@action("files.read", repeatable=True)
async def read(params: WhichFile, ctx: ActionContext) -> Content:
    """Read a file of at most 4 MiB. A larger one fails the step; nothing is cut off."""
    content = await ctx.files.read(params.path, limit=LARGEST)
    return Content(path=params.path, content=_text(params, content), size=len(content))


def _text(params: WhichFile, content: bytes) -> str:
    if params.encoding == "base64":
        return base64.b64encode(content).decode("ascii")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Failed(
            f"{params.path} is not text in UTF-8; `encoding: base64` reads any file.",
            type="encoding",
        ) from None


class NewFile(Params):
    path: NewPath = Field(
        description="Where to write, relative to BATON_ROOT. Missing folders are made.",
        examples=["reports/nightly.md", "{{ run.folder }}/report.md"],
    )
    content: str = Field(description="The text of the file, in the encoding.")
    encoding: Literal["utf-8", "base64"] = Field(
        "utf-8", description="What the text stands for: itself in UTF-8, or bytes in base64."
    )


class Written(BaseModel):
    path: str = Field(description="The path, relative to BATON_ROOT.")
    size: int = Field(description="How many bytes the file has now.")


@action("files.write", repeatable=True)
async def write(params: NewFile, ctx: ActionContext) -> Written:
    """Write a file, whole or not at all. A file that is there is replaced."""
    content = _bytes(params.content, params.encoding)
    await ctx.files.write(params.path, content)
    return Written(path=params.path, size=len(content))


def _bytes(text: str, encoding: str) -> bytes:
    try:
        if encoding == "base64":
            return base64.b64decode(text, validate=True)
        return text.encode()
    except (UnicodeEncodeError, binascii.Error) as error:
        raise Failed(f"content is not text in {encoding}: {error}", type="encoding") from None


class Addition(Params):
    path: NewPath = Field(
        description="Which file, relative to BATON_ROOT; one that is not there is made.",
        examples=["logs/releases.log"],
    )
    content: str = Field(
        description="What comes at the end of it, as UTF-8. A new line is not added.",
        examples=["{{ inputs.sha }} released\n"],
    )


@action("files.append", repeatable=False)
async def append(params: Addition, ctx: ActionContext) -> Written:
    """Write at the end of a file. It would be there twice if it were repeated, so it is not."""
    size = await ctx.files.append(params.path, _bytes(params.content, "utf-8"))
    return Written(path=params.path, size=size)


class FromTo(Params):
    source: NewPath = Field(alias="from", description="What, relative to BATON_ROOT.")
    to: NewPath = Field(
        description="Where to, relative to BATON_ROOT: the new path, not a folder to put it in."
    )
    replace: bool = Field(
        default=False, description="Whether a file that is there already may be replaced."
    )


class Place(BaseModel):
    path: str = Field(description="Where it is now, relative to BATON_ROOT.")


@action("files.move", repeatable=False)
async def move(params: FromTo, ctx: ActionContext) -> Place:
    """Move or rename a file or a folder in one step; nobody sees half of it."""
    await ctx.files.move(params.source, params.to, replace=params.replace)
    return Place(path=params.to)


class Copy(FromTo):
    source: FilePath = Field(alias="from", description="Which file, relative to BATON_ROOT.")


@action("files.copy", repeatable=lambda params: params.replace)
async def copy(params: Copy, ctx: ActionContext) -> Written:
    """Copy a file, whole or not at all. It may be repeated where it may replace what is there."""
    size = await ctx.files.copy(params.source, params.to, replace=params.replace)
    return Written(path=params.to, size=size)


class Unwanted(Params):
    path: NewPath = Field(
        description="What to delete, relative to BATON_ROOT; never BATON_ROOT itself.",
        examples=["{{ run.folder }}/scratch"],
    )
    recursive: bool = Field(
        default=False, description="Whether a folder goes with everything that is in it."
    )


class Deleted(BaseModel):
    path: str = Field(description="The path, relative to BATON_ROOT.")
    deleted: bool = Field(description="False where there was nothing to delete.")


@action("files.delete", repeatable=True)
async def delete(params: Unwanted, ctx: ActionContext) -> Deleted:
    """Delete a file, an empty folder, or with `recursive` a folder with all that is in it."""
    gone = await ctx.files.delete(params.path, recursive=params.recursive)
    return Deleted(path=params.path, deleted=gone)


class Folder(Params):
    path: FilePath = Field(".", description="Which folder, relative to BATON_ROOT.")
    pattern: str = Field(
        "*",
        min_length=1,
        max_length=200,
        description="What the names look like: `*` is any text, `?` one character, `[ab]` a choice.",
        examples=["*.csv"],
    )
    recursive: bool = Field(default=False, description="Whether folders inside it are looked at.")
    kind: Literal["file", "folder", "any"] = Field("file", description="What to list.")


class Entry(BaseModel):
    path: str = Field(description="The path, relative to BATON_ROOT.")
    name: str = Field(description="Its last part.")
    kind: Literal["file", "folder", "other"] = Field(description="A link is `other`.")
    size: int = Field(description="Bytes of a file; 0 for everything else.")
    modified: datetime = Field(description="When it was last changed, in UTC.")


class Listing(BaseModel):
    entries: list[Entry] = Field(description="What was found, sorted by path.")
    count: int = Field(description="How many there are.")


@action("files.list", repeatable=True)
async def list_(params: Folder, ctx: ActionContext) -> Listing:
    """List what is in a folder, at most 10,000 entries. Links are shown and never followed."""
    found = await ctx.files.entries(params.path, recursive=params.recursive, most=MOST)
    entries = [
        Entry(
            path=each.path,
            name=PurePosixPath(each.path).name,
            kind=each.kind,
            size=each.size,
            modified=each.modified,
        )
        for each in found
        if params.kind in ("any", each.kind)
        and fnmatchcase(PurePosixPath(each.path).name, params.pattern)
    ]
    return Listing(entries=entries, count=len(entries))


connector = Connector("files", actions=(read, write, append, move, copy, delete, list_))
