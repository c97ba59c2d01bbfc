"""What is sold."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Product:
    slug: str
    name: str
    cents: int
    about: str

    @property
    def price(self) -> str:
        """The price as a customer reads it."""
        return f"{self.cents // 100}.{self.cents % 100:02} €"


def load(path: Path) -> list[Product]:
    """Read the products, cheapest first; a price below zero or a slug used twice is a ValueError."""
    products = [Product(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    for product in products:
        if product.cents < 0:
            raise ValueError(f"{path.name}: {product.slug} costs less than nothing")
    if len({product.slug for product in products}) < len(products):
        raise ValueError(f"{path.name}: a slug is used twice")
    return sorted(products, key=lambda product: (product.cents, product.slug))
