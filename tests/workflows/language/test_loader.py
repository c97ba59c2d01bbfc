"""Files are read as YAML 1.2, with places, and what could surprise anybody is refused."""

from typing import Any

import pytest

from workflows.language.errors import InvalidDefinition
from workflows.language.loader import read_yaml


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("yes", "yes"),
        ("y", "y"),
        ("true", True),
        ("FALSE", False),
        ("1:30", "1:30"),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("-7", -7),
        ("+7", 7),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1.2.3", "1.2.3"),
        ("2026-03-02", "2026-03-02"),
        ("~", None),
        ("", None),
        ("null", None),
        ("'12'", "12"),
        ('"on"', "on"),
        ("9007199254740992", 2**53),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(scalar: str, value: Any) -> None:
    found = read_yaml(f"a: {scalar}\n", file="f").data["a"]
    assert found == value
    assert type(found) is type(value)


def test_keys_are_texts_as_they_are_written() -> None:
    assert read_yaml("on: 1\n12: 2\ntrue: 3\n", file="f").data == {"on": 1, "12": 2, "true": 3}


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: &x 1", 1, 4, "anchors"),
        ("a: 1\nb: *x", 2, 4, "aliases"),
        ("a: !!int 3", 1, 4, "tags"),
        ("a: !!python/object/apply:os.system [ls]", 1, 4, "tags"),
        ("a:\n  - !x {}", 2, 5, "tags"),
        ("a: ! x", 1, 4, "tags"),
        ("&x a: 1", 1, 1, "anchors"),
        ("? [a]\n: 1", 1, 3, "a key must be"),
        ("{a: 1}: 2", 1, 1, "a key must be"),
        ("a: 1\n---\nb: 2", 2, 1, "one workflow"),
        ("", 1, 1, "empty"),
        ("# nothing", 1, 1, "empty"),
        ("a: b: c", 1, 5, "not YAML"),
        ("a:\n\t- b", 2, 1, "not YAML"),
        ("a: [1", 2, 1, "not YAML"),
        ("a: 'x", 1, 4, "not YAML"),
        ("a: \x01", 1, 4, "not allowed in YAML"),
        ("ok: 1\na: \x01", 2, 4, "not allowed in YAML"),
    ],
)
def test_what_is_refused_has_its_place_and_stands_alone(
    text: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        read_yaml(text, file="flow.yaml")

    (problem,) = refused.value.problems
    assert (problem.line, problem.column, message in problem.message) == (line, column, True)
    assert str(problem).startswith(f"flow.yaml:{line}:{column}: ")


def test_limits_of_a_file_are_kept() -> None:
    fine = "a: [" + ",".join(["1"] * 4998) + "]"
    assert len(read_yaml(fine, file="f").data["a"]) == 4998
    for text, message in (
        ("a: [" + ",".join(["1"] * 4999) + "]", "more than 5,000 values"),
        ("[" * 33 + "]" * 33, "more than 32 levels"),
        ("[" * 100_000, "more than 32 levels"),
        ("{a: " * 33 + "1" + "}" * 33, "more than 32 levels"),
        ("a: " + "x" * 262_144, "larger than 256 KiB"),
        ("- 1\n" * 60_000, "more than 5,000 values"),
    ):
        with pytest.raises(InvalidDefinition, match=message):
            read_yaml(text, file="f")
    assert read_yaml("[" * 32 + "]" * 32, file="f").data


def test_bytes_are_utf_8_or_refused() -> None:
    assert read_yaml("a: é".encode(), file="f").data == {"a": "é"}
    assert read_yaml(b"\xef\xbb\xbfa: 1", file="f").data == {"a": 1}
    with pytest.raises(InvalidDefinition, match="f:2:4: this file is not UTF-8"):
        read_yaml(b"a: 1\nb: \xff", file="f")


def test_duplicates_and_strange_numbers_are_reported_together() -> None:
    text = "a: 1\nb: .inf\na: 2\nc: {x: 1, x: 2}\nd: 9007199254740993\ne: 1e999\nf: [.nan]\n"

    found = read_yaml(text, file="f").problems

    assert [(each.line, each.column, each.path, each.code) for each in found] == [
        (2, 4, "b", "number"),
        (3, 1, "a", "duplicate"),
        (4, 11, "c.x", "duplicate"),
        (5, 4, "d", "number"),
        (6, 4, "e", "number"),
        (7, 5, "f[0]", "number"),
    ]
    assert "first in line 1" in found[1].message


def test_every_path_has_a_place() -> None:
    text = "name: x\nlist:\n  - a\n  - k: [1, two]\nmap: {in: {deep: 3}}\n"
    document = read_yaml(text, file="f")

    assert document.key(("name",)) == (1, 1)
    assert document.value(("name",)) == (1, 7)
    assert document.value(("list",)) == (2, 1)  # the value begins further down
    assert document.value(("list", 0)) == (3, 5)
    assert document.value(("list", 1, "k", 1)) == (4, 12)
    assert document.key(("map", "in", "deep")) == (5, 12)
    assert document.value(("list", 1, "k", 7, "nowhere")) == (4, 8)  # what holds it


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("a: x {{ y }}", 5, (1, 9)),
        ("a: 'x {{ y }}'", 5, (1, 10)),
        ('a: "x {{ y }}"', 5, (1, 10)),
        ("a: 'it''s {{ y }}'", 5, (1, 4)),  # written in another way: the value stands for it
        ("a: |\n  one\n  {{ y }}\n", 7, (3, 6)),
        ("a: |2\n    one\n", 3, (2, 6)),
        ("a: >\n  one\n  two\n", 5, (1, 4)),
        ("a:\n  x {{ y }}", 2, (2, 5)),
        ("- a: x {{ y }}", 3, (1, 9)),
    ],
)
def test_a_place_inside_a_text_is_found(text: str, offset: int, place: tuple[int, int]) -> None:
    document = read_yaml(text, file="f")
    path = (0, "a") if text.startswith("-") else ("a",)

    assert document.inside(path, offset) == place


def test_windows_line_ends_change_nothing() -> None:
    document = read_yaml("a: 1\r\nb: |\r\n  one\r\n  two {{ x }}\r\n", file="f")

    assert document.data == {"a": 1, "b": "one\ntwo {{ x }}\n"}
    assert document.inside(("b",), 8) == (4, 7)
