import json
from pathlib import Path

import pytest
from shop.catalog import Product, load


def written(folder: Path, *products: dict[str, object]) -> Path:
    path = folder / "products.json"
    path.write_text(json.dumps(products), encoding="utf-8")
    return path


def entry(slug: str, cents: int) -> dict[str, object]:
    return {"slug": slug, "name": slug.title(), "cents": cents, "about": ""}


@pytest.mark.parametrize(("cents", "price"), [(0, "0.00 €"), (5, "0.05 €"), (1250, "12.50 €")])
def test_a_price_has_two_digits_after_the_point(cents: int, price: str) -> None:
    assert Product("x", "X", cents, "").price == price


def test_the_cheapest_comes_first(tmp_path: Path) -> None:
    products = load(written(tmp_path, entry("b", 200), entry("a", 300), entry("c", 100)))

    assert [product.slug for product in products] == ["c", "b", "a"]


def test_nothing_costs_less_than_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a costs less than nothing"):
        load(written(tmp_path, entry("a", -1)))


def test_a_slug_is_used_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="used twice"):
        load(written(tmp_path, entry("a", 1), entry("a", 2)))
