"""What a message in Slack reports, read without anything around it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baton.errors import MalformedBody
from baton.reading.lifecycle import plain_text, read_block, read_lifecycle
from baton.slack import message_of
from coordination.bus_reading import Posted, dated, made_up, moment_of, placed, read_message
from coordination.keys import keys_of
from tests.coordination.inbox import CountingIds, event

TS = "1767348904.000200"


def posted(*texts: str, **more: Any) -> Posted:
    values = {"team": "T1", "channel": "C1", "ts": TS, "sender": "A1", "source": "pager", **more}
    return Posted(texts=texts, **values)


def meta(**payload: Any) -> dict[str, Any]:
    return {"event_type": "baton.process", "event_payload": payload}


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("a &lt; b &amp; c &gt; d", "a < b & c > d"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),  # once, and not twice
        ("&copy; &quot;", "&copy; &quot;"),  # Slack escapes three characters and no others
        ("<https://ci.example/7>", "https://ci.example/7"),
        ("<https://ci.example/7|build 7>", "https://ci.example/7"),
        ("<http://acme.com|acme.com>", "acme.com"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<!channel> <!here|here> <!subteam^S1|@sre>", "@channel @here @sre"),
        ("<@U1> <@U1|ada> <#C1|general> <#C1>", "@U1 @ada #general #C1"),
        ("one\r\ntwo", "one\ntwo"),
        ("a < b", "a < b"),
    ],
)
def test_markup_is_read_as_people_see_it(markup: str, shown: str) -> None:
    assert plain_text(markup) == shown


def test_in_data_people_and_groups_stay_who_they_are() -> None:
    markup = "<@U1|ada> <!subteam^S1|@sre> <!channel> <https://x.example>"
    assert plain_text(markup, references=True) == ("<@U1> <!subteam^S1> @channel https://x.example")


@pytest.mark.parametrize(
    ("line", "status", "name"),
    [
        (":rocket: Process Started: Build", "started", "Build"),
        ("🚀 *Process Started: Build web*", "started", "Build web"),
        ("*:rocket: Process Started:* Build", "started", "Build"),
        ("⚙️ Process Progress: a: b", "in_progress", "a: b"),
        (":x: *Process Failed*: `build`", "failed", "build"),
        (":white_check_mark:Process Completed: x", "completed", "x"),
        (":raised_hand: Process Approval Required: x", "pending_approval", "x"),
        (":no_entry_sign: Process Cancelled: x", "cancelled", "x"),
    ],
)
def test_the_first_line_says_what_happened_to_what(line: str, status: str, name: str) -> None:
    assert read_lifecycle(f"\n{line}\n") == {"name": name, "status": status}


@pytest.mark.parametrize(
    "text",
    [
        "Process Started: without an emoji",
        "- Process Started: a list",
        "so: :rocket: Process Started: later in the line",
        "hello\n:rocket: Process Started: in the second line",
        ":rocket: Process Exploded: x",
        ":rocket: Process Started:",
        ":rocket: process started: x",
        "",
    ],
)
def test_anything_else_is_conversation(text: str) -> None:
    assert read_lifecycle(text) is None


def test_labels_lists_and_what_is_left() -> None:
    told = read_lifecycle(
        ":tada: Process Completed: Nightly\n*Source:* claude_code\nProcess ID: n-7\nall is well\n"
        "*Results:*\n• tests: 412\n- *took*: 3 min\n3. a thing\n• version: 1.10\n• at: 007\n"
        "\nNext Steps:\n1. Review\n2) Deploy\nThat was it."
    )
    assert told == {
        "name": "Nightly",
        "status": "completed",
        "source": "claude_code",
        "process_id": "n-7",
        "result": {"tests": 412, "took": "3 min", "3": "a thing", "version": "1.10", "at": "007"},
        "next_steps": ["Review", "Deploy"],
        "message": "all is well\nThat was it.",
    }


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ('```baton\n{"status": "ok", "process_id": "x"}```', {"status": "ok", "process_id": "x"}),
        ("```\nbaton\nstatus: ok\n```", {"status": "ok"}),
        ("look ``` baton \nstatus: ok", {"status": "ok"}),  # never closed
        (
            "```baton\nsubject.pr: 7\nlabels.team: web\nurl: https://x.example/a?b=c&d=+\n\n```",
            {"subject": {"pr": 7}, "labels": {"team": "web"}, "url": "https://x.example/a?b=c&d=+"},
        ),
        (
            "```baton\nnext_steps: a\nnext_steps: b\nheartbeat: true\n```",
            {"next_steps": ["a", "b"], "heartbeat": True},
        ),
        ("```batonic\nstatus: ok\n```", None),
        ("```\nstatus: ok\n```", None),
        ("baton\nstatus: ok", None),
    ],
)
def test_a_block_whose_first_line_is_baton_holds_an_event(text: str, body: object) -> None:
    assert read_block(text) == body


@pytest.mark.parametrize(
    "text",
    [
        "```baton\n```",
        "```baton```",
        "```baton",
        '```baton\n{"status": }\n```',
        '```baton\n{"a": 1, "a": 2}\n```',
        '```baton\n["status"]\n```',
        "```baton\njust words\n```",
        "```baton\nstatus: a\nstatus: b\n```",
        "```baton\na: b\n``` ```baton\na: b\n```",
        "```baton\n" + '{"a":' * 100 + "1" + "}" * 100 + "\n```",
        "```baton\n" + "\n".join(f"k{n}: v" for n in range(1_001)) + "\n```",
    ],
)
def test_a_block_that_cannot_be_read_says_so(text: str) -> None:
    with pytest.raises(MalformedBody):
        read_message(posted(text))


def test_metadata_counts_before_a_block_and_a_block_before_lines() -> None:
    lines = ":rocket: Process Started: x"
    block = "```baton\nprocess_id: b\nstatus: ok\n```"
    both = read_message(posted(f"{lines}\n{block}"))
    assert both is not None
    assert both.form == "block"
    every = read_message(posted(block, metadata=meta(process_id="m", status="failed")))
    assert every is not None
    assert (every.form, every.fields["process_id"]) == ("metadata", "m")


def test_dotted_names_and_packed_json_make_objects_and_the_plain_name_wins() -> None:
    packed = '{"status": "ok", "subject": {"repo": "a/b", "sha": "1"}, "labels": {"x": "y"}}'
    said = read_message(
        posted(metadata=meta(**{"json": packed, "subject.sha": "3f1c0de", "status": "failed"}))
    )
    assert said is not None
    assert said.fields == {
        "status": "failed",
        "subject": {"repo": "a/b", "sha": "3f1c0de"},
        "labels": {"x": "y"},
    }


@pytest.mark.parametrize(
    "metadata",
    [
        meta(json="{"),
        meta(json="[1]"),
        meta(json=7),
        {"event_type": "baton.process"},
        {"event_type": "baton.process", "event_payload": []},
    ],
)
def test_metadata_that_cannot_be_read_says_so(metadata: dict[str, Any]) -> None:
    with pytest.raises(MalformedBody):
        read_message(posted(metadata=metadata))


@pytest.mark.parametrize("kind", ["baton.notice", "baton.process2", "", None, 7])
def test_metadata_of_another_kind_is_none_of_ours(kind: object) -> None:
    other = {"event_type": kind, "event_payload": {"process_id": "x", "status": "ok"}}
    assert read_message(posted("hello", metadata=other)) is None


def test_what_the_client_writes_is_read_back_with_and_without_its_metadata() -> None:
    event = {
        "process_id": "b-1",
        "name": "Build <web>",
        "status": "completed",
        "source": "laptop",
        "message": "done & dusted",
        "result": {"tests": 3, "note": "a <b>"},
        "next_steps": ["Look", {"label": "Ship"}],
    }
    message = message_of(event)
    metadata: Any = message["metadata"]
    whole = read_message(posted(str(message["text"]), metadata=metadata))
    bare = read_message(posted(str(message["text"])))
    assert whole is not None
    assert bare is not None
    assert dict(whole.fields) == dict(bare.fields) == {**event, "next_steps": ["Look", "Ship"]}


def test_a_process_without_an_id_is_known_by_channel_sender_and_name() -> None:
    told = {"name": "Backup"}
    one = made_up(posted(), told)
    assert one == made_up(posted(ts="1.2", thread_ts="1.1"), told)
    others = [
        made_up(posted(channel="C2"), told),
        made_up(posted(sender="A2"), told),
        made_up(posted(), {"name": "Restore"}),
    ]
    assert len({one, *others}) == 4


def test_an_event_has_the_time_of_its_message_and_an_edit_that_of_the_edit() -> None:
    assert moment_of(TS) == datetime(2026, 1, 2, 10, 15, 4, 200, tzinfo=UTC)
    plain = dated(posted(), {"status": "ok"})
    assert plain["occurred_at"] == "2026-01-02T10:15:04.000200Z"
    assert plain["id"] == "T1:C1:" + TS
    own = dated(posted(), {"status": "ok", "id": "mine", "timestamp": "2026-01-01T00:00:00Z"})
    assert (own["id"], own["timestamp"], "occurred_at" in own) == (
        "mine", "2026-01-01T00:00:00Z", False,
    )  # fmt: skip
    edit = dated(posted(edited="1767348999.000000"), own)
    assert edit["occurred_at"] == "2026-01-02T10:16:39Z"
    assert edit["id"] == f"T1:C1:{TS}:1767348999.000000"
    assert "timestamp" not in edit


def test_a_message_ties_its_thread_in_slack_to_the_process() -> None:
    told = event("n-7", "started", ids=CountingIds())
    assert "slack:C1:" + TS in keys_of(placed(posted(), told))
    assert "slack:C1:1.000000" in keys_of(placed(posted(thread_ts="1.000000"), told))


@given(st.text(alphabet="`baton:<>|@!&;\n *•🚀ProcessStarted{}\"'x", max_size=300))
def test_no_text_whatever_breaks_the_reading(text: str) -> None:
    try:
        said = read_message(posted(text))
    except MalformedBody:
        return
    assert said is None or said.fields
