"""Writes ``docs/reference/http.md`` from the tables that the application itself goes by."""

from collections.abc import Iterator
from typing import Any

from coordination.policy import POLICY
from coordination.rates import APPROVE, DEFAULT, READ
from handlers.http import ROUTERS
from handlers.http.access import ACCESS, ANY_TOKEN, NOBODY_ASKED, OWN, PAGE, PERSON, SIGNED
from handlers.http.bodies import DEPTH, FORM_LIMIT, LIMIT, LINES_LIMIT, PATIENCE
from handlers.http.holding import STREAMS
from handlers.http.ndjson import LINE, MOST
from handlers.http.notify import ITEMS
from handlers.http.places import AT_WORK, WAIT
from handlers.http.problems import CODES, TITLES
from handlers.http.sessions import LINK_LIFE, SESSION_LIFE
from handlers.http.signatures import STANDARD_AGE
from handlers.http.stream import QUIET, STUCK

WHO = {
    NOBODY_ASKED: "nobody is asked",
    SIGNED: "a signature",
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

`POST /v1/notify` takes events in each of these forms. **202 means stored.**

| Content-Type | body | at most |
|---|---|---|
| `application/json`, `*/*+json` | an event, or a list of events | {LIMIT // 1024} KiB, {ITEMS} events |
| `application/x-www-form-urlencoded` | an event in flat fields: `labels.team=web` makes a member of an object, `next_steps` may come several times | {FORM_LIMIT // 1024} KiB |
| `application/x-ndjson`, `application/jsonl` | an event a line; lines are stored while the others still arrive | {LINES_LIMIT // 1024**2} MiB, {MOST} lines of {LINE // 1024} KiB |
| `application/cloudevents+json` | a CloudEvent, version 1.0 or 0.3 | {LIMIT // 1024} KiB |
| `application/cloudevents-batch+json` | a list of them, which may be empty | {LIMIT // 1024} KiB, {ITEMS} events |
| any, with a header `ce-specversion` | the data of a CloudEvent whose attributes are headers, percent-encoded | {LIMIT // 1024} KiB |

Of several events each is answered in its place; a bad one is `{{"index": 3, "problem": {{…}}}}` there and keeps no good
one back. If some are bad the status is 200, if all are, 422. Lines that go beyond a limit are bad ones.

- `?dry_run=1` answers with the events as they would be stored, their keys and warnings, and in `explain` why each would join which thread; it stores nothing.
- `?strict=1` makes every warning a mistake.
- The same `id` from the same source again is answered as the first time. An `Idempotency-Key` does the same for a
  whole request, and refuses the key together with another body. Both are kept for seven days. If everything was a
  repeat, the answer says `Idempotent-Replayed: true`. A CloudEvent is known by its `source` and `id` together, a
  signed report by its `webhook-id`.
- A header `traceparent` gives events that name no trace theirs.

`GET /v1/events/{{event_id}}/raw` shows what came for an event, secrets masked, for seven days. `POST …/replay` reads it
once more and says what would come of it; with `?apply=1` it is accepted as a new event.

Asked with `Accept: application/cloudevents+json`, an event is answered as a CloudEvent; a list, asked with
`application/cloudevents-batch+json`, as a batch, with the following page in the header `Link`.
`OPTIONS /v1/notify` answers the handshake of CloudEvents webhooks.

Starts and other decisions take an `Idempotency-Key`, or `request_id` in the body, in the same way.

## Signed reports

A source with the scheme `standard-webhooks` reports without a token: with `webhook-id`, `webhook-timestamp` and
`webhook-signature` as Standard Webhooks defines them, and `?source=NAME` where several sources sign. It then *has* to
sign: its tokens report nothing. Two secrets count at a time, so that one can take over from the other. A timestamp may
be {STANDARD_AGE} s off. Whatever is wrong, the answer is the 401 of a bad token. The same `webhook-id` again is a repeat,
and is answered as the first time.

## Waiting

`?wait=55` holds the answer until there is something new: an event, the end of a process (`until=` names other
statuses), the decision of an approval. `GET /v1/stream` is a stream of server-sent events that name what changed:
`event`, `process`, `thread`, `run`, `approval`. `Last-Event-ID` resumes; where that is not known any more, the first
event is `reset`, and the client reads everything again. A comment comes every {QUIET} s. A client that takes nothing
for {STUCK:.0f} s is cut.

## Limits

A body arrives within {PATIENCE.seconds} s, has at most {LIMIT // 1024} KiB where nothing else is said, and comes without a Content-Encoding.
JSON is UTF-8, nests at most {DEPTH} levels and names no member twice. Lists give at most 500 items; `next` is the cursor of the following page. A login link works once,
for {LINK_LIFE.seconds // 60} minutes; a session lasts {SESSION_LIFE.seconds // 3600} hours.

A source sends {DEFAULT.per_second:g} events a second, {DEFAULT.burst} at once; `rate` of the source in `baton.yaml` changes that or, with `false`, ends
it. Its reads are {READ.per_second:g} a second, {READ.burst} at once; its decisions {APPROVE.per_second:g} a second, {APPROVE.burst} at once; its streams {STREAMS}. What is beyond is 429, with
`Retry-After` in whole seconds. Lines of NDJSON are let in beyond the burst and waited for afterwards. Each of the three
is counted by itself, so a flood of events delays no decision. With {AT_WORK} reports at work, one more is 503 at
once, and so is one that would wait much longer than {WAIT:g} s to be stored: the less the disk can take, the fewer may wait.

The order of checks is: announced size, credentials, right, rate, media type, body, content. So somebody without
credentials learns nothing else. A source that was retired is told so, with 410, once its credentials were right.

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
