"""The two column types of our own: points in time and JSON."""

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]  # left out there
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _refuse(value: object) -> Any:
    raise TypeError(f"{type(value).__name__} is not JSON")


# What `json.JSONEncoder` makes anew for each document, made once: it takes as long as a small document.
# Nothing here looks for circles, which what was read from JSON cannot have.
_in_order, _as_given = (
    c_make_encoder(
        markers=None,
        default=_refuse,
        encoder=encode_basestring,
        indent=None,
        key_separator=":",
        item_separator=",",
        sort_keys=sort_keys,
        skipkeys=False,
        allow_nan=False,
    )
    for sort_keys in (True, False)
)


_decode = json.JSONDecoder().raw_decode  # what was written here has no spaces to be looked for


def canonical(value: Any) -> str:
    """Write *value* as canonical JSON: sorted keys, no spaces, no NaN. Equal values give equal text.

    Raises:
        ValueError: a number that JSON cannot hold.
        TypeError: a value or a key that is not JSON.
    """
    return "".join(_in_order(value, 0))


def compact(value: Any) -> str:
    """Write *value* as JSON whose maps keep their order, without spaces. Raises: as `canonical`."""
    return "".join(_as_given(value, 0))


def to_moment(value: datetime | None) -> int | None:
    """Return microseconds since 1970. Raises: ValueError, for a time without a zone."""
    return None if value is None else moment(value)


def moment(value: datetime) -> int:
    """Return microseconds since 1970, as `to_moment`."""
    if value.tzinfo is None:
        raise ValueError(f"the time {value.isoformat()} has no zone; make it aware, in UTC")
    return _microseconds(value if value.tzinfo is UTC else value.astimezone(UTC))


@lru_cache(maxsize=64)  # a unit writes the same few moments into each of its rows
def _microseconds(value: datetime) -> int:
    """Count from 1970; *value* is in UTC, so that equal ones are the same moment."""
    return to_span(value - EPOCH)  # a division of spans of time takes twice as long


def to_span(value: timedelta) -> int:
    """Return microseconds: what to add to a moment for a later one."""
    return (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds


def from_moment(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + timedelta(microseconds=value)


class Written(str):
    """A JSON value that is canonical text already, so that it is not written a second time."""

    __slots__ = ()


def to_document(value: Any) -> str | None:
    if value is None:
        return None
    return value if type(value) is Written else canonical(value)


def from_document(value: str | None) -> Any:
    return None if value is None else _decode(value)[0]


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as microseconds since 1970 in UTC: exact, and sorted as a number."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # the base class's signature
        return to_moment(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # as above
        return from_moment(value)


def to_ordered(value: Any) -> str | None:
    return None if value is None else compact(value)


class Document(TypeDecorator[Any]):
    """Any JSON value, kept as canonical text. None is the database's null."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002  # as above
        return to_document(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002  # as above
        return from_document(value)


class OrderedDocument(Document):
    """A JSON value whose maps keep the order that its author gave them: forms and cards follow it."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002  # as above
        return to_ordered(value)
