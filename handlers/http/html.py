"""A few functions that write HTML. Everything that comes from outside goes through `text`."""

import html
import json
from collections.abc import Iterable, Mapping
from typing import Any

from baton.reading.text import visible

SHOWN = 20_000
"""Characters of a value that a page shows; the rest is there to download."""


def text(value: object) -> str:
    """Escape *value* for text and for quoted attributes; what nobody can see is left out."""
    return html.escape(visible(str(value)), quote=True)


def tag(name: str, /, *children: str, **attributes: object) -> str:
    """Return an element; *children* are HTML already, attribute values are escaped here."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{''.join(children)}</{name}>"


def void(name: str, /, **attributes: object) -> str:
    """Return an element that has no content, as ``<input …>``."""
    return tag(name, **attributes).removesuffix(f"</{name}>")


def link(href: str, label: str, **attributes: object) -> str:
    """Return a link, or only its label where the address is neither http nor a path."""
    if not href.startswith(("http://", "https://", "/")):
        return text(label)
    return tag("a", text(label), href=href, rel="noreferrer", **attributes)


def definition_list(rows: Iterable[tuple[str, str]]) -> str:
    """Return ``<dl>``; the second of each pair is HTML already, empty ones are left out."""
    return tag("dl", *(tag("dt", text(name)) + tag("dd", value) for name, value in rows if value))


def value(content: Any) -> str:
    """Show a JSON value, cut to what a page can bear."""
    if content is None or content == {}:
        return ""
    written = (
        content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=2)
    )
    cut = written if len(written) <= SHOWN else written[:SHOWN] + f"\n… {len(written) - SHOWN} more"
    return tag("pre", text(cut))


def page(title: str, *body: str, head: Mapping[str, str] | None = None) -> str:
    """Return a whole document. It needs no JavaScript, and brings none."""
    metas = "".join(
        void("meta", http_equiv=name, content=says) for name, says in (head or {}).items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'{metas}<title>{text(title)}</title><link rel="icon" href="/icon.svg">'
        f'<link rel="stylesheet" href="/page.css"></head><body>{"".join(body)}</body></html>'
    )
