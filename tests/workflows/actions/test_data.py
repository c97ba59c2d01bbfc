"""The actions on values: lists, groups, and files of JSON, YAML and CSV."""

from typing import Any

import pytest
from pydantic import ValidationError

from baton.connector import Failed
from tests.workflows.actions.fakes import Context, Perform

CART = [
    {"name": "tea", "price": 3, "kind": "drink"},
    {"name": "cup", "price": 7.5, "kind": "ware"},
    {"name": "pot", "price": 20, "kind": "ware"},
]


async def test_every_item_becomes_a_map(perform: Perform) -> None:
    made = await perform(
        "data.transform",
        {
            "items": CART,
            "to": {"at": "index", "cost": "item.price * values.rate"},
            "where": "item.kind == 'ware'",
            "values": {"rate": 2},
        },
    )
    assert made.items == [{"at": 0, "cost": 15.0}, {"at": 1, "cost": 40}]
    assert made.count == 2


async def test_every_item_becomes_a_value(perform: Perform) -> None:
    made = await perform("data.transform", {"items": CART, "to": "item.name | upper"})
    assert made.items == ["TEA", "CUP", "POT"]
    assert (await perform("data.transform", {"items": [], "to": "item.x"})).items == []


async def test_text_of_data_is_never_an_expression(perform: Perform) -> None:
    made = await perform("data.transform", {"items": ["{{ 1 + 1 }}", "1 + 1"], "to": "item"})
    assert made.items == ["{{ 1 + 1 }}", "1 + 1"]


async def test_items_are_kept_in_their_order(perform: Perform) -> None:
    kept = await perform("data.filter", {"items": CART, "where": "item.price > 5"})
    assert [each["name"] for each in kept.items] == ["cup", "pot"]
    assert (kept.count, kept.left_out) == (2, 1)


@pytest.mark.parametrize("name", ["data.filter", "data.transform", "data.sort", "data.aggregate"])
async def test_an_expression_without_a_value_fails_and_names_the_item(
    perform: Perform, name: str
) -> None:
    key = {"data.filter": "where", "data.transform": "to"}.get(name, "by")
    with pytest.raises(Failed, match=r"items\[1\]: .*price") as caught:
        await perform(name, {"items": [{"price": 1}, {}], key: "item.price"})
    assert caught.value.type == "expression"


@pytest.mark.parametrize("source", ["{{ item }}", "item +", "steps.a.output", "item | nope", ""])
async def test_what_is_no_expression_over_an_item_is_refused_before(
    perform: Perform, source: str
) -> None:
    with pytest.raises(ValidationError):
        await perform("data.filter", {"items": [], "where": source})


async def test_a_list_is_sorted_by_several_things(perform: Perform) -> None:
    by = ["item.kind", "item.price"]
    up = await perform("data.sort", {"items": CART[::-1], "by": by})
    down = await perform("data.sort", {"items": CART, "by": by, "descending": True})
    assert [each["name"] for each in up.items] == ["tea", "cup", "pot"]
    assert [each["name"] for each in down.items] == ["pot", "cup", "tea"]


async def test_null_comes_last_and_equal_items_keep_their_order(perform: Perform) -> None:
    items = [{"n": None, "i": 0}, {"n": 1, "i": 1}, {"n": 2, "i": 2}, {"n": 1, "i": 3}]
    up = await perform("data.sort", {"items": items, "by": "item.n"})
    down = await perform("data.sort", {"items": items, "by": "item.n", "descending": True})
    assert [each["i"] for each in up.items] == [1, 3, 2, 0]
    assert [each["i"] for each in down.items] == [2, 1, 3, 0]


@pytest.mark.parametrize("items", [[1, "1"], [True, False], [[1], [2]], [{}, {}]])
async def test_what_has_no_order_is_not_sorted(perform: Perform, items: list[Any]) -> None:
    with pytest.raises(Failed, match="no order"):
        await perform("data.sort", {"items": items})


async def test_groups_and_all_of_it_are_measured(perform: Perform) -> None:
    measures = {
        "total": {"of": "item.price", "as": "sum"},
        "dearest": {"of": "item.price", "as": "max"},
        "names": {"of": "item.name", "as": "list"},
        "dear": {"of": "item.price > 5", "as": "count"},
    }
    found = await perform(
        "data.aggregate", {"items": CART, "by": "item.kind", "measures": measures}
    )
    assert found.groups == [
        {"key": "drink", "count": 1, "total": 3, "dearest": 3, "names": ["tea"], "dear": 0},
        {
            "key": "ware",
            "count": 2,
            "total": 27.5,
            "dearest": 20,
            "names": ["cup", "pot"],
            "dear": 2,
        },
    ]
    assert found.all == {
        "count": 3,
        "total": 30.5,
        "dearest": 20,
        "names": ["tea", "cup", "pot"],
        "dear": 2,
    }


