"""The pages, as text."""

from html import escape

from .catalog import Product

STYLE = """\
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
li { margin: .5rem 0; }
footer { color: #667; margin-top: 3rem; }
"""
SHA = "@sha@"  # stands where the sha will be: the hash of the pages cannot be inside what is hashed


def page(title: str, body: str) -> str:
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="build" content="{SHA}">\n'
        f'<title>{escape(title)}</title>\n<link rel="stylesheet" href="style.css">\n'
        f"{body}\n<footer>Build {SHA}</footer>\n</html>\n"
    )


def index(products: list[Product]) -> str:
    items = "\n".join(
        f'<li><a href="{escape(product.slug)}.html">{escape(product.name)}</a>, {product.price}</li>'
        for product in products
    )
    return page("Webshop", f"<h1>Webshop</h1>\n<ul>\n{items}\n</ul>")


def detail(product: Product) -> str:
    body = (
        f"<h1>{escape(product.name)}</h1>\n<p>{escape(product.about)}</p>\n<p>{product.price}</p>"
    )
    return page(product.name, body)


def site(products: list[Product]) -> dict[str, str]:
    """Say which files the shop consists of."""
    details = {f"{product.slug}.html": detail(product) for product in products}
    return {"index.html": index(products), "style.css": STYLE, **details}
