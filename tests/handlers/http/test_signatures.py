"""Signatures: what the senders' own libraries sign is right, everything else is wrong, nothing raises."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier
from standardwebhooks.webhooks import Webhook

from handlers.http.signatures import STANDARD, verify_slack, verify_standard

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 24).decode()
BODY = '{"process_id": "b1", "status": "started", "name": "Büro"}'.encode()
PLAIN = "a signing secret of Slack"


def signed(
    *secrets: str, at: datetime = NOW, name: str = "msg_1", body: bytes = BODY
) -> dict[str, list[str]]:
    told = [Webhook(secret).sign(name, at, body.decode()) for secret in secrets or (SECRET,)]
    stamp = str(int(at.timestamp()))
    return dict(zip(STANDARD, ([name], [stamp], [" ".join(told)]), strict=True))


def right(
    headers: Mapping[str, Sequence[str]],
    *secrets: str,
    body: bytes = BODY,
    now: datetime = NOW,
) -> bool:
    return verify_standard(headers, body, secrets or (SECRET,), now)


def test_what_their_library_signs_is_right() -> None:
    assert right(signed())


def test_one_of_several_signatures_and_secrets_is_enough() -> None:
    assert right(signed(OTHER, SECRET))
    assert right(signed(SECRET), OTHER, SECRET)
    headers = signed()
    headers["webhook-signature"][0] = f"v1a,abc v2,zzz {headers['webhook-signature'][0]} v1,eHg="
    assert right(headers)


def test_another_body_id_time_or_secret_is_wrong() -> None:
    headers = signed()
    assert not right(headers, body=BODY + b" ")
    assert not right({**headers, "webhook-id": ["msg_2"]})
    stamp = str(int(NOW.timestamp()) + 1)
    assert not right({**headers, "webhook-timestamp": [stamp]})
    assert not right(headers, OTHER)


@pytest.mark.parametrize(
    ("seconds", "good"), [(300, True), (301, False), (-300, True), (-301, False)]
)
def test_it_holds_for_five_minutes_either_way(seconds: int, *, good: bool) -> None:
    assert right(signed(), now=NOW + timedelta(seconds=seconds)) is good


def test_a_short_secret_never_counts() -> None:
    short = "whsec_" + base64.b64encode(b"k" * 15).decode()

    assert not right(signed(short), short)
    assert not verify_standard(signed(), BODY, (), NOW)
    assert not right(signed(), "whsec_!!", "", "x" * 15)


@pytest.mark.parametrize("name", STANDARD)
@pytest.mark.parametrize("values", [[], ["a", "a"]])
def test_a_header_that_is_missing_or_comes_twice_is_wrong(name: str, values: list[str]) -> None:
    headers = signed()
    twice = [headers[name][0]] * 2 if values else []

    assert not right({**headers, name: twice})
    assert not right({each: headers[each] for each in STANDARD if each != name})


HOSTILE = [
    "",
    " ",
    ",",
    "v1",
    "v1,",
    "v1,!",
    "v1,ü",
    "abc",
    "9" * 5000,
    "-1",
    "1e9",
    "١٢٣",
    "\ud800",
]


@pytest.mark.parametrize("text", [*HOSTILE, "v1," + "A" * 100_000, "\x00", "v1,\udcff"])
def test_malformed_values_are_wrong_and_never_an_error(text: str) -> None:
    for name in STANDARD:
        assert not right({**signed(), name: [text]})
    assert not verify_slack(text, "v0=abc", BODY, PLAIN, NOW)
    assert not verify_slack(str(int(NOW.timestamp())), text, BODY, PLAIN, NOW)


@given(st.text(), st.text(), st.text(), st.binary())
def test_no_bytes_at_all_are_an_error(one: str, two: str, three: str, body: bytes) -> None:
    headers = dict(zip(STANDARD, ([one], [two], [three]), strict=True))

    assert not verify_standard(headers, body, (SECRET,), NOW)
    assert not verify_slack(one, two, body, PLAIN, NOW)


def slack(at: datetime = NOW, body: bytes = BODY) -> tuple[str, str]:
    stamp = str(int(at.timestamp()))
    signature = SignatureVerifier(PLAIN).generate_signature(timestamp=stamp, body=body)
    assert signature is not None
    return stamp, signature


def test_what_slacks_library_signs_is_right() -> None:
    assert verify_slack(*slack(), BODY, PLAIN, NOW)


def test_slack_with_another_body_time_or_secret_is_wrong() -> None:
    stamp, signature = slack()
    assert not verify_slack(stamp, signature, BODY + b"x", PLAIN, NOW)
    assert not verify_slack(str(int(stamp) + 1), signature, BODY, PLAIN, NOW)
    assert not verify_slack(stamp, signature, BODY, PLAIN + "x", NOW)
    assert not verify_slack(stamp, signature.removeprefix("v0="), BODY, PLAIN, NOW)


def test_without_a_secret_slack_is_nobody() -> None:
    stamp = str(int(NOW.timestamp()))
    base = b"v0:" + stamp.encode() + b":" + BODY
    forged = "v0=" + hmac.new(b"", base, hashlib.sha256).hexdigest()

    assert not verify_slack(stamp, forged, BODY, "", NOW)


@pytest.mark.parametrize(
    ("seconds", "good"), [(300, True), (301, False), (-60, True), (-61, False)]
)
def test_slacks_clock_may_run_a_minute_ahead(seconds: int, *, good: bool) -> None:
    assert verify_slack(*slack(), BODY, PLAIN, NOW + timedelta(seconds=seconds)) is good


def test_bytes_that_are_no_text_are_signed_as_they_are() -> None:
    body = b"\xff\xfe\x00"
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    stamp = str(int(NOW.timestamp()))
    made = hmac.new(key, b"m." + stamp.encode() + b"." + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(made).decode()

    headers = dict(zip(STANDARD, (["m"], [stamp], [signature]), strict=True))
    assert verify_standard(headers, body, (SECRET,), NOW)
