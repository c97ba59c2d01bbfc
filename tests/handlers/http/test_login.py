"""The login of people: a link that works once, a session that ends, and no way to forge either."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.http.pages import inner
from handlers.http.sessions import COOKIE, LINK_LIFE, NOTE_LIFE, SESSION_LIFE, Sessions
from tests.handlers.http.house import House

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SESSIONS = Sessions(b"k" * 32)


async def test_a_link_opens_a_session_once(house: House) -> None:
    link = house.link("ada")

    first = await house.get(f"/login?t={link}&to=/r/R-3")
    taken = house.http.cookies.get(COOKIE)
    again = await house.get(f"/login?t={link}")

    assert (first.status_code, first.headers["location"]) == (303, "/r/R-3")
    assert first.headers["cache-control"] == "no-store"
    cookie = first.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=lax", "path=/", "max-age=43200"):
        assert part in cookie
    assert "secure" not in cookie  # over http on this machine it would never come back
    assert taken
    assert (again.status_code, "set-cookie" in again.headers) == (401, False)
    assert "@ada" in (await house.get("/r/R-3")).text


async def test_whoever_only_looks_at_a_link_does_not_use_it_up(house: House) -> None:
    link = house.link("ada")

    looked = await house.ask("HEAD", f"/login?t={link}")

    assert "set-cookie" not in looked.headers
    assert (await house.get(f"/login?t={link}")).status_code == 303


async def test_a_link_grows_old(house: House) -> None:
    link = house.link("ada")
    house.later(minutes=10)

    assert (await house.get(f"/login?t={link}")).status_code == 401


async def test_a_session_ends(house: House) -> None:
    house.log_in("ada")
    house.later(hours=11, minutes=59)
    assert (await house.get("/r/R-3")).status_code == 200
    house.later(minutes=1)

    answer = await house.get("/r/R-3")

    assert answer.status_code == 401
    assert "R-3" not in answer.text.replace("/r/R-3", "")


@pytest.mark.parametrize("token", ["", "x", ".", "a.b", "é.é", "e30.", "x" * 9000, "%00.%00"])
async def test_a_link_that_is_none_opens_nothing(house: House, token: str) -> None:
    answer = await house.get(f"/login?t={token}")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "set-cookie" not in answer.headers


async def test_a_cookie_is_no_link_and_a_link_no_cookie(house: House) -> None:
    cookie = house.log_in("ada")
    link = house.link("ada")

    assert (await house.get(f"/login?t={cookie}")).status_code == 401
    house.http.cookies.set(COOKIE, link)
    assert (await house.get("/r/R-3")).status_code == 401


async def test_without_a_demo_the_front_page_asks_for_a_login(house: House) -> None:
    answer = await house.get("/")

    assert answer.status_code == 401
    assert "python -m bot login-link" in answer.text


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "http:/evil.example",
        "///evil.example",
        "",
    ],
)
async def test_a_login_leads_to_no_other_place(house: House, to: str) -> None:
    answer = await house.http.get("/login", params={"t": house.link("ada"), "to": to})

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@given(st.text())
def test_wherever_a_login_leads_it_is_a_path_of_ours(to: str) -> None:
    found = inner(to)

    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert found in (to, "/")


@given(st.text(), st.text())
def test_what_was_not_signed_here_says_nothing(text: str, body: str) -> None:
    other = Sessions(b"x" * 32).cookie("UADA", now=NOW, nonce="n")

    for token in (text, body, f"{body}.{text}", other, other.partition(".")[0] + "." + text):
        assert SESSIONS.read("session", token, now=NOW) is None


def test_one_changed_letter_spoils_a_signature() -> None:
    good = SESSIONS.cookie("UADA", now=NOW, nonce="n")

    assert SESSIONS.read("session", good, now=NOW)
    for place in range(len(good)):
        changed = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        assert SESSIONS.read("session", changed, now=NOW) is None


@pytest.mark.parametrize(
    ("purpose", "life"), [("login", LINK_LIFE), ("session", SESSION_LIFE), ("note", NOTE_LIFE)]
)
def test_each_signed_text_is_good_for_one_purpose_and_one_time(
    purpose: str, life: timedelta
) -> None:
    texts = {
        "login": SESSIONS.link("UADA", now=NOW, nonce="n"),
        "session": SESSIONS.cookie("UADA", now=NOW, nonce="n"),
        "note": SESSIONS.note("cookie", "hello", now=NOW),
    }

    for name, text in texts.items():
        found = SESSIONS.read(purpose, text, now=NOW + life - SECOND)  # type: ignore[arg-type]
        assert (found is not None) == (name == purpose)
    assert SESSIONS.read(purpose, texts[purpose], now=NOW + life) is None  # type: ignore[arg-type]


def test_a_form_is_of_one_session_and_about_one_thing() -> None:
    form = SESSIONS.form("cookie", "ap_1", now=NOW)

    assert SESSIONS.form_fits(form, "cookie", "ap_1", now=NOW)
    assert not SESSIONS.form_fits(form, "other", "ap_1", now=NOW)
    assert not SESSIONS.form_fits(form, "cookie", "ap_2", now=NOW)
    assert not SESSIONS.form_fits(form, "cookie", "ap_1", now=NOW + SESSION_LIFE)


def test_a_note_is_shown_to_whom_it_was_said() -> None:
    note = SESSIONS.note("cookie", "Done.", now=NOW)

    assert SESSIONS.noted(note, "cookie", now=NOW) == "Done."
    assert SESSIONS.noted(note, "other", now=NOW) is None
    assert SESSIONS.noted("Your session ended, go to evil.example", "cookie", now=NOW) is None
