"""`slack.post`, `slack.update` and `slack.upload`: say something in Slack, change it, share a file.

To ask people something, use the verb `approval`.
"""

from pathlib import PurePath
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, Field, model_validator

from baton.connector import ActionContext, Connector, Failed, Params, Result, action
from workflows.actions.notices import Post, Sent, Upload

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
    await_: Literal["sent"] | None = Field(
        None,
        alias="await",
        description="The step is done only when the message stands in Slack. Left out: when it is stored.",
    )


def _is_absent(value: Any) -> bool:
    return value is None


class Standing(BaseModel):
    notice_id: str = Field(description="Which message, for `slack.update`.")
    channel: str = Field(description="The id of its channel.")
    ts: str = Field(description="Its time in Slack, which names it.")
    permalink: str | None = Field(description="Its address; null where Slack does not tell it.")


class Posted(BaseModel):
    notice_id: str = Field(description="Which message, for `slack.update`; of several the first.")
    notice_ids: list[str] | None = Field(
        None, description="With a list of channels: one for each.", exclude_if=_is_absent
    )
    channel: str | None = Field(
        None,
        description="With `await: sent`: the id of the channel that it stands in.",
        exclude_if=_is_absent,
    )
    ts: str | None = Field(
        None,
        description="With `await: sent`: its time in Slack, which names it.",
        exclude_if=_is_absent,
    )
    permalink: str | None = Field(
        None,
        description="With `await: sent`: its address, where Slack tells it.",
        exclude_if=_is_absent,
    )
    messages: list[Standing] | None = Field(
        None,
        description="With `await: sent` and a list of channels: where each stands.",
        exclude_if=_is_absent,
    )


@action("slack.post", repeatable=True, pure=True)
async def post(params: NewPost, ctx: ActionContext) -> Result[Posted]:
    """Post a message. The step is done when Baton has stored it; it is sent soon after.

    With `await: sent` the step waits until the message stands in Slack, as long as its `timeout`
    allows, through breakdowns of Slack and of Baton; it fails with the type `not_sent` where Slack
    refuses the message for good. What a channel does not take goes into the thread of the run; where
    Baton cannot post there either, the step waits until somebody invites it. Nothing is posted a
    second time when the step is run again after a crash.
    """
    notices = _notices(params, ctx.idempotency_key.upper())
    posted = Posted(notice_id=notices[0].id)
    if isinstance(params.channel, list):
        posted.notice_ids = [each.id for each in notices]
    if params.await_ is None:
        return Result(posted, notices)
    return Result(posted, notices, lambda sent: _standing(posted, sent))


def _notices(params: NewPost, key: str) -> tuple[Post, ...]:
    """Return one notice for each channel. *key* is the same for every attempt at the step."""
    awaited = params.await_ is not None
    if not isinstance(params.channel, list):
        return (Post(f"nt_{key[:26]}", params.text, params.channel, awaited=awaited),)
    return tuple(
        Post(f"nt_{key[:24]}{number:02d}", params.text, channel, awaited=awaited)
        for number, channel in enumerate(dict.fromkeys(params.channel))
    )


def _standing(posted: Posted, sent: tuple[Sent, ...]) -> Posted:
    """Add where the messages stand."""
    first = sent[0]
    place = {"channel": first.channel, "ts": first.ts, "permalink": first.permalink}
    if posted.notice_ids is None:
        return posted.model_copy(update=place)
    messages = [
        Standing(notice_id=name, channel=each.channel, ts=each.ts, permalink=each.permalink)
        for name, each in zip(posted.notice_ids, sent, strict=True)
    ]
    return posted.model_copy(update={**place, "messages": messages})


class NewText(Params):
    notice_id: str = Field(
        pattern="^nt_[0-9A-Z]{26}$",
        description="Which message: what `slack.post` of this run gave.",
        examples=["{{ steps.say.output.notice_id }}"],
    )
    text: str = Field(
        min_length=1, max_length=12_000, description="What it says from now on, in plain words."
    )


class Updated(BaseModel):
    notice_id: str = Field(description="The message's own, as it was given.")


@action("slack.update", repeatable=True, pure=True)
async def update(params: NewText, ctx: ActionContext) -> Result[Updated]:
    """Change what a message says that this run posted. One that was not sent yet is sent like this."""
    own = f"nt_{ctx.idempotency_key.upper()[:26]}"
    changed = Post(own, params.text, instead_of=params.notice_id)
    return Result(Updated(notice_id=params.notice_id), (changed,))


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


class Uploaded(BaseModel):
    notice_id: str = Field(description="Which message it is.")
    name: str = Field(description="What it is called in Slack.")
    size: int = Field(description="In bytes.")


@action("slack.upload", repeatable=True)
async def upload(params: NewUpload, ctx: ActionContext) -> Result[Uploaded]:
    """Share a text or a file in the thread of the run. The step is done when Baton has stored it.

    The bytes are read now and sent soon after, in their turn among the messages of the thread. Where
    Baton's app may not share files, a line in the thread says so.
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
    return Result(Uploaded(notice_id=own, name=name, size=len(content)), (file,))


connector = Connector("slack", actions=(post, update, upload))