@pytest.mark.parametrize(
    ("way", "values", "found"),
    [
        ("mean", [1, None, 2], 1.5),
        ("min", ["b", "a"], "a"),
        ("first", [None, 2, 3], 2),
        ("last", [2, 3, None], 3),
        ("unique", [1, 2, 1, True, "1"], [1, 2, True, "1"]),
        ("list", [None, 1], [None, 1]),
        ("sum", [], 0),
        ("mean", [], None),
        ("max", [], None),
        ("first", [], None),
    ],
)
async def test_values_become_one_by_measure(
    perform: Perform, way: str, values: list[Any], found: Any
) -> None:
    measures = {"it": {"of": "item", "as": way}}
    given = {"items": values, "measures": measures}
    measured = (await perform("data.aggregate", given)).all["it"]
    assert repr(measured) == repr(found)


@pytest.mark.parametrize("way", ["sum", "mean", "min"])
async def test_what_is_no_number_has_no_sum(perform: Perform, way: str) -> None:
    measures = {"it": {"of": "item", "as": way}}
    with pytest.raises(Failed, match=r"measures\.it"):
        await perform("data.aggregate", {"items": [1, "2"], "measures": measures})


async def test_no_measure_hides_what_a_group_has(perform: Perform) -> None:
    measures = {"count": {"of": "item", "as": "sum"}}
    with pytest.raises(ValidationError, match="choose another name"):
        await perform("data.aggregate", {"items": [], "measures": measures})


ROWS = [{"name": "tea, green", "price": 3}, {"name": 'the "pot"', "price": None}]


@pytest.mark.parametrize("path", ["a.json", "a.yaml", "deep/a.yml"])
async def test_what_is_written_is_read_again(perform: Perform, path: str) -> None:
    value = {"rows": ROWS, "no": "no", "n": "012", "deep": [[1.5, True, None]], "t": "a\nb\n"}
    stored = await perform("data.write", {"path": path, "value": value})
    found = await perform("data.read", {"path": path})
    assert found.value == value
    assert (found.count, stored.path) == (5, path)


async def test_a_table_is_written_and_read(perform: Perform, ctx: Context) -> None:
    await perform("data.write", {"path": "a.csv", "value": ROWS})
    assert (ctx.files.root / "a.csv").read_text() == (
        'name,price\n"tea, green",3\n"the ""pot""",\n'
    )
    assert (await perform("data.read", {"path": "a.csv"})).value == [
        {"name": "tea, green", "price": "3"},
        {"name": 'the "pot"', "price": ""},
    ]
    columns = {"path": "b.csv", "value": ROWS, "columns": ["price", "more"], "delimiter": ";"}
    await perform("data.write", columns)
    assert (ctx.files.root / "b.csv").read_text() == "price;more\n3;\n;\n"
    plain = {"text": "1;2\n\n3;4\n", "format": "csv", "delimiter": ";", "header": False}
    assert (await perform("data.read", plain)).value == [["1", "2"], ["3", "4"]]


async def test_a_text_is_read_as_well(perform: Perform) -> None:
    read = await perform("data.read", {"text": '\ufeff{"a": [1, 2]}', "format": "json"})
    assert (read.value, read.count) == ({"a": [1, 2]}, 1)
    assert (await perform("data.read", {"text": "7", "format": "json"})).count is None


@pytest.mark.parametrize(
    ("form", "text", "why"),
    [
        ("json", "{", "line 1"),
        ("json", "NaN", "NaN is not JSON"),
        ("json", '{"a": 1, "a": 2}', "'a' comes twice"),
        ("json", "[" * 200 + "]" * 200, "more than 100 levels"),
        ("json", "[" * 100_000, "is not JSON"),
        ("yaml", "a: &x [1]\nb: *x", "anchors"),
        ("yaml", "a: !!python/object:os.system 1", "tags"),
        ("yaml", "a: 1\na: 2", "twice"),
        ("yaml", "a: [", "YAML"),
        ("csv", "a,a\n1,2\n", "one name"),
        ("csv", "a,b\n1\n", "line 2 has 1 fields"),
        ("csv", 'a\n"open', "CSV"),
        ("csv", "a\n" + "1\n" * 100_001, "100,000 rows"),
    ],
)
async def test_what_is_wrong_is_refused_with_a_reason(
    perform: Perform, form: str, text: str, why: str
) -> None:
    with pytest.raises(Failed, match=why) as caught:
        await perform("data.read", {"text": text, "format": form})
    assert caught.value.type == "format"
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("value", [{"a": 1}, "text", [1], [{"a": 1}, [1]], [[1], {"a": 1}]])
async def test_what_is_no_table_is_not_written(perform: Perform, ctx: Context, value: Any) -> None:
    with pytest.raises(Failed):
        await perform("data.write", {"path": "a.csv", "value": value})
    assert not (ctx.files.root / "a.csv").exists()


@pytest.mark.parametrize(
    "params", [{}, {"path": "a.json", "text": "1"}, {"path": "a.txt"}, {"text": "1"}]
)
async def test_a_source_and_its_format_are_said(perform: Perform, params: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        await perform("data.read", params)


async def test_a_file_that_is_too_large_is_not_read(perform: Perform, ctx: Context) -> None:
    (ctx.files.root / "a.json").write_text(" " * (4 * 1024 * 1024 + 1))
    with pytest.raises(Failed, match="more than") as caught:
        await perform("data.read", {"path": "a.json"})
    assert caught.value.type == "limit"
