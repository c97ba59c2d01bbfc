"""Request bodies: within a limit, then by media type, and never read before the credentials."""

import asyncio
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from baton.reading import parse_form, parse_json
from handlers.http.problems import Problem, misfits

LIMIT = 1024 * 1024
LINES_LIMIT = 25 * 1024 * 1024
DEPTH = 32
FORM_LIMIT = 64 * 1024
PATIENCE = timedelta(seconds=30)
WHOLE = "baton.whole"  # an extension of the scope: the body is here, and needs no patience
JSON = re.compile(r"application/json|[\w.+-]+/[\w.-]+\+json", re.ASCII)
FORM = "application/x-www-form-urlencoded"
LINES = ("application/x-ndjson", "application/jsonl")
CLOUD_BATCH = "application/cloudevents-batch+json"
CLOUD = "application/cloudevents+json"
TAKEN = ("application/json", CLOUD, CLOUD_BATCH, *LINES, FORM)
UTF_8 = ("", "utf-8", "utf8", "us-ascii", "ascii")

Model = TypeVar("Model", bound=BaseModel)


def limit_of(request: Request) -> int:
    """Return how many bytes the body of *request* may have, as its media type says."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return LINES_LIMIT if kind in LINES and request.url.path == "/v1/notify" else LIMIT


def refuse_announced(request: Request, limit: int = LIMIT) -> None:
    """Return unless the body announces that it is longer than *limit* bytes.

    Raises:
        Problem: 413.
    """
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
        raise too_large(limit)


def refuse_ambiguous(request: Request) -> None:
    """Return unless the head says one thing twice: where the body ends, or for whom the request is.

    A gate before this server might believe the other one, and take for a body what this server would
    take for the next request. So the connection ends with the refusal. Source: RFC 9112, 3.2 and 6.3.

    Raises:
        Problem: 400.
    """
    headers = request.headers
    if "transfer-encoding" in headers and "content-length" in headers:
        said = "Send Content-Length or Transfer-Encoding, not both."
    elif len(headers.getlist("host")) > 1:
        said = "Send one Host, not several."
    else:
        return
    raise Problem(400, said, headers={"Connection": "close"})


def refuse_coded(request: Request) -> None:
    """Return unless the body is compressed or written otherwise than as it is.

    Raises:
        Problem: 415.
    """
    coding = ", ".join(request.headers.getlist("content-encoding")).strip().lower()
    if coding not in ("", "identity"):
        raise Problem(415, f"Bodies come as they are, without Content-Encoding {coding[:40]!r}.")


async def raw_body(request: Request, limit: int = LIMIT, *, within: timedelta = PATIENCE) -> bytes:
    """Read the body; one that is too long, or takes too long, is refused as soon as it is.

    Raises:
        Problem: 400, 413, or 415 for a coding other than identity.
    """
    refuse_coded(request)
    return await read_bytes(request, limit, within=within)


async def read_bytes(
    request: Request, limit: int = LIMIT, *, within: timedelta = PATIENCE
) -> bytes:
    """Read the body as `raw_body` does, whatever it is.

    Raises:
        Problem: 400, 413.
    """
    refuse_announced(request, limit)
    return await arrived(request.receive, limit, within=within)


async def arrived(receive: Receive, limit: int, *, within: timedelta = PATIENCE) -> bytes:
    """Return the body once the whole of it is here.

    Raises:
        ClientDisconnect: the client left in the middle.
        Problem: 400, 413.
    """
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await joined(receive, limit)
    except TimeoutError:
        raise late(within) from None


async def joined(receive: Receive, limit: int) -> bytes:
    """Return the body as `arrived` does, however long it takes."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            raise too_large(limit)
        if not message.get("more_body", False):
            return bytes(body)


def late(within: timedelta) -> Problem:
    return Problem(400, f"The body did not arrive within {within.seconds} s.")


def too_large(limit: int) -> Problem:
    return Problem(
        413, f"The body has over {limit} bytes. Send less at once, or leave results out."
    )


def media_type(request: Request) -> str:
    """Return the media type of the body, in lower case and without parameters.

    Raises:
        Problem: 415 for a charset that is not UTF-8, and for two types.
    """
    said = request.headers.getlist("content-type")
    if len(said) > 1:
        raise Problem(415, "Send one Content-Type, not several.")
    kind, _, parameters = (said[0] if said else "").lower().partition(";")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in UTF_8:
            raise Problem(415, f"Send the body in UTF-8, not in {value.strip()[:40]!r}.")
    return kind.strip()


def decoded(kind: str, raw: bytes) -> Any:
    """Return what *raw* says: JSON (also ``*/*+json``), or a form.

    Raises:
        MalformedBody: it is not what it says it is.
        Problem: 415 for other media types.
    """
    if JSON.fullmatch(kind) and "cloudevents" not in kind:
        return parse_json(raw, DEPTH)
    if kind == FORM:
        if len(raw) > FORM_LIMIT:
            raise too_large(FORM_LIMIT)
        return parse_form(raw)
    raise not_taken(kind, ("application/json", FORM))


def not_taken(kind: str, taken: Iterable[str]) -> Problem:
    """Say which media types are taken instead of *kind*."""
    said = repr(kind[:60]) if kind else "a body without Content-Type"
    *most, last = taken
    return Problem(
        415,
        f"Send {', '.join(most)} or {last}, not {said}.",
        headers={"Accept": ", ".join([*most, last])},
    )


async def read_model(request: Request, model: type[Model]) -> Model:
    """Read a JSON body as *model*; an absent body is an empty object.

    Raises:
        Problem: 413, 415, or 422 with every member that does not fit.
        MalformedBody: 400.
    """
    raw = await raw_body(request)
    kind = media_type(request) or "application/json"
    body = decoded(kind, raw) if raw else {}
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise Problem(422, "The body does not fit.", errors=misfits(error.errors())) from None


async def read_form(request: Request) -> dict[str, str]:
    """Read the form of a page; every field is text here.

    Raises:
        Problem: 413, 415.
        MalformedBody: 400.
    """
    if media_type(request) != FORM:
        raise Problem(415, "This address takes the form of the run's page.")
    fields = parse_form(await raw_body(request, FORM_LIMIT))
    return {name: text for name, text in fields.items() if isinstance(text, str)}
