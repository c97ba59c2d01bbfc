from typing import Any

import pytest
from pydantic import ValidationError

from baton.connector import Failed, NotStarted
from tests.workflows.actions.fakes import Context, Perform
from workflows.actions.registry import Registry

URL = "https://status.example.com/health"


async def test_an_answer_has_its_text_and_its_value(perform: Perform, ctx: Context) -> None:
    ctx.http.answers(200, b'{"sha": "1f2e"}', content_type="application/json; charset=utf-8")
    answer = await perform("http.request", {"url": URL})

    assert ctx.http.sent == [("GET", URL, {}, None)]
    assert answer.model_dump(by_alias=True) == {
        "status": 200,
        "url": "https://there",
        "headers": {"content-type": "application/json; charset=utf-8"},
        "body": '{"sha": "1f2e"}',
        "json": {"sha": "1f2e"},
    }


@pytest.mark.parametrize("body", [b"<html>", b"{", b"NaN", b"[" * 100_000])
async def test_a_body_that_is_no_json_has_no_value(
    perform: Perform, ctx: Context, body: bytes
) -> None:
    ctx.http.answers(200, body, content_type="application/json")
    assert (await perform("http.request", {"url": URL})).json_ is None


async def test_json_is_sent_with_its_type_and_a_key_for_repeats(
    perform: Perform, ctx: Context
) -> None:
    ctx.http.answers(201)
    await perform("http.request", {"url": URL, "method": "POST", "json": {"a": [1]}})
    (sent,) = ctx.http.sent
    assert sent == (
        "POST",
        URL,
        {"content-type": "application/json", "idempotency-key": ctx.idempotency_key},
        b'{"a": [1]}',
    )


async def test_a_bad_status_fails_with_the_wait_that_the_other_side_asks_for(
    perform: Perform, ctx: Context
) -> None:
    ctx.http.answers(503, retry_after="7")
    with pytest.raises(
        Failed, match=r"GET https://status.example.com/health answered 503"
    ) as caught:
        await perform("http.request", {"url": URL})
    assert caught.value.status == 503
    assert caught.value.retry_after.total_seconds() == 7


async def test_an_allowed_status_does_not_fail(perform: Perform, ctx: Context) -> None:
    ctx.http.answers(404)
    assert (await perform("http.request", {"url": URL, "allow_status": [404]})).status == 404


async def test_an_answer_without_the_expected_text_fails(perform: Perform, ctx: Context) -> None:
    ctx.http.answers(200, b"old")
    with pytest.raises(Failed, match="without 'new'") as caught:
        await perform("http.request", {"url": URL, "expect": "new"})
    assert caught.value.type == "unexpected"


async def test_what_the_world_refuses_is_passed_on_as_it_is(perform: Perform, ctx: Context) -> None:
    ctx.http.answer = NotStarted("no such host")
    with pytest.raises(NotStarted, match="no such host"):
        await perform("http.request", {"url": URL})


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"url": URL}, True),
        ({"url": URL, "method": "HEAD"}, True),
        ({"url": URL, "method": "POST"}, False),
        ({"url": URL, "method": "DELETE"}, False),
        ({"url": URL, "method": "PUT", "honours_key": True}, True),
    ],
)
def test_only_a_safe_or_a_keyed_request_may_repeat(
    registry: Registry, params: dict[str, Any], *, expected: bool
) -> None:
    request = registry.require("http.request")
    assert request.may_repeat(request.params.model_validate(params)) is expected


def test_two_bodies_are_refused(registry: Registry) -> None:
    with pytest.raises(ValidationError, match="json or body, not both"):
        registry.require("http.request").params.model_validate({"url": URL, "json": 1, "body": "x"})


def test_a_duration_without_a_unit_is_refused(registry: Registry) -> None:
    with pytest.raises(ValidationError, match="has no unit"):
        registry.require("http.request").params.model_validate({"url": URL, "timeout": "10"})
