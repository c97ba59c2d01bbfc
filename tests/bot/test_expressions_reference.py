"""The page of the expressions is written from the filters, and says of each what it does."""

from pathlib import Path

from bot.reference.expressions import EXAMPLES, reference
from workflows.language.expressions.filters import FILTERS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "expressions.md"


def test_the_page_is_that_of_the_filters() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "write it anew: python -m bot.reference"


def test_every_filter_is_told_and_shown() -> None:
    assert set(EXAMPLES) == {*FILTERS, "default"}
    assert all(each.apply.__doc__ for each in FILTERS.values())
    assert all(f"\n| [`{name}" in reference() for name in EXAMPLES)
    assert all(f"| {name}" in example for name, example in EXAMPLES.items())
