"""The zoo says which flaw was seen, which nobody saw, and which cannot be planted any more."""

from pathlib import Path

import pytest

from tests.prove.zoo.judging import judge
from tests.prove.zoo.rows import Absent, Change, Planted
from tests.prove.zoo.table import ROWS

LAST = 55  # the 52 of the design, and what was built since
SUM = Change("shop.py", "return sum(prices)", "return 0")
TESTS = """
from shop import total

def test_a_basket_costs_the_sum() -> None:
    assert total([1, 2]) == 3

def test_an_empty_basket_costs_nothing() -> None:
    assert total([]) == 0

def test_what_is_wrong_without_a_flaw() -> None:
    assert total([1]) == 2
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text("def total(prices):\n    return sum(prices)\n")
    (tmp_path / "test_shop.py").write_text(TESTS)
    return tmp_path


def planted(number: int, test: str, change: Change = SUM) -> Planted:
    return Planted(number, "free", "the sum", f"test_shop.py::{test}", (change,))


def test_a_flaw_is_caught_or_missed_by_its_test_or_cannot_be_judged(shop: Path) -> None:
    rows = (
        planted(1, "test_a_basket_costs_the_sum"),
        planted(2, "test_an_empty_basket_costs_nothing"),
        planted(3, "test_a_basket_costs_the_sum", Change("shop.py", "return max(", "return (")),
        planted(4, "test_what_is_wrong_without_a_flaw"),
        planted(5, "test_that_is_not_there"),
        Absent(6, "late", "nothing is delivered yet"),
    )

    said = {each.row.number: each for each in judge(rows, shop)}

    assert [each.word for each in said.values()] == [
        *("caught", "missed", "broken", "broken", "broken", "absent")
    ]
    assert "assert 0 == 3" in said[1].told
    assert "what it replaces is not there" in said[3].told
    assert "fails without it" in said[4].told
    assert (shop / "shop.py").read_text().endswith("return sum(prices)\n")


def test_every_row_of_the_zoo_is_there_once() -> None:
    numbers = [each.number for each in ROWS]

    assert sorted(set(numbers)) == list(range(1, LAST + 1))
    assert len(numbers) == len(set(numbers))


def test_what_is_replaced_stands_in_the_product_exactly_once() -> None:
    root = Path(__file__).parents[3]
    planted_rows = [each for each in ROWS if isinstance(each, Planted)]
    changes = [(each.name, change) for each in planted_rows for change in each.changes]

    gone = {name: c.old for name, c in changes if (root / c.path).read_text().count(c.old) != 1}

    assert gone == {}
