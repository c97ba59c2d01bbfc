"""`http.request`: one request. Where it may go is checked by the World, before anything is sent."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from baton.connector import (
    ActionContext,
    Connector,
    Failed,
    HttpResponse,
    Params,
    action,
)
from workflows.language.durations import parse_duration

__all__ = ["connector"]

SAFE = frozenset({"GET", "HEAD"})
DEFAULT_TIMEOUT = timedelta(seconds=30)


def _duration(value: Any) -> Any:
    if type(value) in (int, float):
        value = str(value)  # which has no unit, and is refused like that
    return parse_duration(value) if isinstance(value, str) else value


class Request(Params):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    url: str = Field(
        min_length=1,
        max_length=8192,
        description="Where to: https to a public address, or what BATON_HTTP_ALLOW names.",
        examples=["https://status.example.com/health"],
    )
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = Field(
        "GET", description="GET and HEAD may be repeated after a crash."
    )
    headers: dict[str, str] = Field(
        default_factory=dict,
        description="Headers to send.",
        examples=[{"Authorization": "Bearer {{ secrets.STATUS_TOKEN }}"}],
    )
    json_: Any = Field(None, alias="json", description="A value to send as JSON.")
    body: str | None = Field(None, description="Text to send. Not together with json.")
    timeout: Annotated[timedelta, BeforeValidator(_duration)] = Field(
        DEFAULT_TIMEOUT,
        description="How long to wait for the end of the answer.",
        examples=["10s"],
        json_schema_extra={"type": "string", "format": "duration"},
    )
    allow_status: list[int] = Field(
        default_factory=list,
        description="Statuses of 400 and above that do not fail the step.",
        examples=[[404]],
    )
    expect: str | None = Field(
        None, description="Text that the answer must contain; without it the step fails."
    )
    honours_key: bool = Field(
        default=False,
        description="The other side takes an Idempotency-Key, so the request may be repeated.",
    )

    @model_validator(mode="after")
    def _one_body(self) -> "Request":
        if self.json_ is not None and self.body is not None:
            raise ValueError("give json or body, not both")
        return self


class Answer(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    status: int = Field(description="The status of the answer.")
    url: str = Field(description="Where it came from.")
    headers: dict[str, str] = Field(description="Its headers, by lower-case name.")
    body: str = Field(description="Its text.")
    json_: Any = Field(None, alias="json", description="Its value, where the body is JSON.")


def _repeatable(params: Request) -> bool:
    return params.method in SAFE or params.honours_key


@action("http.request", repeatable=_repeatable)
async def request(params: Request, ctx: ActionContext) -> Answer:
    """Send one HTTP request. A status of 400 or above fails the step; redirects are not followed."""
    headers, content = _outgoing(params, ctx.idempotency_key)
    response = await ctx.http.request(
        params.method, params.url, headers=headers, content=content, timeout=params.timeout
    )
    answer = _answer(response)
    _check(params, response, answer)
    return answer


def _outgoing(params: Request, key: str) -> tuple[dict[str, str], bytes | None]:
    headers = {name.lower(): value for name, value in params.headers.items()}
    content = params.body.encode() if params.body is not None else None
    if params.json_ is not None:
        content = json.dumps(params.json_, allow_nan=False).encode()
        headers.setdefault("content-type", "application/json")
    if params.method not in SAFE:
        headers.setdefault("idempotency-key", key)
    return headers, content


def _answer(response: HttpResponse) -> Answer:
    text = response.body.decode("utf-8", "replace")
    return Answer(
        status=response.status,
        url=response.url,
        headers=dict(response.headers),
        body=text,
        json_=_value(response.headers, text),
    )


def _value(headers: Mapping[str, str], text: str) -> Any:
    if "json" not in headers.get("content-type", ""):
        return None
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None  # the text is there for whoever wants to look at it


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _check(params: Request, response: HttpResponse, answer: Answer) -> None:
    what = f"{params.method} {params.url[:200]}"
    if response.status >= 400 and response.status not in params.allow_status:
        raise Failed(
            f"{what} answered {response.status}",
            type="http",
            status=response.status,
            retry_after=_retry_after(response.headers),
        )
    if params.expect is not None and params.expect not in answer.body:
        raise Failed(
            f"{what} answered {response.status}, without {params.expect[:100]!r} in it",
            type="unexpected",
            status=response.status,
        )


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read the seconds of ``Retry-After``; its other form, a date, is left to our own schedule."""
    seconds = headers.get("retry-after", "")
    return timedelta(seconds=int(seconds)) if seconds.isascii() and seconds.isdecimal() else None


connector = Connector("http", actions=(request,))
