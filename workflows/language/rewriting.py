"""Writes a changed definition back into its file: only what changed, so that comments stay.

Values are replaced where they stand, and keys and items are added and removed by whole lines. What
cannot be changed that way is written anew, as small a part of the file as can be.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from operator import ne
from typing import Any, Final, NamedTuple

import yaml

from workflows.language.errors import InvalidDefinition
from workflows.language.loader import read_yaml
from workflows.language.printing import block, flow

__all__ = ["rewritten"]

STEP: Final = 2  # spaces of one level


class _Patch(NamedTuple):
    """Replace the characters from *start* to *end*."""

    start: int
    end: int
    text: str


class _TooMuch(Exception):
    """This part cannot be changed in its place: what holds it is to be written anew."""


def rewritten(text: str, body: Mapping[str, Any]) -> str:
    """Return *text* changed so that it reads as *body*; unchanged, if it does already.

    Args:
        text: a file that can be read.
        body: what it is to say.

    Raises:
        InvalidDefinition: *text* is no YAML, or *body* is too large for a definition.
    """
    old = read_yaml(text, file="").data
    new = dict(body)
    if _same(old, new):
        return text
    found = _patched(text.removeprefix("\ufeff"), old, new)
    if found is not None and _reads_as(found, new):
        return found
    whole = block(new)
    read_yaml(whole, file="")
    return whole


def _same(old: Any, new: Any) -> bool:
    """Say whether two values are equal in their types and the order of their keys, too."""
    if type(old) is not type(new):
        return False
    if isinstance(old, dict):
        return list(old) == list(new) and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return len(old) == len(new) and all(map(_same, old, new))
    return bool(old == new)


def _reads_as(text: str, body: Any) -> bool:
    try:
        return _same(read_yaml(text, file="").data, body)
    except InvalidDefinition:
        return False


def _patched(text: str, old: Any, new: Any) -> str | None:
    node = yaml.compose(text, yaml.CSafeLoader)
    try:
        patches = sorted(_Rewriting(text).change(node, old, new), reverse=True)
    except _TooMuch:
        return None
    for patch in patches:
        text = text[: patch.start] + patch.text + text[patch.end :]
    return text


class _Rewriting:
    """Finds the patches of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def change(self, node: Any, old: Any, new: Any) -> list[_Patch]:
        """Return what makes *old*, which stands at *node*, into *new*.

        Raises:
            _TooMuch: it cannot be changed in its place.
        """
        if _same(old, new):
            return []
        if isinstance(old, dict) and isinstance(new, dict) and not node.flow_style:
            return self.change_map(node, old, new)
        if isinstance(old, list) and isinstance(new, list) and not node.flow_style:
            return self.change_list(node, old, new)
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            return self.change_block_text(node, new)
        if isinstance(node, yaml.ScalarNode) or node.flow_style:
            return [self.value(node, new)]
        raise _TooMuch

    def value(self, node: Any, new: Any) -> _Patch:
        """Replace a value that stands in a line, or in braces."""
        start, end = node.start_mark.index, node.end_mark.index
        glued = start == end and self.text[start - 1 : start] == ":"
        return _Patch(start, end, (" " if glued else "") + flow(new))

    def change_block_text(self, node: Any, new: Any) -> list[_Patch]:
        start, end = node.start_mark.index, self.end_of(node)
        if isinstance(new, str) and "\n" in new:
            indent = self.indent_of(node.start_mark.line)
            if self.text.split("\n")[node.start_mark.line].lstrip().startswith("- "):
                indent += STEP
            return [_Patch(start, end, self.lines(block(new), indent).strip())]
        return [_Patch(start, end, flow(new))]

    def change_map(self, node: Any, old: dict[str, Any], new: dict[str, Any]) -> list[_Patch]:
        kept = [key for key in old if key in new]
        added = [key for key in new if key not in old]
        if not kept or list(new) != kept + added:
            raise _TooMuch  # keys in another order, or all of them others
        patches = []
        for key_node, value_node in node.value:
            key = key_node.value
            if key not in new:
                patches.append(self.without(key_node, value_node))
            else:
                patches.extend(self.change_value(key_node, value_node, old[key], new[key]))
        if added:
            indent = node.start_mark.column
            text = self.lines(block({key: new[key] for key in added}), indent)
            patches.append(self.behind(node, text))
        return patches

    def change_value(self, key: Any, value: Any, old: Any, new: Any) -> list[_Patch]:
        """Change the value of a key; where it must, write it anew behind the key."""
        try:
            return self.change(value, old, new)
        except _TooMuch:
            start, end = key.end_mark.index, max(self.end_of(value), key.end_mark.index)
            if isinstance(new, dict | list) and new:
                inner = self.lines(block(new), key.start_mark.column + STEP)
                return [_Patch(start, end, ":" + self.newline + inner.rstrip())]
            return [_Patch(start, end, ": " + flow(new))]

    def without(self, key: Any, value: Any) -> _Patch:
        """Take the lines of a key away."""
        start = self.line_start(key.start_mark.index)
        if self.text[start : key.start_mark.index].strip():
            raise _TooMuch  # it stands behind the dash of its item
        return _Patch(start, self.line_end(self.end_of(value, key)), "")

    def behind(self, node: Any, text: str) -> _Patch:
        """Put lines behind the last one of *node*."""
        end = self.line_end(self.end_of(node))
        last = "" if self.text[:end].endswith("\n") else self.newline
        return _Patch(end, end, last + text)

    def change_list(self, node: Any, old: list[Any], new: list[Any]) -> list[_Patch]:
        """Change a list of steps item by item: known by their ids, they keep their lines."""
        before, after = _ids(old), _ids(new)
        if before is None or after is None or not set(before) & set(after):
            return self.change_in_place(node, old, new)
        if len(before) == len(after) and sum(map(ne, before, after)) <= 1:
            return self.change_in_place(node, old, new)  # one of them has another name
        items = dict(zip(before, node.value, strict=True))
        spans = {name: self.span(items[name]) for name in before}
        was, will = dict(zip(before, old, strict=True)), dict(zip(after, new, strict=True))
        pieces = []
        for name in after:
            if name in items:
                pieces.append(self.piece(items[name], spans[name], was[name], will[name]))
            else:
                dash = " " * node.start_mark.column
                pieces.append(dash + self.lines(block([will[name]]), len(dash)).lstrip(" "))
        gaps = self.gaps([spans[name] for name in before], keep=len(after))
        text = "".join(piece + gap for piece, gap in zip(pieces, gaps, strict=True))
        return [_Patch(spans[before[0]].start, spans[before[-1]].end, text)]

    def change_in_place(self, node: Any, old: list[Any], new: list[Any]) -> list[_Patch]:
        """Change a list of as many items as before, one by one."""
        if len(old) != len(new):
            raise _TooMuch
        found = [self.change(*each) for each in zip(node.value, old, new, strict=True)]
        return [patch for each in found for patch in each]

    def piece(self, node: Any, span: "_Span", old: Any, new: Any) -> str:
        """Return the lines of an item with what changed in it, its own comments before it."""
        try:
            patches = sorted(self.change(node, old, new), reverse=True)
        except _TooMuch:
            column = self.indent_of(node.start_mark.line)
            patches = [
                _Patch(
                    self.line_start(node.start_mark.index),
                    span.end,
                    " " * column + self.lines(block([new]), column).lstrip(" "),
                )
            ]
        text = self.text
        end = span.end
        for patch in patches:
            text = text[: patch.start] + patch.text + text[patch.end :]
            end += len(patch.text) - (patch.end - patch.start)
        found = text[span.start : end]
        return found if found.endswith("\n") else found + self.newline

    def span(self, node: Any) -> "_Span":
        """Return where an item stands, by whole lines, with the comments right above it."""
        start = self.line_start(node.start_mark.index)
        if self.text[start : node.start_mark.index].strip(" ") != "-":
            raise _TooMuch  # a list inside a list, on one line
        while start:
            above = self.line_start(start - 1)
            if not self.text[above:start].lstrip().startswith("#"):
                break
            start = above
        return _Span(start, self.line_end(self.end_of(node)))

    def gaps(self, spans: list["_Span"], *, keep: int) -> Iterator[str]:
        """Yield what stands between the items, as blank lines; the last item has nothing behind it."""
        between = [self.text[one.end : two.start] for one, two in pairwise(spans)]
        usual = between[-1] if between and not between[-1].strip() else ""
        for index in range(keep):
            last = index == keep - 1
            yield "" if last else between[index] if index < len(between) else usual

    def lines(self, text: str, indent: int) -> str:
        """Return *text* with each line that far to the right."""
        shifted = (" " * indent + line if line else line for line in text.split("\n"))
        return self.newline.join(shifted)

    def end_of(self, node: Any, key: Any = None) -> int:
        """Return where *node* really ends: blocks are said to end where the next thing begins."""
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            end = node.end_mark.index
            while end and self.text[end - 1] in "\r\n ":
                end -= 1
            return int(end)
        if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
            end = node.end_mark.index
            return int(end if key is None else max(end, key.end_mark.index))
        last = node.value[-1]
        return self.end_of(last[1], last[0]) if isinstance(last, tuple) else self.end_of(last)

    def indent_of(self, line: int) -> int:
        found = self.text.split("\n")[line]
        return len(found) - len(found.lstrip(" "))

    def line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def line_end(self, index: int) -> int:
        """Return where the line behind this one begins."""
        found = self.text.find("\n", index)
        return len(self.text) if found < 0 else found + 1


class _Span(NamedTuple):
    start: int
    end: int


def _ids(steps: list[Any]) -> list[str] | None:
    """Return the ids of a list of steps, or None if it is none."""
    found = [step.get("id") if isinstance(step, dict) else None for step in steps]
    ids = [each for each in found if isinstance(each, str)]
    return ids if len(ids) == len(found) == len(set(ids)) and ids else None
