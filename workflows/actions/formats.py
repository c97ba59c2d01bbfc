"""`data.read` and `data.write`: values as JSON, YAML or CSV, in a file below BATON_ROOT."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

from pydantic import BaseModel, Field, JsonValue, model_validator

from baton.connector import ActionContext, Failed, Params, action
from workflows.actions.files import FilePath, NewPath
from workflows.language.errors import InvalidDefinition
from workflows.language.loader import read_yaml
from workflows.language.printing import block

__all__ = ["read", "write"]

Format = Literal["json", "yaml", "csv"]
LARGEST: Final = 4 * 1024 * 1024
ROWS: Final = 100_000
DEEPEST: Final = 100
ENDINGS: Final[dict[str, Format]] = {
    ".json": "json", ".yaml": "yaml", ".yml": "yaml", ".csv": "csv",
}  # fmt: skip
FORMAT: Final = "How it is written; left out, the ending of the path says so."


class _Formatted(Params):
    """What has a format, said or seen by the ending of its path."""

    format: Format | None = Field(None, description=FORMAT)
    delimiter: str = Field(
        ",", min_length=1, max_length=1, description="Between two fields, in CSV.", examples=[";"]
    )

    def form(self, path: str) -> Format:
        """Return the format.

        Raises:
            ValueError: neither is it said nor does the path show it.
        """
        found = self.format or ENDINGS.get(path[path.rfind(".") :].lower())
        if found is None:
            raise ValueError("say the format: the path does not end in .json, .yaml or .csv")
        return found


class Source(_Formatted):
    path: FilePath | None = Field(
        None,
        description="A file below BATON_ROOT, of at most 4 MiB.",
        examples=["data/prices.csv"],
    )
    text: str | None = Field(
        None,
        description="Or the text itself; then format is required.",
        examples=["{{ steps.report.output.stdout }}"],
    )
    header: bool = Field(
        default=True,
        description="Whether the first line of a CSV names its columns: then each row is a map, "
        "otherwise a list.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> "Source":
        if (self.path is None) == (self.text is None):
            raise ValueError("give path or text, one of the two")
        self.form(self.path or "")
        return self


class Value(BaseModel):
    value: JsonValue = Field(description="What was read; of a CSV a list of rows.")
    count: int | None = Field(description="How many items a list or map has, otherwise null.")


@action("data.read", repeatable=True)
async def read(params: Source, ctx: ActionContext) -> Value:
    """Read JSON, YAML or CSV.

    YAML is read as definitions are: version 1.2, without anchors and tags, at most 256 KiB and 5,000
    values. The fields of a CSV are text; nothing is taken for a number.
    """
    name = params.path or "text"
    if params.path is not None:
        content = await ctx.files.read(params.path, limit=LARGEST)
    else:
        content = (params.text or "").encode("utf-8", "replace")
    try:
        value = _read(params, name, content)
    except UnicodeDecodeError:
        raise Failed(f"{name} is not text in UTF-8", type="format") from None
    except InvalidDefinition as error:
        raise Failed(str(error), type="format") from None
    except (ValueError, RecursionError, csv.Error) as error:
        form = params.form(params.path or "").upper()
        raise Failed(f"{name} is not {form}: {error}", type="format") from None
    return Value(value=value, count=len(value) if isinstance(value, list | dict) else None)


def _read(params: Source, name: str, content: bytes) -> Any:
    form = params.form(params.path or "")
    if form == "yaml":
        document = read_yaml(content, file=name)
        if document.problems:
            raise InvalidDefinition(document.problems)
        return document.data
    text = content.decode("utf-8-sig")
    if form == "json":
        return _bounded(json.loads(text, parse_constant=_refuse, object_pairs_hook=_once))
    return _rows(text, params)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:100]!r} comes twice")
    return found


def _bounded(value: Any) -> Any:
    """Return *value* unless it nests deeper than anything that follows can take."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, list | dict)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return value
    raise ValueError(f"it nests more than {DEEPEST} levels")


def _rows(text: str, params: Source) -> list[Any]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=params.delimiter, strict=True)
    filled = (line for line in lines if line)
    if not params.header:
        return list(_limited(filled))
    names = next(filled, [])
    if len(set(names)) != len(names):
        raise ValueError("two columns have one name")
    return [_named(names, row, lines.line_num) for row in _limited(filled)]


def _limited(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    for number, row in enumerate(rows):
        if number == ROWS:
            raise ValueError(f"it has more than {ROWS:,} rows")
        yield row


def _named(names: Sequence[str], row: list[str], line: int) -> dict[str, str]:
    if len(row) != len(names):
        raise ValueError(f"line {line} has {len(row)} fields, and there are {len(names)} columns")
    return dict(zip(names, row, strict=True))


class Target(_Formatted):
    path: NewPath = Field(
        description="Where to, relative to BATON_ROOT. A file that is there is replaced.",
        examples=["{{ run.folder }}/prices.csv"],
    )
    value: JsonValue = Field(
        description="What to write. For CSV a list of maps, or a list of lists.",
        examples=["{{ steps.prices.output.items }}"],
    )
    columns: list[str] | None = Field(
        None,
        description="Which members of the maps a CSV has, in this order; left out, those of the "
        "first row.",
    )

    @model_validator(mode="after")
    def _known_format(self) -> "Target":
        self.form(self.path)
        return self


class Stored(BaseModel):
    path: str = Field(description="The path, relative to BATON_ROOT.")
    size: int = Field(description="How many bytes were written.")


@action("data.write", repeatable=True)
async def write(params: Target, ctx: ActionContext) -> Stored:
    """Write a value as JSON, YAML or CSV, whole or not at all. A file that is there is replaced."""
    content = _written(params).encode("utf-8", "backslashreplace")
    await ctx.files.write(params.path, content)
    return Stored(path=params.path, size=len(content))


def _written(params: Target) -> str:
    form = params.form(params.path)
    if form == "json":
        return json.dumps(params.value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    if form == "yaml":
        return block(params.value)
    if not isinstance(params.value, list):
        raise Failed("a CSV is written from a list", type="format")
    return _csv(params, params.value)


def _csv(params: Target, rows: list[Any]) -> str:
    first = rows[0] if rows else {}
    columns = params.columns or (list(first) if isinstance(first, dict) else None)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=params.delimiter, lineterminator="\n")
    if columns:
        writer.writerow(columns)
    for number, row in enumerate(rows):
        if type(row) is not type(first) or not isinstance(row, dict | list):
            raise Failed(f"value[{number}]: rows are all maps or all lists", type="format")
        fields = [row.get(name) for name in columns or ()] if isinstance(row, dict) else row
        writer.writerow([_field(value) for value in fields])
    return out.getvalue()


def _field(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
