"""Writes ``docs/reference/http.md`` from the tables that the application itself goes by."""

from collections.abc import Iterator
from typing import Any

from coordination.policy import POLICY
from handlers.http import ROUTERS
from handlers.http.access import ACCESS, ANY_TOKEN, NOBODY_ASKED, OWN, PAGE, PERSON
from handlers.http.bodies import DEPTH, FORM_LIMIT, LIMIT, PATIENCE
from handlers.http.notify import ITEMS
from handlers.http.problems import CODES, TITLES
from handlers.http.sessions import LINK_LIFE, SESSION_LIFE
from handlers.http.stream import QUIET, STUCK

WHO = {
    NOBODY_ASKED: "nobody is asked",
    PAGE: "nobody is asked; only under this server's own name",
    PERSON: "a person's login",
    ANY_TOKEN: "any token",
    OWN: "`read`, or a token of the same namespace",
}

HEAD = """# HTTP

<!-- Written by `python -m bot.reference`; a test compares. Change the code, not this page. -->

Baton answers at the address that `serve` prints, by default `http://127.0.0.1:8765`. `/openapi.json` describes
every member of every request; this page says what holds for all of them.

Send a token as `Authorization: Bearer bt_…`, or as the password of Basic with any user name. A token in the
address counts nowhere. What `read` allows, a person's login allows too; it changes nothing under `/v1`. `HEAD`
works wherever `GET` does.

## Addresses

| address | who | what |
|---|---|---|
"""

REPORTS = f"""
## Reports

`POST /v1/notify` takes `application/json` (also `*/*+json`): one event, or a list of up to {ITEMS}; and
`application/x-www-form-urlencoded`: one event in flat fields, where `labels.team=web` makes a member of an object.
**202 means stored.** A list of which only some items are good is answered with 200 and a problem in the place of
each bad one; where all are bad, with 422.

- `?dry_run=1` answers with the events as they would be stored, their keys and warnings, and stores nothing.
- `?strict=1` makes every warning a mistake.
- The same `id` from the same source again is answered as the first time. An `Idempotency-Key` does the same for a
  whole request, and refuses the key together with another body. Both are kept for seven days. If everything was a
  repeat, the answer says `Idempotent-Replayed: true`.

Starts and other decisions take an `Idempotency-Key`, or `request_id` in the body, in the same way.

## Waiting

`?wait=55` holds the answer until there is something new: an event, the end of a process (`until=` names other
statuses), the decision of an approval. `GET /v1/stream` is a stream of server-sent events that name what changed:
`event`, `process`, `thread`, `run`, `approval`. `Last-Event-ID` resumes; where that is not known any more, the first
event is `reset`, and the client reads everything again. A comment comes every {QUIET} s. A client that takes nothing
for {STUCK:.0f} s is cut.

## Limits

A body has at most {LIMIT // 1024} KiB, a form {FORM_LIMIT // 1024} KiB, and either arrives within {PATIENCE.seconds} s; JSON is UTF-8, nests at
most {DEPTH} levels and names no member twice. Lists give at most 500 items; `next` is the cursor of the following page. A login link works once,
for {LINK_LIFE.seconds // 60} minutes; a session lasts {SESSION_LIFE.seconds // 3600} hours.

The order of checks is: announced size, credentials, right, media type, body, content. So somebody without
credentials learns nothing else.

## Refusals

Every refusal is `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail`, `instance` and
`code`; `errors` has a pointer for each mistake. `instance` is the request's id, which also stands in `X-Request-Id`
and in Baton's log. On pages the same sentence stands on a page. 503 says in `Retry-After` when to come back.

| status | code | title |
|---|---|---|
"""

MORE_CODES = {
    403: ("not-eligible",),
    409: ("already-decided", "superseded"),
    422: ("comment-required", "idempotency-mismatch"),
}


def reference() -> str:
    """Return the whole page."""
    return f"{HEAD}{''.join(addresses())}{REPORTS}{''.join(codes())}"


def addresses() -> Iterator[str]:
    for row, need in ACCESS.items():
        method, _, path = row.partition(" ")
        shown = path.replace(":path}", "}")
        yield f"| {method} `{shown}` | {who(need)} | {says(method, path)} |\n"


def who(need: str) -> str:
    return WHO.get(need) or f"`{POLICY[need].scope}`"


def says(method: str, path: str) -> str:
    """Return the first sentence of what the route says of itself."""
    routes: list[Any] = [route for router in ROUTERS for route in router.routes]
    for route in routes:
        if route.path == path and method in route.methods:
            return str(route.endpoint.__doc__ or "A file of the pages.").partition("\n")[0]
    return "Describe all of this for programs."


def codes() -> Iterator[str]:
    for status, code in CODES.items():
        also = "".join(f", `{more}`" for more in MORE_CODES.get(status, ()))
        yield f"| {status} | `{code}`{also} | {TITLES[status]} |\n"
