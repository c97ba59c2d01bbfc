"""What came for an event, as it is kept: nothing secret in it, and all else as it came."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from baton.reading import parse_json
from baton.reading.glance import glance
from coordination.raw_bodies import FORM, masked
from coordination.store.events import Raw
from tests.baton.secretive import SECRETIVE

HEADERS = {"content-type": "application/json", "user-agent": "tool/1"}
BODIES = st.dictionaries(SECRETIVE, SECRETIVE | st.integers(), max_size=4)


@given(BODIES, st.sampled_from(["as it is", "escaped"]))
def test_what_is_known_to_hold_no_secret_is_kept_as_anything_else(
    body: dict[str, Any], written: str
) -> None:
    raw = json.dumps(body, ensure_ascii=written == "escaped").encode()
    said = parse_json(raw, 8)
    known = said if glance(said).harmless else None

    assert masked(Raw(raw, HEADERS, said), known) == masked(Raw(raw, HEADERS))


def test_only_of_what_was_looked_at_it_is_known_that_it_holds_no_secret() -> None:
    raw = b'{"token": "abcdefgh"}'
    other = {"runner": "linux-4"}

    kept = masked(Raw(raw, HEADERS, parse_json(raw, 8)), other)

    assert json.loads(kept.body) == {"token": "***"}


def test_a_form_is_masked_as_it_is_written_whatever_is_known_of_what_it_says() -> None:
    said = {"runner": "linux-4"}

    kept = masked(Raw(b"runner=linux-4&token=abcdefgh", {"content-type": FORM}, said), said)

    assert kept.body == b"runner=linux-4&token=%2A%2A%2A"


def test_the_headers_of_what_holds_no_secret_are_masked_all_the_same() -> None:
    said = {"runner": "linux-4"}
    headers = {"user-agent": "tool token=abcdefgh"}

    kept = masked(Raw(b'{"runner": "linux-4"}', headers, said), said)

    assert (kept.body, kept.headers) == (b'{"runner": "linux-4"}', {"user-agent": "tool token=***"})
