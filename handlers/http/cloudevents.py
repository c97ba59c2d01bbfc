"""CloudEvents over HTTP: those that come with their attributes in headers, and those that go out.

Source: https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md
"""

import base64
import json
import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

from fastapi import Request
from starlette.responses import Response

from baton.errors import InvalidEvent, MalformedBody
from baton.reading import parse_json
from coordination.events_view import EventView
from handlers.http.bodies import CLOUD, CLOUD_BATCH, DEPTH, JSON

PREFIX = "ce-"
_TEXT = re.compile(r"text/[\w.+-]+", re.ASCII)
_FORMAT = re.compile(r"application/cloudevents(-batch)?\+json", re.ASCII | re.IGNORECASE)


def in_headers(request: Request) -> bool:
    """Say whether the attributes of a CloudEvent stand in headers: binary mode."""
    return f"{PREFIX}specversion" in request.headers


def from_headers(request: Request, kind: str, raw: bytes) -> dict[str, Any]:
    """Return the JSON form of a CloudEvent whose data is the body.

    Raises:
        InvalidEvent: an attribute comes twice, or is not percent-encoded UTF-8.
        MalformedBody: the data is not the JSON that it says it is.
    """
    envelope: dict[str, Any] = {}
    problems = []
    for name, value in request.headers.items():
        if not name.startswith(PREFIX):
            continue
        attribute = name.removeprefix(PREFIX)
        try:
            text = unquote_to_bytes(value.encode("latin-1")).decode("utf-8")
        except UnicodeDecodeError:
            problems.append((f"/{attribute}", "is not UTF-8, percent-encoded"))
            continue
        if attribute in envelope or attribute in ("data", "data_base64"):
            problems.append((f"/{attribute}", "comes twice"))
        envelope[attribute] = text
    if problems:
        raise InvalidEvent(problems)
    return envelope | with_data(kind, raw)


def with_data(kind: str, raw: bytes) -> dict[str, Any]:
    """Return the members that hold *raw*, as its media type says."""
    if not raw:
        return {}
    if JSON.fullmatch(kind) or not kind:
        try:
            return {"datacontenttype": "application/json", "data": parse_json(raw, DEPTH)}
        except MalformedBody:
            if kind:
                raise
    if _TEXT.fullmatch(kind):
        try:
            return {"datacontenttype": kind, "data": raw.decode("utf-8")}
        except UnicodeDecodeError:
            raise MalformedBody("the body is not UTF-8") from None
    coded = base64.b64encode(raw).decode()
    return {"datacontenttype": kind or "application/octet-stream", "data_base64": coded}


def wanted_form(request: Request) -> str | None:
    """Return which form of CloudEvents the client asks for; None: Baton's own."""
    found = _FORMAT.search(request.headers.get("accept", ""))
    return found[0].lower() if found else None


def cloud_event(event: EventView, *, public_url: str) -> dict[str, Any]:
    """Return a stored event in the JSON form of a CloudEvent."""
    body = event.body
    trace = body.get("trace_id") and f"00-{body['trace_id']}-{body.get('span_id') or '1' * 16}-01"
    about = body.get("process_id") and f"{body['namespace']}:{body['process_id']}"
    sequence = body.get("sequence")
    made = {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/baton/{quote(urlsplit(public_url).netloc)}/{body['source']}",
        "type": body["type"],
        "subject": about,
        "time": body["occurred_at"],
        "datacontenttype": "application/json",
        "correlationid": body.get("correlation_id"),
        "causationid": body.get("causation_id"),
        "traceparent": trace,
        "sequence": None if sequence is None else str(sequence),
        "batonrun": body.get("run_id") or event.thread_id,
        "data": {**body, "event_id": event.id, "seq": event.seq},
    }
    return {name: value for name, value in made.items() if value is not None}


def one_out(event: EventView, *, public_url: str) -> Response:
    """Answer with one CloudEvent."""
    return written(cloud_event(event, public_url=public_url), CLOUD)


def batch_out(events: tuple[EventView, ...], *, public_url: str, following: str) -> Response:
    """Answer with a batch; a batch has no place for a cursor, so it stands in the header Link."""
    answer = written([cloud_event(one, public_url=public_url) for one in events], CLOUD_BATCH)
    answer.headers["Link"] = f'<{following}>; rel="next"'
    return answer


def written(body: Any, kind: str) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), media_type=kind)
