"""Checks what a message is made of, wherever it comes from: an API call, an ack, a response_url."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from devslack.blocks import MOST_TEXT, check_blocks, complete, text_size
from devslack.errors import ApiError, invalid
from devslack.rules import Problem
from devslack.shapes import Json, dump

MOST_POST = 40_000
MOST_EDIT = 4_000
MOST_MARKDOWN = 12_000
MOST_ATTACHMENTS = 100
MOST_METADATA_BYTES = 8_000

ATTACHMENT_KEYS = frozenset(
    [
        "fallback",
        "color",
        "pretext",
        "author_name",
        "author_link",
        "author_icon",
        "author_id",
        "author_subname",
        "title",
        "title_link",
        "text",
        "fields",
        "image_url",
        "thumb_url",
        "footer",
        "footer_icon",
        "ts",
        "mrkdwn_in",
        "blocks",
        "callback_id",
        "actions",
        "attachment_type",
        "id",
        "preview",
        "from_url",
        "original_url",
        "service_name",
        "service_icon",
        "msg_subtype",
        "channel_id",
        "is_msg_unfurl",
        "message_blocks",
        "files",
        "short",
    ]
)


@dataclass(frozen=True, slots=True)
class Body:
    """The checked content of a message."""

    text: str
    blocks: list[Json] | None
    attachments: list[Json] | None
    metadata: Json | None
    truncated: bool = False
    files: list[Json] | None = None

    @property
    def empty(self) -> bool:
        """True when there is nothing to show."""
        return not (self.text or self.blocks or self.attachments or self.files)


def refuse(problems: list[Problem]) -> ApiError:
    """Return the refusal that chat methods give for blocks."""
    errors = [str(problem) for problem in problems]
    return ApiError("invalid_blocks", messages=[f"[ERROR] {e}" for e in errors], errors=errors)


def read_body(args: Json, make_id: Callable[[], str], *, most: int | None = None) -> Body:
    """Check the content arguments of a message and complete its blocks.

    Args:
        args: the arguments, JSON already decoded.
        make_id: makes the ids that blocks and elements were sent without.
        most: the most characters of text; above it ``msg_too_long``. Without it text is cut.

    Raises:
        ApiError: as ``chat.postMessage`` refuses.
    """
    text = _text(args)
    blocks = read_blocks(args.get("blocks"), make_id)
    attachments = _attachments(args.get("attachments"), make_id)
    metadata = read_metadata(args.get("metadata"))
    if most is not None and len(text) > most:
        raise ApiError("msg_too_long")
    body = Body(text[:MOST_POST], blocks, attachments, metadata, truncated=len(text) > MOST_POST)
    if body.empty:
        raise ApiError("no_text")
    return body


def _text(args: Json) -> str:
    text, markdown = args.get("text"), args.get("markdown_text")
    for name, value in (("text", text), ("markdown_text", markdown)):
        if value is not None and not isinstance(value, str):
            raise invalid("must provide a string", f"/{name}")
    if not markdown:
        return text or ""
    if text or args.get("blocks"):
        raise ApiError("markdown_text_conflict")
    if len(markdown) > MOST_MARKDOWN:
        raise ApiError("msg_too_long")
    return str(markdown)


def read_blocks(blocks: Any, make_id: Callable[[], str]) -> list[Json] | None:
    """Check the blocks of a message."""
    if blocks is None or blocks == "":
        return None
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    problems = check_blocks(blocks)
    if problems:
        raise refuse(problems)
    if text_size(blocks) > MOST_TEXT:
        raise ApiError("msg_blocks_too_long")
    return complete(blocks, make_id)


def _attachments(attachments: Any, make_id: Callable[[], str]) -> list[Json] | None:
    if attachments is None or attachments == "":
        return None
    if not isinstance(attachments, list) or not all(isinstance(a, dict) for a in attachments):
        raise ApiError("invalid_attachments", messages=["[ERROR] must provide an array of objects"])
    if len(attachments) > MOST_ATTACHMENTS:
        raise ApiError("too_many_attachments")
    return [_attachment(one, index, make_id) for index, one in enumerate(attachments)]


def _attachment(one: Json, index: int, make_id: Callable[[], str]) -> Json:
    if not set(one) <= ATTACHMENT_KEYS:
        raise ApiError("invalid_attachments", messages=["[ERROR] invalid_keys"])
    done = {**one, "id": index + 1}
    done.setdefault(
        "fallback", str(one.get("text") or one.get("title") or "[no preview available]")
    )
    if "blocks" in one:
        problems = check_blocks(one["blocks"], "message", f"/attachments/{index}/blocks")
        if problems:
            raise refuse(problems)
        done["blocks"] = complete(one["blocks"], make_id)
    return done


def read_metadata(metadata: Any) -> Json | None:
    """Check message metadata: an event_type, and a payload with at most one level below it."""
    if metadata is None or metadata in ("", {}):
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise ApiError("invalid_metadata_format")
    kind = metadata.get("event_type")
    if not isinstance(kind, str) or not 0 < len(kind) <= 255:
        raise ApiError("invalid_metadata_format")
    if not set(metadata) <= {"event_type", "event_payload"}:
        raise ApiError("invalid_metadata_format")
    if len(dump(metadata).encode()) > MOST_METADATA_BYTES:
        raise ApiError("metadata_too_large")
    if not all(_simple(value, 1) for value in metadata["event_payload"].values()):
        raise ApiError("invalid_metadata_schema")
    return {"event_type": kind, "event_payload": metadata["event_payload"]}


def _simple(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        return levels > 0 and all(_simple(v, levels - 1) for v in value.values())
    if isinstance(value, list):
        return all(_simple(v, levels) for v in value)
    return value is None or isinstance(value, (str, int, float, bool))
