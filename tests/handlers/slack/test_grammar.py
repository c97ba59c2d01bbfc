"""What people type, taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.slack.grammar import Unreadable, quoted, read


@pytest.mark.parametrize(
    ("typed", "verb", "words", "given"),
    [
        ("", None, [], {}),
        ("   ", None, [], {}),
        ("Status R-3", "Status", ["R-3"], {}),
        ("start release branch:main", "start", ["release"], {"branch": "main"}),
        ('start a note:"two words"', "start", ["a"], {"note": "two words"}),
        ("start a note:\u201ctwo words\u201d", "start", ["a"], {"note": "two words"}),
        ("start a note:don\u2019t", "start", ["a"], {"note": "don't"}),
        ("start a range:1\u20132", "start", ["a"], {"range": "1-2"}),
        ('start a flag:"a \u2014 b"', "start", ["a"], {"flag": "a \u2014 b"}),
        ("start a Branch:Main", "start", ["a"], {"branch": "Main"}),
        ("start a x:&lt;b&gt; y:&amp;lt;", "start", ["a"], {"x": "<b>", "y": "&lt;"}),
        ("start a who:<@U0ADA|ada>", "start", ["a"], {"who": "<@U0ADA>"}),
        ("start a at:<https://a.example/x?y=1|a.example>", "start", ["a"], {"at": "https://a.example/x?y=1"}),
        ("start a sum:-3", "start", ["a"], {"sum": "-3"}),
        ("start -3", "start", ["-3"], {}),
        (r'start a say:"a \"b\" \\ c"', "start", ["a"], {"say": r'a "b" \ c'}),
        ("start <https://a.example|x>", "start", ["https://a.example"], {}),
    ],
)  # fmt: skip
def test_lines_are_read(
    typed: str, verb: str | None, words: list[str], given: dict[str, str]
) -> None:
    line = read(typed)
    assert (line.verb.text if line.verb else None) == verb
    assert [word.text for word in line.words] == words
    assert dict(line.given) == given


@pytest.mark.parametrize(
    ("typed", "at", "part"),
    [
        ('say "hello', 4, "not closed"),
        ("a b:1 b:2", 6, "there twice"),
        ("a b:", 2, "no value"),
        ("a --b=1", 2, "Write b:value"),
        ("a \u2014b", 2, "Write b:value"),
        ("x" * 4001, 4000, "at most"),
    ],
)
def test_what_cannot_be_read_says_where(typed: str, at: int, part: str) -> None:
    with pytest.raises(Unreadable, match=part) as caught:
        read(typed)
    assert caught.value.at == at


@given(st.text(max_size=200))
def test_whatever_is_typed_is_read_or_refused_with_a_place_inside_it(typed: str) -> None:
    places: list[tuple[int, int]] = []
    try:
        line = read(typed)
        found = [*line.words, *line.filters, *([line.verb] if line.verb else [])]
        places = [(each.at, each.at + each.length) for each in found]
    except Unreadable as error:
        places = [(error.at, error.at)]
    assert all(0 <= start <= end <= len(typed) for start, end in places)


# Between quotes everything may stand, but for the quotes that phones turn curly.
CURLY = "\u201c\u201d\u201e\u201f\xab\xbb\u2018\u2019\u201a\u201b"


@given(st.text(st.characters(exclude_characters=CURLY, exclude_categories=["Cs"]), max_size=80))
def test_what_is_quoted_is_found_again(value: str) -> None:
    assert read(f"start a note:{quoted(value)}").given == {"note": value}
