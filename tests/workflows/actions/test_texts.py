"""What writes and says text: files.write, data.template, slack.post, baton.log, baton.notify."""

from typing import Any

import pytest
from pydantic import ValidationError

from baton.connector import Failed
from tests.workflows.actions.fakes import Context, Perform
from workflows.actions.notices import Post, Report, Sent
from workflows.actions.registry import Registry


async def test_a_file_is_written_with_its_folders(perform: Perform, ctx: Context) -> None:
    written = await perform("files.write", {"path": "reports/a.md", "content": "über"})
    assert written.model_dump() == {"path": "reports/a.md", "size": 5}
    assert (ctx.files.root / "reports/a.md").read_text("utf-8") == "über"


async def test_a_text_is_not_parsed_a_second_time(perform: Perform) -> None:
    rendered = await perform("data.template", {"text": "title: {{ values }}"})
    assert rendered.text == "title: {{ values }}"


async def test_a_template_file_sees_the_values_it_is_given(perform: Perform, ctx: Context) -> None:
    (ctx.files.root / "t.md").write_text("Hello {{ name | upper }}: {{ n + 1 }}")
    rendered = await perform("data.template", {"file": "t.md", "values": {"name": "ada", "n": 1}})
    assert rendered.text == "Hello ADA: 2"


@pytest.mark.parametrize("source", ["{{ missing }}", "{{ 1 +", "{% for %}"])
async def test_a_template_file_that_cannot_be_rendered_fails_the_step(
    perform: Perform, ctx: Context, source: str
) -> None:
    (ctx.files.root / "t.md").write_text(source)
    with pytest.raises(Failed, match=r"t\.md") as caught:
        await perform("data.template", {"file": "t.md"})
    assert caught.value.type == "template"


@pytest.mark.parametrize(
    "params", [{}, {"text": "a", "file": "b"}, {"text": "a", "values": {"b": 1}}]
)
def test_a_template_has_one_source(registry: Registry, params: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        registry.require("data.template").params.model_validate(params)


async def test_a_post_is_a_notice_that_every_attempt_names_alike(perform: Perform) -> None:
    first = await perform("slack.post", {"text": "released"})
    again = await perform("slack.post", {"text": "released"})
    assert first == again
    (post,) = first.notices
    assert post == Post(first.output.notice_id, "released", None)


async def test_a_text_for_several_channels_is_posted_once_in_each(perform: Perform) -> None:
    given = {"text": "done", "channel": ["#team", "C0X", "#team"]}
    first = await perform("slack.post", given)

    assert first == await perform("slack.post", given)
    assert [post.channel for post in first.notices] == ["#team", "C0X"]
    assert len({post.id for post in first.notices}) == 2
    assert first.output.model_dump() == {
        "notice_id": first.notices[0].id,
        "notice_ids": [post.id for post in first.notices],
    }


async def test_a_post_that_is_awaited_gives_where_it_stands(perform: Perform) -> None:
    result = await perform("slack.post", {"text": "done", "await": "sent"})
    (post,) = result.notices
    assert post == Post(post.id, "done", awaited=True)
    assert result.when_sent((Sent("C1", "1.2", "https://there"),)).model_dump() == {
        "notice_id": post.id,
        "channel": "C1",
        "ts": "1.2",
        "permalink": "https://there",
    }

    result = await perform("slack.post", {"text": "x", "channel": ["#a", "#b"], "await": "sent"})
    first, second = (post.id for post in result.notices)
    given = result.when_sent((Sent("CA", "1.2"), Sent("CB", "1.3"))).model_dump()
    assert (given["channel"], given["ts"], "permalink" in given) == ("CA", "1.2", False)
    assert given["messages"] == [
        {"notice_id": first, "channel": "CA", "ts": "1.2", "permalink": None},
        {"notice_id": second, "channel": "CB", "ts": "1.3", "permalink": None},
    ]


async def test_only_that_it_is_sent_can_be_awaited(perform: Perform) -> None:
    with pytest.raises(ValidationError):
        await perform("slack.post", {"text": "done", "await": "read"})


async def test_an_update_is_a_notice_for_the_same_message(perform: Perform) -> None:
    first = await perform("slack.post", {"text": "half"})
    told = first.output.notice_id
    second = await perform("slack.update", {"notice_id": told, "text": "whole"})
    assert second.output.model_dump() == {"notice_id": told}
    assert second.notices == (Post(second.notices[0].id, "whole", None, told),)


async def test_an_upload_holds_a_text_or_the_bytes_of_a_file(
    perform: Perform, ctx: Context
) -> None:
    text = await perform("slack.upload", {"text": "über"})
    (file,) = text.notices
    assert (file.name, file.content, file.text) == ("text.txt", "über".encode(), "")
    assert text.output.model_dump() == {"notice_id": file.id, "name": "text.txt", "size": 5}

    (ctx.files.root / "a").mkdir()
    (ctx.files.root / "a/b.bin").write_bytes(b"\xff\x00")
    (file,) = (await perform("slack.upload", {"file": "a/b.bin", "comment": "it"})).notices
    assert (file.name, file.content, file.text) == ("b.bin", b"\xff\x00", "it")


async def test_what_is_too_large_empty_or_outside_is_not_uploaded(
    perform: Perform, ctx: Context
) -> None:
    (ctx.files.root / "large").write_bytes(b"x" * (3 * 2**20 + 1))
    (ctx.files.root / "empty").write_bytes(b"")
    for name in ("large", "empty", "../outside", "gone"):
        with pytest.raises(Failed):
            await perform("slack.upload", {"file": name})
    for params in ({}, {"text": "x", "file": "large"}, {"text": "x", "name": "a/b"}):
        with pytest.raises(ValidationError):
            await perform("slack.upload", params)


@pytest.mark.parametrize("channel", [[], [""], 7, ["#x"] * 21])
async def test_a_list_of_no_channels_is_refused(perform: Perform, channel: Any) -> None:
    with pytest.raises(ValidationError):
        await perform("slack.post", {"text": "done", "channel": channel})


async def test_a_report_carries_the_key_that_makes_it_count_once(
    perform: Perform, ctx: Context
) -> None:
    result = await perform("baton.notify", {"process_id": "notes", "status": "completed"})
    report = Report({"process_id": "notes", "status": "completed", "id": ctx.idempotency_key})
    assert result.notices == (report,)
    assert result.output is None


async def test_a_log_line_reaches_the_log_and_nobody_else(perform: Perform, ctx: Context) -> None:
    assert await perform("baton.log", {"message": "half way", "fields": {"n": 3}}) is None
    assert ctx.log.lines == [("workflow_log", {"text": "half way", "values": {"n": 3}})]
