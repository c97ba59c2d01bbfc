"""Reads the arguments of a Web API call from wherever a client may put them."""

from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from devslack.errors import ApiError, invalid, missing
from devslack.shapes import Json, Unreadable, clean_text, parse

MOST_BYTES = 4_000_000
MOST_FIELDS = 1000

# Arguments that clients send as JSON inside a string, and the refusal when it cannot be read.
HOLD_JSON = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
    "view": "invalid_arguments",
    "unfurls": "invalid_unfurls_format",
    "prompts": "invalid_arguments",
    "files": "invalid_arguments",
    "message": "invalid_arguments",
    "outputs": "invalid_arguments",
    "loading_messages": "invalid_arguments",
    "chunks": "invalid_chunks",
}


async def read(request: Request) -> Json:
    """Merge query and body; the body wins.

    Raises:
        ApiError: the body cannot be read as what its Content-Type says.
    """
    args: Json = _form(request.scope["query_string"])
    body = await body_of(request)
    kind = request.headers.get("content-type", "").lower()
    if body:
        args |= _body(body, kind)
    return {name: _decode(name, value) for name, value in args.items()}


async def body_of(request: Request) -> bytes:
    """Return the body, and refuse one that is far too large."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MOST_BYTES:
                raise ApiError("invalid_arguments", messages=["[ERROR] the request is too large"])
            parts.append(part)
    except ClientDisconnect:
        return b""
    return b"".join(parts)


def _body(body: bytes, kind: str) -> Json:
    if kind.startswith("application/json"):
        try:
            value = parse(body)
        except Unreadable as error:
            raise ApiError("invalid_json") from error
        if not isinstance(value, dict):
            raise ApiError("json_not_object")
        return value
    if kind.startswith("multipart/form-data"):
        return _multipart(body, kind)
    if kind and not kind.startswith("application/x-www-form-urlencoded"):
        raise ApiError("invalid_post_type")
    return _form(body)


def _form(body: bytes) -> Json:
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise ApiError("invalid_form_data") from error
    return {name: value.replace("\x00", "") for name, value in pairs}


def _multipart(body: bytes, kind: str) -> Json:
    head = b"Content-Type: " + kind_line(kind) + b"\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise ApiError("invalid_form_data")
    args: Json = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            args[name] = content.decode("utf-8", "replace")
    return args


def kind_line(kind: str) -> bytes:
    """Return a header's value without what could begin another header."""
    return kind.replace("\r", "").replace("\n", "").encode("latin-1", "replace")


def _decode(name: str, value: Any) -> Any:
    if name not in HOLD_JSON or not isinstance(value, str) or not value.strip():
        return clean_text(value) if isinstance(value, str) else value
    try:
        return parse(value)
    except Unreadable as error:
        code = HOLD_JSON[name]
        if code != "invalid_arguments":
            raise ApiError(code) from error
        raise invalid("must be valid JSON", f"/{name}") from error


def text(args: Json, name: str, otherwise: str = "") -> str:
    """Return a string argument, or *otherwise* where there is none."""
    value = args.get(name)
    if value is None:
        return otherwise
    if not isinstance(value, str):
        raise invalid("must provide a string", f"/{name}")
    return value


def required(args: Json, names: tuple[str, ...]) -> None:
    """Refuse a call that lacks arguments."""
    absent = [name for name in names if args.get(name) in (None, "")]
    if absent:
        raise missing(*absent)


def flag(args: Json, name: str, *, otherwise: bool = False) -> bool:
    """Return a boolean argument, which forms send as a word or a digit."""
    value = args.get(name)
    if value is None or value == "":
        return otherwise
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "1"):
        return True
    if str(value).lower() in ("false", "0"):
        return False
    raise invalid("must provide a boolean", f"/{name}")


def whole(args: Json, name: str, otherwise: int, most: int) -> int:
    """Return a whole number from 1 to *most*; more is cut to *most*, as Slack does."""
    value = args.get(name)
    if value is None or value == "":
        return otherwise
    digits = str(value)
    if isinstance(value, bool) or not digits.isdecimal() or len(digits) > 12 or int(digits) < 1:
        raise invalid("must provide a number", f"/{name}")
    return min(int(digits), most)
