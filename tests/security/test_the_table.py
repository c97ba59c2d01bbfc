"""The page of security tests says what there is."""

import pytest

from tests.security.table import PAGE, ROWS, count, exists, page, total

LEAST = 400


def test_the_page_is_as_the_table_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.security.table writes it"


@pytest.mark.parametrize("name", ROWS)
def test_every_test_and_every_list_that_is_named_exists(name: str) -> None:
    row = ROWS[name]

    assert [each for each in row.guards if not exists(each)] == []
    assert [each for each in row.payloads if not count(each)] == []
    assert row.guards or row.open


def test_every_kind_of_incident_has_a_row() -> None:
    assert list(ROWS) == [f"T-{number:02d}" for number in range(1, 40)]


def test_there_are_enough_payloads() -> None:
    assert total() >= LEAST


def test_what_does_not_exist_is_found() -> None:
    assert not exists("tests/security/test_the_table.py::test_that_nobody_wrote_yet")
    assert not exists("tests/security/test_nothing.py")
    assert count("tests/security/test_the_table.py::NOTHING") == 0
