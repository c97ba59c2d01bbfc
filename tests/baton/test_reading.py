"""What ``POST /v1/notify`` makes of a body, rule by rule."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from baton.errors import InvalidEvent
from baton.events import ErrorInfo, Event, Link, NextStep, Parent, Status, Subject
from baton.reading import Reading, Source, parse_form, read_event

NOW = datetime(2026, 3, 2, 10, 16, tzinfo=UTC)
CI = Source("ci", "builds", "api", may_choose_channel=True)
BUILD = {"process_id": "b1", "status": "started"}


def read(body: Any, credential: Source = CI, **more: Any) -> Reading:
    return read_event(
        body,
        credential=credential,
        received_at=NOW,
        event_id="ev_1",
        new_id=lambda: "made",
        **more,
    )


def event(**members: Any) -> Event:
    return read({**BUILD, **members}).event


def problems(**members: Any) -> dict[str, str]:
    with pytest.raises(InvalidEvent) as caught:
        read({**BUILD, **members})
    return dict(caught.value.problems)


def warnings(**members: Any) -> dict[str, str]:
    return dict(read({**BUILD, **members}).warnings)


def test_the_smallest_event_is_a_process_and_a_status() -> None:
    read_ = read(BUILD)

    assert read_.warnings == ()
    assert read_.event == Event(
        event_id="ev_1",
        id="made",
        kind="process",
        type="dev.baton.process.started",
        source="ci",
        namespace="builds",
        occurred_at=NOW,
        received_at=NOW,
        process_id="b1",
        status=Status.STARTED,
        adapter=read_.event.adapter,
    )


@pytest.mark.parametrize("body", [None, [], "x", 3, True])
def test_only_an_object_is_an_event(body: Any) -> None:
    with pytest.raises(InvalidEvent):
        read(body)


def test_all_problems_are_told_at_once() -> None:
    assert problems(process_id="", status="sleeping", attempt=0, links=3).keys() == {
        "/process_id",
        "/status",
        "/attempt",
        "/links",
    }


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("completed", "completed"), (" Timed-Out ", "failed"), ("in progress", "in_progress"),
        ("SUCCESS", "completed"), ("canceled", "cancelled"), ("denied", "rejected"),
        ("begin", "started"), ("manual", "pending_approval"), ("pending", "queued"), ("skip", "skipped"),
    ],
)  # fmt: skip
def test_other_words_for_a_status_are_understood(word: str, status: str) -> None:
    assert event(status=word).status == status


def test_an_unknown_status_is_refused_with_the_ten_that_exist() -> None:
    detail = problems(status="stalled")["/status"]
    assert "'stalled'" in detail
    assert all(status in detail for status in Status)


@pytest.mark.parametrize("word", ["timeout", "timed_out", "Timed Out"])
def test_a_timeout_is_a_failure_of_that_type(word: str) -> None:
    assert event(status=word).error == ErrorInfo(type="timeout")
    assert event(status=word, error={"message": "m"}).error == ErrorInfo("m", "timeout")
    assert event(status=word, error={"type": "mine"}).error == ErrorInfo(type="mine")
    assert event(status="failed").error is None


@pytest.mark.parametrize(
    ("alias", "name", "value"),
    [
        ("process_name", "name", "Build"), ("results", "result", {"a": 1}), ("text", "message", "hi"),
        ("workflow_id", "run_id", "run_1"), ("state", "status", Status.FAILED),
        ("timestamp", "occurred_at", datetime(2026, 3, 1, tzinfo=UTC)),
        ("time", "occurred_at", datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_other_names_of_members_are_understood(alias: str, name: str, value: Any) -> None:
    given = "2026-03-01T00:00:00Z" if isinstance(value, datetime) else value
    body = {"process_id": "b1", "status": "failed", alias: given}
    if alias == "state":
        del body["status"]
    assert getattr(read(body).event, name) == value
    assert read(body).warnings == ()


def test_the_proper_name_wins_over_the_other_with_a_warning() -> None:
    read_ = read({**BUILD, "name": "right", "process_name": "wrong"})

    assert read_.event.name == "right"
    assert read_.dropped == ("/process_name",)


@pytest.mark.parametrize(
    "name", ["event_id", "seq", "received_at", "namespace", "adapter", "warnings", "truncated"]
)
def test_what_only_baton_may_say_is_ignored_with_a_warning(name: str) -> None:
    plain = event()
    read_ = read({**BUILD, name: "forged"})

    assert getattr(read_.event, name) == getattr(plain, name) or name == "warnings"
    assert dict(read_.warnings).keys() == {f"/{name}"}


def test_the_source_is_that_of_the_token() -> None:
    said = read({**BUILD, "source": "x" * 300})

    assert said.event.source == "ci"
    assert said.event.source_detail == "x" * 199 + "…"
    assert "/source" in dict(said.warnings)


def test_an_unknown_member_is_ignored_with_a_suggestion() -> None:
    read_ = read({**BUILD, "staus": "x", "subject": {"shaa": "1"}})

    assert read_.event.warnings == (
        'unknown field "subject.shaa", did you mean "sha"?',
        'unknown field "staus", did you mean "status"?',
    )


def test_a_flood_of_unknown_members_is_counted() -> None:
    read_ = read({**BUILD, **{f"zz{n}": 1 for n in range(5000)}})

    assert len(read_.warnings) == 21
    assert read_.warnings[-1] == ("", "4980 more unknown fields")


def test_null_counts_as_absent() -> None:
    assert read({**BUILD, "name": None, "whatever": None, "progress": None}) == read(BUILD)


@pytest.mark.parametrize("name", ["id", "process_id", "attempt_key", "run_id", "correlation_id"])
@pytest.mark.parametrize(
    "value", ["", "  ", "x" * 300, "a\x00b", "a\nb", "a\u202eb", 7, True, ["x"]]
)
def test_what_identifies_is_never_cut_or_repaired(name: str, value: Any) -> None:
    assert problems(**{name: value}).keys() == {f"/{name}"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("category", "Über"), ("category", "x" * 41), ("run_id", "a b"), ("workflow", "../x"),
        ("channel", "general"), ("channel", "#" + "x" * 80), ("thread_ts", "soon"), ("lease_s", 29),
        ("lease_s", 86_401), ("attempt", 10_001), ("attempt", 1.0), ("attempt", "1"), ("attempt", True),
        ("sequence", -1), ("sequence", 2**53), ("sequence", 1.5), ("heartbeat", "true"), ("heartbeat", 1),
        ("correction", "yes"), ("kind", "thing"), ("labels", []), ("labels", {"a": 1}),
        ("labels", {"a": "x" * 201}), ("labels", {"x" * 64: "a"}), ("labels", {str(n): "" for n in range(33)}),
        ("name", 3), ("message", {}), ("result", []), ("metadata", "x"), ("error", 3), ("parent", "p"),
        ("parent", {}), ("subject", {"sha": "xyz"}), ("subject", {"pr": "7"}), ("actor", {"kind": "robot"}),
        ("next_steps", [3]), ("next_steps", [{"url": "https://a.b"}]), ("links", [3]), ("links", [{}]),
        ("link", 3), ("occurred_at", "yesterday"), ("started_at", []), ("progress", "much"), ("progress", []),
        ("progress", True), ("progress", {"current": "3"}), ("approval", 3),
    ],
)  # fmt: skip
def test_a_wrong_type_or_value_is_refused_with_its_place(name: str, value: Any) -> None:
    status = "pending_approval" if name == "approval" else "started"
    (pointer,) = problems(**{"status": status, name: value})
    assert pointer.startswith(f"/{name}")


def test_long_text_is_cut_and_reported() -> None:
    read_ = read({**BUILD, "name": "n" * 201, "message": "m" * 3000})

    assert read_.event.name == "n" * 199 + "…"
    assert read_.event.truncated == ("/name",)
    assert read_.event.message == "m" * 3000


def test_text_is_cleaned_of_what_cannot_be_seen() -> None:
    text = "a\r\nb\rc\x00\x1b[31m\u202ed\u200b\ufeff\te\u0301"
    assert event(message=text).message == "a\nb\nc[31md\t\u00e9"
    assert event(name=" two\n lines ").name == "two lines"
    assert event(name="\u200b").name is None


def test_links_to_anything_but_the_web_are_dropped_with_a_warning() -> None:
    links = [
        {"rel": "log", "url": "https://a.example/1", "title": "Log"},
        {"url": "javascript:alert(1)"},
        {"url": "https://user:secret@a.example"},
        {"url": "https://" + "x" * 2000},
        {"url": "http://[oops"},
    ]
    read_ = read({**BUILD, "links": links})

    assert read_.event.links == (Link("log", "https://a.example/1", "Log"),)
    assert read_.dropped == tuple(f"/links/{n}/url" for n in range(1, 5))


@pytest.mark.parametrize("name", ["link", "url"])
def test_one_link_may_be_a_string(name: str) -> None:
    assert event(**{name: "https://a.example"}).links == (Link("self", "https://a.example"),)


def test_more_than_ten_links_or_steps_are_left_out_with_a_warning() -> None:
    many = read({**BUILD, "next_steps": ["x"] * 11, "links": [{"url": "https://a.b"}] * 12})

    assert len(many.event.next_steps) == len(many.event.links) == 10
    assert set(many.dropped) == {"/next_steps", "/links"}


def test_a_next_step_is_a_label_or_an_object() -> None:
    steps = ["Review", {"label": "Deploy", "url": "https://a.b", "action": "deploy"}, "x" * 201]
    read_ = event(next_steps=steps)

    assert read_.next_steps[:2] == (
        NextStep("Review"),
        NextStep("Deploy", "https://a.b", "deploy"),
    )
    assert read_.truncated == ("/next_steps/2",)


def test_a_process_is_not_its_own_parent() -> None:
    assert event(parent={"process_id": "p", "attempt": 2}).parent == Parent("p", attempt=2)
    assert event(parent={"process_id": "b1", "namespace": "other"}).parent == Parent("b1", "other")
    assert event(parent={"process_id": "b1"}).parent is None
    assert warnings(parent={"process_id": "b1"}).keys() == {"/parent"}


@pytest.mark.parametrize(
    ("given", "repo"),
    [
        ("git@GitHub.com:acme/Web.git", "github.com/acme/Web"),
        ("ssh://git@host.example:22/o/r", "host.example/o/r"),
        ("https://user:tok@host.example/o/r.git", "host.example/o/r"),
        ("acme/web", "acme/web"),
        ("github.com/acme/web", "github.com/acme/web"),
    ],
)
def test_a_repository_is_named_one_way_and_without_its_password(given: str, repo: str) -> None:
    assert event(subject={"repo": given}).subject == Subject(repo=repo)


def test_a_subject_is_read_in_its_parts() -> None:
    subject = event(subject={"sha": "3F1CAAA", "ref": "refs/heads/main", "pr": 7}).subject
    assert subject == Subject(sha="3f1caaa", ref="main", pr=7)


def test_a_sequence_that_is_no_number_does_not_order() -> None:
    assert event(sequence="12").sequence == 12
    named = event(sequence="v12", metadata={"a": 1})
    assert (named.sequence, named.metadata) == (None, {"a": 1, "sequence": "v12"})


def test_result_and_metadata_have_64_kib_together() -> None:
    half = {"x": "y" * 32_700}
    assert event(result=half, metadata=half).result == half
    assert problems(result=half, metadata={"x": "y" * 32_900}).keys() == {"/metadata"}


def test_what_a_producer_adds_may_be_16_levels_deep() -> None:
    def nested(levels: int) -> dict[str, Any]:
        return {} if levels == 1 else {"x": nested(levels - 1)}

    assert event(result=nested(16)).result == nested(16)
    assert problems(result=nested(17)).keys() == {"/result"}


def test_secrets_are_masked_before_they_are_stored() -> None:
    read_ = event(
        result={"api_key": "k", "tokens": 7, "log": "xoxb-1234567890-abc"},
        message="password=hunter2hunter2",
        error={"message": "Bearer abcdefghijkl"},
    )
    assert read_.result == {"api_key": "***", "tokens": 7, "log": "***"}
    assert read_.message == "password=***"
    assert read_.error == ErrorInfo("Bearer ***")


def test_what_json_readers_would_round_is_kept_as_text() -> None:
    assert event(result={"n": 2**60, "s": "a\x00b"}).result == {"n": str(2**60), "s": "ab"}
    assert problems(result={"n": float("nan")}).keys() == {"/result"}


def test_a_channel_needs_leave_and_a_slack_thread_needs_a_channel() -> None:
    asked = {**BUILD, "channel": "#ops", "thread_ts": "1700000000.000100"}
    allowed, refused = read(asked), read(asked, Source("ci", "ci", "api"))

    assert (allowed.event.channel, allowed.event.thread_ts) == ("#ops", "1700000000.000100")
    assert (refused.event.channel, refused.event.thread_ts) == (None, None)
    assert refused.dropped == ("/channel", "/thread_ts")


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_trace_comes_from_the_body_else_the_header() -> None:
    own = read({**BUILD, "trace_id": "a" * 32, "span_id": "b" * 16}, traceparent=TRACE).event
    header = read(BUILD, traceparent=TRACE).event

    assert (own.trace_id, own.span_id) == ("a" * 32, "b" * 16)
    assert (header.trace_id, header.span_id) == (TRACE[3:35], TRACE[36:52])
    assert event(trace_id="a" * 32).span_id is None


@pytest.mark.parametrize("header", ["", "nonsense", TRACE.upper(), f"00-{'0' * 32}-{'1' * 16}-01"])
def test_a_trace_that_cannot_be_read_is_passed_over(header: str) -> None:
    read_ = read(BUILD, traceparent=header)
    assert (read_.event.trace_id, read_.warnings) == (None, ())


def test_an_event_without_a_status_is_named_for_the_kind_of_its_source() -> None:
    plain = read({"type": "release.published", "data": {"tag": "v2"}}).event

    assert (plain.kind, plain.type, plain.data) == ("event", "api.release.published", {"tag": "v2"})
    assert (plain.process_id, plain.status) == (None, None)
    assert read({"type": "api.push"}).event.type == "api.push"
    assert read({"type": "github.push"}).event.type == "api.github.push"


def test_a_process_id_counts_only_with_a_status() -> None:
    read_ = read({"type": "x", "process_id": "p"})
    assert (read_.event.process_id, read_.dropped) == (None, ("/process_id",))


@pytest.mark.parametrize(
    "body",
    [
        {}, {"process_id": "p"}, {"kind": "event"}, {"kind": "process", "type": "x"},
        {"type": "dev.baton.process.completed"}, {"kind": "event", "type": "x", **BUILD},
        {"type": "../x"}, {"status": "done"},
    ],
)  # fmt: skip
def test_an_event_is_one_kind_or_the_other(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent):
        read(body)


def test_a_form_reads_like_json() -> None:
    form = b"process_id=4711&name=deploy&status=started&subject.pr=7&labels.team=web&progress=3/7"
    body = {
        "process_id": "4711", "name": "deploy", "status": "started", "subject": {"pr": 7},
        "labels": {"team": "web"}, "progress": "3/7",
    }  # fmt: skip
    assert read(parse_form(form)) == read(body)


def test_a_moment_without_a_zone_is_utc_with_a_warning() -> None:
    read_ = read({**BUILD, "occurred_at": "2026-03-02T10:15:04"})
    assert read_.event.occurred_at == datetime(2026, 3, 2, 10, 15, 4, tzinfo=UTC)
    assert "/occurred_at" in dict(read_.warnings)


def test_a_moment_too_far_ahead_is_the_time_of_receipt() -> None:
    near, far = NOW + timedelta(minutes=5), NOW + timedelta(minutes=5, seconds=1)

    assert event(occurred_at=near.isoformat()).occurred_at == near
    assert event(occurred_at=far.isoformat(), started_at=far.isoformat()).occurred_at == NOW
    assert warnings(started_at=far.isoformat()).keys() == {"/started_at"}


def test_an_old_event_is_kept_and_marked() -> None:
    old = (NOW - timedelta(days=31)).isoformat()
    assert event(occurred_at=old).too_old
    assert "/occurred_at" in warnings(occurred_at=old)
    assert not event(occurred_at=(NOW - timedelta(days=29)).isoformat()).too_old
    assert event(occurred_at="0001-01-01T00:00:00Z").occurred_at == NOW
