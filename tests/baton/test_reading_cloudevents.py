"""A CloudEvent becomes an event: what the envelope says, what the data says, and who wins."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baton.errors import InvalidEvent
from baton.events import Event
from baton.reading import Reading, Source, read_cloud_event, read_event

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
STARTED = "dev.baton.process.started"
PUSHED = {"specversion": "1.0", "id": "1", "source": "/acme", "type": "com.acme.pushed"}


def reading(body: Any) -> Reading:
    read = partial(
        read_event,
        credential=Source("argo", "argo", "argo"),
        received_at=NOW,
        event_id="ev_1",
        new_id=lambda: "made",
    )
    return read_cloud_event(body, read=read, received_at=NOW)


def event(**more: Any) -> Event:
    return reading({**PUSHED, **more}).event


def problems(**more: Any) -> Mapping[str, str]:
    with pytest.raises(InvalidEvent) as refused:
        reading({**PUSHED, **more})
    return dict(refused.value.problems)


def test_the_envelope_says_what_it_is_about() -> None:
    found = event(
        type=STARTED,
        subject="build-7",
        time="2026-03-02T09:59:00+01:00",
        correlationid="release-9",
        causationid="ev_0",
        traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
        sequence="12",
        data={"step": "lint"},
    )

    assert (found.kind, found.status, found.process_id) == ("process", "started", "build-7")
    assert found.occurred_at == datetime(2026, 3, 2, 8, 59, tzinfo=UTC)
    assert (found.correlation_id, found.causation_id) == ("release-9", "ev_0")
    assert (found.trace_id, found.span_id, found.sequence) == ("a" * 32, "b" * 16, 12)
    assert found.result == {"step": "lint"}
    assert (found.id, found.source, found.source_detail) == ("1", "argo", "/acme")
    assert found.adapter is not None
    assert found.adapter.kind == "cloudevents"
    assert found.warnings == ()


def test_without_a_subject_the_id_names_the_process() -> None:
    assert event(type=STARTED).process_id == "1"


def test_any_other_type_is_an_event_of_that_type() -> None:
    found = event(subject="repo/1", data={"branch": "main"})

    assert (found.kind, found.type, found.process_id) == ("event", "argo.com.acme.pushed", None)
    assert found.data == {"branch": "main"}
    assert found.metadata == {"ce": {"subject": "repo/1"}}


def test_data_in_batons_words_is_read_as_such() -> None:
    data = {"process_id": "b7", "status": "failed", "message": "no", "metadata": {"own": 1}}
    found = event(data=data, subject="ignored", partitionkey="p")

    assert (found.process_id, found.status, found.message) == ("b7", "failed", "no")
    assert found.type == "dev.baton.process.failed"
    assert found.metadata == {"own": 1, "ce": {"partitionkey": "p", "type": "com.acme.pushed"}}


def test_the_type_outranks_the_status_in_the_data() -> None:
    found = event(type=STARTED, data={"status": "failed"})

    assert found.status == "started"
    assert found.warnings == ("data.status: the type says another, which counts",)


@pytest.mark.parametrize("value", [[1, 2], "text", 7, True])
def test_data_that_is_no_object_is_kept_as_a_value(value: Any) -> None:
    assert event(data=value).data == {"value": value}
    assert event(data=value, type=STARTED).result == {"value": value}


@pytest.mark.parametrize(
    ("kind", "raw", "kept"),
    [
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("application/vnd.acme+json; charset=utf-8", b"[1]", {"value": [1]}),
        ("text/plain", "grüße".encode(), {"value": "grüße"}),
        (None, b"plain", {"value": "plain"}),
        ("image/png", b"\x89PNG\xff", {"data_base64": base64.b64encode(b"\x89PNG\xff").decode()}),
    ],
)
def test_data_in_base64_is_opened_as_its_type_says(kind: str | None, raw: bytes, kept: Any) -> None:
    coded = base64.b64encode(raw).decode()

    assert event(data_base64=coded, datacontenttype=kind).data == kept
    old = {"specversion": "0.3", "datacontentencoding": "base64", "datacontenttype": kind}
    assert event(data=coded, **old).data == kept


def test_null_is_absent() -> None:
    found = event(subject=None, time=None, data=None, data_base64=None, myext=None)

    assert (found.data, found.metadata, found.occurred_at) == (None, None, NOW)


@pytest.mark.parametrize("name", ["id", "source", "specversion", "type"])
@pytest.mark.parametrize("value", [None, "", "  ", 7, [], {"a": 1}])
def test_what_every_cloud_event_has_is_required(name: str, value: Any) -> None:
    assert problems(**{name: value}) == {f"/{name}": "is required, as a text that is not empty"}


@pytest.mark.parametrize("version", ["2.0", "1", "0.2", "1.0.2"])
def test_other_versions_are_not_known(version: str) -> None:
    assert "is not a version that is known" in problems(specversion=version)["/specversion"]


def test_data_comes_once() -> None:
    assert problems(data={}, data_base64="") == {"/data_base64": "excludes data: send one of them"}


@pytest.mark.parametrize("coded", ["!", "a", "ü", 7, ["YQ=="], {}])
def test_what_is_no_base64_is_said_to_be_none(coded: Any) -> None:
    assert problems(data_base64=coded) == {"/data_base64": "is not base64"}


def test_broken_json_in_base64_is_refused() -> None:
    coded = base64.b64encode(b'{"a": 1, "a": 2}').decode()

    said = problems(data_base64=coded, datacontenttype="application/json")
    assert "'a' twice" in said["/data_base64"]


@pytest.mark.parametrize("body", [None, 1, "x", [], [PUSHED]])
def test_what_is_no_object_is_no_cloud_event(body: Any) -> None:
    with pytest.raises(InvalidEvent, match="a CloudEvent is a JSON object"):
        reading(body)


def test_problems_stand_where_the_sender_wrote_them() -> None:
    assert [*problems(time="noon")] == ["/time"]
    assert [*problems(type=STARTED, subject="a\nb")] == ["/subject"]
    assert [*problems(type="dev.baton.process.almost")] == ["/type"]
    assert [*problems(data={"status": "failed", "labels": 7, "attempt": 0})] == [
        "/data/attempt",
        "/data/labels",
    ]
    assert [*problems(correlationid=7)] == ["/correlationid"]


def test_attributes_without_a_meaning_are_kept_and_those_without_a_name_are_not() -> None:
    found = event(
        severity="high", aliasofmorethantwentycharacters="yes", dataref="s3://x", Upper=1, my_ext=2
    )

    assert found.metadata == {
        "ce": {"severity": "high", "aliasofmorethantwentycharacters": "yes", "dataref": "s3://x"}
    }
    assert len(found.warnings) == 2


def test_an_attribute_is_never_an_object() -> None:
    found = event(deep={"a": 1})

    assert found.metadata is None
    assert found.warnings == ("deep: is no text, number or flag; ignored",)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("io.argo/workflow:done", "argo.io.argo-workflow-done"),
        ("a..b.", "argo.a.b"),
        (".x", "argo.x"),
        ("dev.acme:a b", "argo.dev.acme-a-b"),
    ],
)
def test_a_type_is_written_so_that_triggers_can_name_it(told: str, kept: str) -> None:
    found = event(type=told)

    assert found.type == kept
    assert len(found.warnings) == 1


def test_nobody_speaks_in_batons_name() -> None:
    assert "/type" in problems(type="dev.baton.run.started")


def test_an_event_that_expired_starts_nothing() -> None:
    past, future = (NOW + sign * timedelta(minutes=1) for sign in (-1, 1))

    assert event(expirytime=past.isoformat()).too_old
    assert not event(expirytime=future.isoformat()).too_old
    assert "/expirytime" in problems(expirytime="soon")


def test_it_is_known_by_source_and_id_together() -> None:
    one, other = reading(PUSHED), reading({**PUSHED, "source": "/other"})

    assert one.identity != other.identity
    assert one.identity == reading({**PUSHED, "type": "com.acme.merged"}).identity


def test_what_baton_sets_is_not_taken_from_the_data() -> None:
    found = event(data={"status": "started", "event_id": "ev_9", "namespace": "x", "source": "y"})

    assert (found.event_id, found.namespace, found.source) == ("ev_1", "argo", "argo")
    assert found.source_detail == "/acme"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    [*PUSHED, "data", "data_base64", "subject", "time", "expirytime", "sequence", "datacontenttype"]
)


@given(st.dictionaries(names | st.text(), json_values, max_size=8))
def test_whatever_comes_is_an_event_or_is_refused_with_places(body: dict[str, Any]) -> None:
    for told in (body, {**PUSHED, **body}):
        try:
            found: Event | InvalidEvent = reading(told).event
        except InvalidEvent as error:
            found = error
        if isinstance(found, Event):
            assert Event.from_json(found.to_json()) == found
        else:
            assert found.problems
