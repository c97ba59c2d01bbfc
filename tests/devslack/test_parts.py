"""The small parts: text, clock, ids, manifest, metadata, JSON."""

import pytest

from devslack.clock import VIRTUAL_START, Clock
from devslack.errors import ApiError, ControlError, StartError
from devslack.fixture import build
from devslack.handles import Handles, ResponseUrl
from devslack.ids import Ids
from devslack.limits import Limits
from devslack.manifest import DEFAULT, parse, understand
from devslack.mrkdwn import Names, blocks_plain, plain, typed
from devslack.payloads import read_metadata
from devslack.record import masked
from devslack.shapes import Unreadable
from devslack.shapes import parse as parse_json

NAMES = Names({"U0ADA": "ada", "U0GRACE": "grace"}, {"C0REL": "releases"}, {"S0SRE": "sre"})


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("hi @grace, see #releases", "hi <@U0GRACE>, see <#C0REL|releases>"),
        ("@sre: now. @Ada.", "<!subteam^S0SRE>: now. <@U0ADA>."),
        ("@here a < b & c", "<!here> a &lt; b &amp; c"),
        ("mail ada@grace.example", "mail ada@grace.example"),
        ("<@U0ADA> and <script>", "<@U0ADA> and &lt;script&gt;"),
        ("@nobody #nowhere", "@nobody #nowhere"),
    ],
)
def test_what_is_typed_becomes_references(text: str, stored: str) -> None:
    assert typed(text, NAMES) == stored


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("<@U0ADA> in <#C0REL>", "@ada in #releases"),
        ("<!subteam^S0SRE> <!channel>", "@sre @channel"),
        ("<https://x.example|the run> &lt;ok&gt;", "the run <ok>"),
        ("<https://x.example>", "https://x.example"),
        ("<!date^1763640000^{date_short_pretty} at {time}|noon>", "noon"),
        ("<!date^1763640000^{time}>", "2025-11-20 12:00 UTC"),
        ("<@U9>", "@U9"),
    ],
)
def test_references_become_what_a_person_reads(stored: str, read: str) -> None:
    assert plain(stored, NAMES) == read


def test_blocks_are_read_line_by_line_with_buttons_in_brackets() -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Deploy?"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*By*\n<@U0ADA>"}]},
        {"type": "divider"},
        {
            "type": "actions",
            "elements": [
                {"type": "button", "text": {"type": "plain_text", "text": "Approve"}},
                {"type": "button", "text": {"type": "plain_text", "text": "Reject…"}},
            ],
        },
    ]
    assert blocks_plain(blocks, NAMES) == "Deploy?\n*By*: @ada\n[Approve] [Reject…]"


def test_a_virtual_clock_stands_still_and_does_what_is_due_in_order() -> None:
    clock, done = Clock("virtual"), []
    clock.call_in(20, lambda: done.append(("late", clock.now())))
    clock.call_in(10, lambda: done.append(("early", clock.now())))
    clock.call_in(15, lambda: done.append(("never", clock.now()))).cancel()
    clock.call_in(100, lambda: done.append(("too late", clock.now())))

    clock.advance(30)

    assert done == [("early", VIRTUAL_START + 10), ("late", VIRTUAL_START + 20)]
    assert clock.now() == VIRTUAL_START + 30


def test_ids_repeat_with_the_seed_and_differ_after_a_restart() -> None:
    first, same, after = Ids("7"), Ids("7"), Ids("7", boot=1)

    assert [first.make("Ev") for _ in range(3)] == [same.make("Ev") for _ in range(3)]
    assert Ids("7").make("Ev") != after.make("Ev")
    assert first.make("C").startswith("C0")


def test_trigger_ids_are_good_once_and_for_three_seconds() -> None:
    clock = Clock("virtual")
    handles = Handles(clock, Ids("1"), "T1")
    first, second = handles.trigger("U1"), handles.trigger("U1")

    assert handles.redeem(first).user == "U1"
    with pytest.raises(ApiError, match="exchanged_trigger_id"):
        handles.redeem(first)
    with pytest.raises(ApiError, match="invalid_trigger_id"):
        handles.redeem("made up")
    clock.advance(3.5)
    with pytest.raises(ApiError, match="expired_trigger_id"):
        handles.redeem(second)


