"""T-15: a refusal costs the same work whatever is wrong, so that no clock tells who is known here.

What is counted is the work itself: each hash, each comparison, and for tokens each call at all. A
wall clock on a machine that does other things would say less, and say it differently every time.
"""

import base64
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from baton.reading import Source
from coordination.credentials import Credential, Held, Known, Signing, digest
from handlers.http.sessions import Sessions
from handlers.http.signatures import verify_slack, verify_standard
from tests.handlers.http.house import House, open_house

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(days=1), NOW + timedelta(days=1)
SECRET, WRONG = "s" * 43, "w" * 43
SCHEME = "standard-webhooks"
HARD = {"openssl_sha256": "sha256", "hmac_new": "hmac", "compare_digest": "compared"}


class Work(list[str]):
    """The names of all that was called, in order."""

    @property
    def hard(self) -> Counter[str]:
        """Count the hashes and the comparisons."""
        return Counter(HARD[name] for name in self if name in HARD)


@contextmanager
def watched() -> Iterator[Work]:
    work, before = Work(), sys.getprofile()

    def called(frame: FrameType, event: str, what: Any) -> None:
        if event == "c_call":
            work.append(what.__name__)
        elif event == "call":
            work.append(frame.f_code.co_name)

    sys.setprofile(called)
    try:
        yield work
    finally:
        sys.setprofile(before)
    del work[-3:]  # the end of this block itself


def credential(name: str = "ci", scheme: str | None = None) -> Credential:
    return Credential(name, Source(name, name, "api"), frozenset({"notify"}), scheme=scheme)


def held(*, revoked: bool = False, expires_at: datetime | None = None) -> Held:
    return Held(credential(), digest(SECRET), revoked, expires_at)


TOKENS = Known(
    {
        "aaaaaaaaaaaa": held(),
        "bbbbbbbbbbbb": held(revoked=True),
        "cccccccccccc": held(expires_at=EARLIER),
        "dddddddddddd": held(expires_at=LATER),
    },
    {},
    {},
)
REFUSED = [*(f"bt_{each * 12}_{WRONG}" for each in "abcd"), f"bt_{'z' * 12}_{WRONG}"]


def judged(bearer: str) -> Work:
    with watched() as work:
        found = TOKENS.holder(bearer, now=NOW)
    assert found is None
    return work


def test_an_unknown_token_takes_the_very_same_calls_as_a_known_one_with_a_wrong_secret() -> None:
    assert len({tuple(judged(bearer)) for bearer in REFUSED}) == 1
    assert judged(REFUSED[0]).hard == {"sha256": 1, "compared": 1}


@pytest.mark.parametrize(
    "bearer", ["", "x", f"bt_{'a' * 12}_{SECRET}x", f"BT_{'a' * 12}_{SECRET}", "\udcff" * 50]
)
def test_what_is_no_token_is_hashed_and_compared_as_well(bearer: str) -> None:
    assert judged(bearer).hard == judged(REFUSED[0]).hard


@pytest.mark.parametrize("ended", ["bbbbbbbbbbbb", "cccccccccccc"])
def test_only_the_right_secret_leads_on_to_whether_a_token_has_ended(ended: str) -> None:
    assert "valid" in judged(f"bt_{ended}_{SECRET}")
    assert "valid" not in judged(f"bt_{ended}_{WRONG}")


def whsec(letter: str) -> str:
    return f"whsec_{base64.b64encode(letter.encode() * 24).decode()}"


SIGNING = Known(
    {},
    {},
    {
        "none": Signing(credential("none", SCHEME), ()),
        "one": Signing(credential("one", SCHEME), ((whsec("a"), None),)),
        "two": Signing(credential("two", SCHEME), ((whsec("b"), LATER), (whsec("c"), None))),
        "ended": Signing(credential("ended", SCHEME), ((whsec("d"), EARLIER), (whsec("e"), EARLIER))),
        "slack": Signing(credential("slack", "slack"), ((whsec("f"), None),)),
    },
)  # fmt: skip
BY_NOBODY = Webhook(whsec("z")).sign("msg_1", NOW, "{}")


def checked(source: str | None, signature: str) -> tuple[bool, Counter[str]]:
    headers = {
        "webhook-id": ["msg_1"],
        "webhook-timestamp": [str(int(NOW.timestamp()))],
        "webhook-signature": [signature],
    }
    with watched() as work:
        known, secrets = SIGNING.signer(source, SCHEME, now=NOW)
        right = verify_standard(headers, b"{}", secrets, NOW)
    return right and known is not None, work.hard


@pytest.mark.parametrize("source", [None, "", "nobody", "none", "one", "two", "ended", "slack"])
@pytest.mark.parametrize("count", [1, 3])
def test_a_wrong_signature_is_checked_as_often_for_every_source_there_is_or_is_not(
    source: str | None, count: int
) -> None:
    right, hard = checked(source, " ".join([BY_NOBODY] * count))

    assert not right
    assert hard == {"hmac": 2, "compared": 2 * count}


@pytest.mark.parametrize(("source", "letter"), [("one", "a"), ("two", "b"), ("two", "c")])
def test_a_right_signature_is_checked_no_less(source: str, letter: str) -> None:
    signature = Webhook(whsec(letter)).sign("msg_1", NOW, "{}")

    assert checked(source, f"{signature} {BY_NOBODY}") == (True, {"hmac": 2, "compared": 4})
    assert checked("ended", Webhook(whsec("d")).sign("msg_1", NOW, "{}"))[0] is False


def test_a_signature_of_slack_is_computed_and_compared_however_wrong_it_is() -> None:
    stamp = str(int(NOW.timestamp()))
    for signature in ("", "v0=", "v0=" + "0" * 64, "v1=" + "0" * 64, "\udcff", "v0=" + "0" * 9_000):
        with watched() as work:
            assert not verify_slack(stamp, signature, b"{}", "secret", NOW)
        assert work.hard == {"hmac": 1, "compared": 1}, signature


def test_a_forged_login_is_signed_and_compared_before_anything_of_it_is_read() -> None:
    sessions = Sessions(b"k" * 32)
    real = sessions.cookie("U1", now=NOW, nonce="n")
    old = sessions.cookie("U1", now=NOW - timedelta(days=9), nonce="n")
    for forged in ("", ".", "x.y", f"{real}x", real.replace(".", ".0"), f"{old}0", "\udcff.x"):
        with watched() as work:
            assert sessions.read("session", forged, now=NOW) is None
        assert work.hard == {"hmac": 1, "compared": 1}, forged
        assert "loads" not in work


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/v1/notify", "/v1/processes", "/v1/runs"])
async def test_every_address_compares_once_and_the_same_for_all_who_are_refused(
    house: House, path: str
) -> None:
    known = await house.token("read", "notify")
    gone = await house.token("read", "notify")
    for bearer in (f"bt_{'z' * 12}_{WRONG}", f"{known[:-43]}{WRONG}", f"{gone[:-43]}{WRONG}", "x"):
        headers = {"authorization": f"Bearer {bearer}"}
        with watched() as work:
            answer = await house.ask("POST" if "notify" in path else "GET", path, headers=headers)
        assert answer.status_code == 401
        assert (work.hard["compared"], work.hard["sha256"]) == (1, 1), bearer
