"""Canonical JSON, and what the core shares with its host written in it: facts and commands."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]  # left out there
from json.scanner import c_make_scanner  # type: ignore[attr-defined]  # as above
from operator import attrgetter
from typing import get_args

from workflows.core.commands import Command
from workflows.core.errors import UnknownFact
from workflows.core.facts import Fact, StepError
from workflows.core.plan import Json

Decode = Callable[[Json], Json]


def _plain(value: Json) -> Json:
    """Write what JSON has no word for: records by field, times as ISO 8601, durations as seconds.

    What a later version added to a record is left out while it says nothing, so that what older
    journals hold still adds up.
    """
    members = _members(value.__class__)
    if members is not None:
        always, read, later = members
        written = dict(zip(always, read(value), strict=True))
        for name, default in later:
            if (member := getattr(value, name)) != default:
                written[name] = member
        return written
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_Read = Callable[[Json], tuple[Json, ...]]


@cache
def _members(kind: type) -> tuple[tuple[str, ...], _Read, tuple[tuple[str, Json], ...]] | None:
    """Return the members of a record that are always written, what reads them, and the others.

    Those come with the default at which each is left out. None: it is no record.
    """
    if not is_dataclass(kind):
        return None
    known = fields(kind)
    always = tuple(each.name for each in known if "later" not in each.metadata)
    later = tuple((each.name, each.default) for each in known if "later" in each.metadata)
    return always, _reader(always), later


def _reader(names: tuple[str, ...]) -> _Read:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


# What `json.JSONEncoder` makes anew for each document, made once: it takes as long as a small document.
_encode = c_make_encoder(
    markers=None,
    default=_plain,
    encoder=encode_basestring,
    indent=None,
    key_separator=":",
    item_separator=",",
    sort_keys=True,
    skipkeys=False,
    allow_nan=False,
)
_ASCII = json.JSONEncoder(
    sort_keys=True, allow_nan=False, check_circular=False, separators=(",", ":"), default=_plain
)


def canonical(value: Json) -> bytes:
    """Write *value* the one way it can be written: sorted keys, no spaces, UTF-8.

    Text that UTF-8 cannot hold (half of a surrogate pair) makes the whole document escaped ASCII.

    Raises:
        ValueError: a number is not finite.
        TypeError: a value has no JSON form.
    """
    try:
        return "".join(_encode(value, 0)).encode()
    except UnicodeEncodeError:
        return _ASCII.encode(value).encode()


_scan = c_make_scanner(json.JSONDecoder())  # what `json.loads` asks of a text is known of ours


def read_back(written: bytes) -> Json:
    """Return the plain values that `canonical` wrote."""
    return _scan(written.decode(), 0)[0]


def to_json(value: Json) -> Json:
    """Turn a command, a question or any record of the core into plain JSON values."""
    return read_back(canonical(value))


def digest_of(value: Json) -> str:
    """Return the SHA-256, in hex, over the canonical JSON of *value*."""
    return hashlib.sha256(canonical(value)).hexdigest()


def covered_digest(path: str, action: str, params: Json) -> str:
    """Return what binds an approval to the very bytes of an action."""
    return digest_of([path, action, params])


def digest(commands: Iterable[Command]) -> str:
    """Return what two lists of commands share exactly if they are the same."""
    return digest_of([[type(command).__name__, command] for command in commands])


def fact_to_json(fact: Fact) -> dict[str, Json]:
    """Write *fact* for the journal; fields that hold their default are left out."""
    kind = type(fact).__name__
    data: dict[str, Json] = {"kind": kind}
    for name, default, _ in _shape(kind):
        value = getattr(fact, name)
        if value != default:
            data[name] = value if type(value) in _AS_THEY_ARE else _written(value)
    return data


def fact_from_json(data: Mapping[str, Json]) -> Fact:
    """Read a fact of the journal; fields of a later version are passed over.

    Raises:
        UnknownFact: no such kind, or a field is absent or malformed.
    """
    kind = data.get("kind")
    known = _kinds().get(kind) if isinstance(kind, str) else None
    if known is None:
        raise UnknownFact(
            f"the journal holds a fact of kind {kind!r}, which this core does not know"
        )
    try:
        values = {
            name: decode(data[name]) if decode else data[name]
            for name, _, decode in _shape(known.__name__)
            if name in data
        }
        fact: Fact = known(**values)
    except (TypeError, ValueError, KeyError) as problem:
        raise UnknownFact(f"the journal holds a malformed {kind}: {problem}") from problem
    return fact


@cache
def _kinds() -> Mapping[str, type[Fact]]:
    return {kind.__name__: kind for kind in get_args(Fact)}


@cache
def _shape(kind: str) -> tuple[tuple[str, Json, Decode | None], ...]:
    decoders: dict[str, Decode] = {
        "at": datetime.fromisoformat,
        "error": error_from_json,
        "votes": tuple,
    }
    listed: tuple[Field[Json], ...] = fields(_kinds()[kind])
    return tuple((field.name, _default(field), decoders.get(field.name)) for field in listed)


def _default(field: Field[Json]) -> Json:
    return field.default if field.default_factory is MISSING else field.default_factory()


_AS_THEY_ARE = frozenset({bool, dict, float, int, list, str})


def _written(value: Json) -> Json:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, StepError):
        return error_to_json(value) | {"retry_after": value.retry_after}
    return list(value) if isinstance(value, tuple) else value


def error_to_json(error: StepError) -> dict[str, Json]:
    """Write *error* as expressions see it: ``{type, message, class, status?}``."""
    data: dict[str, Json] = {
        "type": error.type,
        "message": error.message,
        "class": error.class_,
    }
    if error.status is not None:
        data["status"] = error.status
    return data


def error_from_json(data: Mapping[str, Json]) -> StepError:
    """Read what `error_to_json` wrote."""
    return StepError(
        type=data["type"],
        message=data["message"],
        class_=data["class"],
        status=data.get("status"),
        retry_after=data.get("retry_after"),
    )
