"""Request bodies: read whole within a limit, then by media type, and never before the credentials."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from baton.reading import parse_form, parse_json
from handlers.http.problems import Problem

LIMIT = 1024 * 1024
DEPTH = 32
FORM_LIMIT = 64 * 1024

Model = TypeVar("Model", bound=BaseModel)


async def raw_body(request: Request, limit: int = LIMIT) -> bytes:
    """Read the body; one that is too long is refused at its announcement, or as soon as it is.

    Raises:
        Problem: 413, or 415 for a coding other than identity.
    """
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise Problem(415, f"Bodies come as they are, without Content-Encoding {coding[:40]!r}.")
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
        raise too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large(limit)
    return bytes(body)


def too_large(limit: int) -> Problem:
    return Problem(
        413, f"The body has over {limit} bytes. Send less at once, or leave results out."
    )


def media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def decoded(kind: str, raw: bytes) -> Any:
    """Return what *raw* says: JSON (also ``*/*+json``), or a form.

    Raises:
        MalformedBody: it is not what it says it is.
        Problem: 415 for other media types.
    """
    if kind == "application/json" or (kind.endswith("+json") and "cloudevents" not in kind):
        return parse_json(raw, DEPTH)
    if kind == "application/x-www-form-urlencoded":
        if len(raw) > FORM_LIMIT:
            raise too_large(FORM_LIMIT)
        return parse_form(raw)
    raise Problem(
        415,
        f"Send application/json or application/x-www-form-urlencoded, not {kind[:60] or 'nothing'}.",
    )


async def read_model(request: Request, model: type[Model]) -> Model:
    """Read a JSON body as *model*; an absent body is an empty object.

    Raises:
        Problem: 413, 415, or 422 with every member that does not fit.
        MalformedBody: 400.
    """
    raw = await raw_body(request)
    body = decoded(media_type(request) or "application/json", raw) if raw else {}
    try:
        return model.model_validate(body)
    except ValidationError as error:
        found = [
            {"pointer": "/" + "/".join(str(part) for part in one["loc"]), "detail": one["msg"]}
            for one in error.errors()
        ]
        raise Problem(422, "The body does not fit.", errors=found) from None
