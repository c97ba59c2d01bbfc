from shop.catalog import Product
from shop.pages import detail, site

TAPE = Product("tape", "Tape <wide>", 480, "Breaks once & only once.")


def test_names_are_escaped() -> None:
    text = detail(TAPE)

    assert "Tape &lt;wide&gt;" in text
    assert "<wide>" not in text


def test_every_product_has_a_page_and_the_index_leads_to_it() -> None:
    files = site([TAPE])

    assert set(files) == {"index.html", "style.css", "tape.html"}
    assert 'href="tape.html"' in files["index.html"]
    assert "4.80 €" in files["index.html"]
