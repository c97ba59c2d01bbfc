"""`slack.post`, `slack.update` and `slack.upload`: say something in Slack, change it, share a file.

To ask people something, use the verb `approval`.
"""

from pathlib import PurePath
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from baton.connector import ActionContext, Connector, Failed, Params, Result, action
from workflows.actions.notices import Post, Upload

__all__ = ["connector"]

LARGEST: Final = 3 * 2**20  # bytes of a file

Channel = Annotated[str, Field(min_length=1, max_length=80)]


class NewPost(Params):
    text: str = Field(
        min_length=1,
        max_length=12_000,
        description="What to say, in plain words.",
        examples=["Released 1f2e3d4 to production."],
    )
    channel: Channel | Annotated[list[Channel], Field(min_length=1, max_length=20)] | None = Field(
        None,
        description="A channel, as #name or an id, or a list of them: each gets a message. Left out: the thread of the run.",
        examples=["#releases", ["#releases", "#support"]],
    )


@action("slack.post", repeatable=True)
async def post(params: NewPost, ctx: ActionContext) -> Result:
    """Post a message. The step is done when Baton has stored it; it is sent soon after.

    The output is `{notice_id}`, and for a list of channels `{notice_id, notice_ids}`. Nothing is
    posted when the step is run again after a crash, unless the first attempt never got as far as
    being stored.
    """
    key = ctx.idempotency_key.upper()  # the same for every attempt at this step
    if not isinstance(params.channel, list):
        notice = Post(f"nt_{key[:26]}", params.text, params.channel)
        return Result({"notice_id": notice.id}, (notice,))
    notices = tuple(
        Post(f"nt_{key[:24]}{number:02d}", params.text, channel)
        for number, channel in enumerate(dict.fromkeys(params.channel))
    )
    ids = [notice.id for notice in notices]
    return Result({"notice_id": ids[0], "notice_ids": ids}, notices)


class NewText(Params):
    notice_id: str = Field(
        pattern="^nt_[0-9A-Z]{26}$",
        description="Which message: what `slack.post` of this run gave.",
        examples=["{{ steps.say.output.notice_id }}"],
    )
    text: str = Field(
        min_length=1, max_length=12_000, description="What it says from now on, in plain words."
    )


@action("slack.update", repeatable=True)
async def update(params: NewText, ctx: ActionContext) -> Result:
    """Change what a message says that this run posted. One that was not sent yet is sent like this.

    The output is `{notice_id}`, which is the message's own.
    """
    own = f"nt_{ctx.idempotency_key.upper()[:26]}"
    changed = Post(own, params.text, instead_of=params.notice_id)
    return Result({"notice_id": params.notice_id}, (changed,))


class NewUpload(Params):
    text: str | None = Field(
        None, min_length=1, max_length=262_144, description="What the file holds; or name a `file`."
    )
    file: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="Which file below BATON_ROOT is shared, at most 3 MiB.",
        examples=["{{ run.folder }}/report.md"],
    )
    name: str | None = Field(
        None,
        pattern=r"^[^/\\\x00-\x1f]{1,200}$",
        description="What it is called in Slack; left out, as `file` is, or `text.txt`.",
        examples=["report.md"],
    )
    title: str | None = Field(None, max_length=200, description="The words above it in Slack.")
    comment: str | None = Field(None, max_length=2000, description="What is said with it.")

    @model_validator(mode="after")
    def _holds_one(self) -> Self:
        if (self.text is None) == (self.file is None):
            raise ValueError("give either `text` or `file`")
        return self


@action("slack.upload", repeatable=True)
async def upload(params: NewUpload, ctx: ActionContext) -> Result:
    """Share a text or a file in the thread of the run. The step is done when Baton has stored it.

    The bytes are read now and sent soon after, in their turn among the messages of the thread. The
    output is `{notice_id, name, size}`, the size in bytes. Where Baton's app may not share files, a
    line in the thread says so.
    """
    if params.file is not None:
        content = await ctx.files.read(params.file, limit=LARGEST)
    else:
        content = (params.text or "").encode("utf-8", "replace")
    if not content:
        raise Failed("there is nothing in it: Slack takes no empty files", type="empty")
    name = params.name or (PurePath(params.file).name if params.file else "text.txt")
    own = f"nt_{ctx.idempotency_key.upper()[:26]}"
    file = Upload(own, params.comment or "", name=name, title=params.title, content=content)
    return Result({"notice_id": own, "name": name, "size": len(content)}, (file,))


connector = Connector("slack", actions=(post, update, upload))