def test_a_response_url_is_good_five_times_and_for_thirty_minutes() -> None:
    clock = Clock("virtual")
    handles = Handles(clock, Ids("1"), "T1")
    path = handles.response_path(ResponseUrl("actions", "U1", "C1", 0))
    late = handles.response_path(ResponseUrl("actions", "U1", "C1", 0))

    for _ in range(5):
        handles.use(path)
    with pytest.raises(ApiError, match="used_url"):
        handles.use(path)
    clock.advance(1801)
    with pytest.raises(ApiError, match="expired_url"):
        handles.use(late)


def test_the_default_manifest_has_no_problems_and_asks_for_what_it_hears() -> None:
    manifest = understand(DEFAULT)

    assert manifest.problems == ()
    assert manifest.command("/baton") is not None
    assert manifest.command("/other") is None
    assert "chat:write" in manifest.scopes
    assert manifest.shortcut("baton_start_run", "message") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("display_information: {name: " + "n" * 36 + "}", "at most 35"),
        ("display_information: {name: x}", "at least one scope"),
        ("features: {slash_commands: [{command: baton}]}", "must begin with a slash"),
        (
            "features: {shortcuts: [{name: x, type: odd, callback_id: c}]}",
            "the type global or message",
        ),
    ],
)
def test_what_is_wrong_with_a_manifest_is_said(text: str, problem: str) -> None:
    assert any(problem in sentence for sentence in parse(text).problems)


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "&a [*a]", "text"])
def test_what_is_no_manifest_at_all_is_refused(text: str) -> None:
    with pytest.raises(StartError):
        parse(text)


@pytest.mark.parametrize(
    "source",
    [{"users": [{"id": "U1"}]}, {"channels": ["x"]}, {"groups": [{"id": "S1", "odd": 1}]}],
)
def test_a_wrong_fixture_says_where(source: dict[str, object]) -> None:
    with pytest.raises(StartError, match=next(iter(source))):
        build(source, "App")


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ([], "invalid_metadata_format"),
        ({"event_type": "x"}, "invalid_metadata_format"),
        ({"event_type": "", "event_payload": {}}, "invalid_metadata_format"),
        ({"event_type": "x", "event_payload": {}, "more": 1}, "invalid_metadata_format"),
        ({"event_type": "x", "event_payload": {"a": {"b": {"c": 1}}}}, "invalid_metadata_schema"),
        ({"event_type": "x", "event_payload": {"a": "y" * 9000}}, "metadata_too_large"),
    ],
)
def test_bad_metadata_is_refused(metadata: object, error: str) -> None:
    with pytest.raises(ApiError, match=error):
        read_metadata(metadata)


def test_metadata_may_hold_one_level_of_objects() -> None:
    good = {"event_type": "x", "event_payload": {"o": "1", "list": [{"a": 1}], "flat": {"b": True}}}
    assert read_metadata(good) == good


def test_limits_count_calls_a_minute_and_posts_a_second() -> None:
    clock = Clock("virtual")
    limits = Limits(clock)
    assert [limits.wait("chat.update", "C1") for _ in range(60)] == [0] * 60  # off by default
    limits.enabled = True

    assert [limits.wait("chat.update", "C1") for _ in range(51)] == [0] * 50 + [60]
    assert [limits.wait("chat.postMessage", "C1") for _ in range(6)] == [0] * 5 + [1]
    assert limits.wait("chat.postMessage", "C2") == 0
    clock.advance(60)
    assert limits.wait("chat.update", "C1") == 0


def test_tokens_are_masked() -> None:
    assert masked("xoxb-devslack-123-456-secret") == "xoxb-devslack-…"
    assert masked("") == ""


@pytest.mark.parametrize("text", ["{", "[" * 100 + "]" * 100, "1e999", "9" * 5000, b"\xff"])
def test_json_that_would_break_us_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_json(text)


def test_lone_surrogates_are_replaced() -> None:
    assert parse_json('{"a": "\\ud800"}') == {"a": "\ufffd"}


def test_errors_say_what_to_do() -> None:
    error = ControlError(404, "no_such_element", "There is no x.")
    assert error.body() == {"ok": False, "error": "no_such_element", "detail": "There is no x."}
