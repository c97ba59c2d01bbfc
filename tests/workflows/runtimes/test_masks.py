"""What must not be seen is covered, wherever in a value it stands."""

from workflows.runtimes.host.masks import covering, cut, texts_in


def test_a_secret_is_covered_inside_texts_keys_and_lists() -> None:
    cover = covering({"hunter2": "[secret PASSWORD]"})
    value = {"a": ["x hunter2 y", 7], "hunter2": {"b": "hunter2hunter2"}}
    assert cover(value) == {
        "a": ["x [secret PASSWORD] y", 7],
        "[secret PASSWORD]": {"b": "[secret PASSWORD][secret PASSWORD]"},
    }


def test_the_longer_of_two_secrets_is_covered_first() -> None:
    cover = covering({"abcd": "[A]", "abcdef": "[B]"})
    assert cover("abcdef abcd") == "[B] [A]"


def test_a_very_short_secret_does_not_eat_the_text() -> None:
    assert covering({"a": "[A]"})("banana") == "banana"


def test_every_text_of_a_value_is_found_but_no_key() -> None:
    assert list(texts_in({"k": ["a", {"l": "b"}], "n": 1})) == ["a", "b"]


def test_a_small_value_is_shown_whole_and_a_large_one_cut() -> None:
    assert cut({"a": 1}) == {"a": 1}
    shown = cut("ü" * 40_000)
    assert (shown["cut"], shown["bytes"]) == (True, 80_002)
    assert shown["begin"].startswith('"üü')
