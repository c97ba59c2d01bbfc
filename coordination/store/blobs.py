"""Bytes that are too large for a row: logs, bodies. Kept once, under their hash."""

import hashlib

from coordination.database import (
    Reader,
    Transaction,
    bindparam,
    blobs,
    delete,
    insert_if_absent,
    select,
)

_PUT = insert_if_absent(blobs)
_GET = select(blobs.c.bytes).where(blobs.c.hash == bindparam("hash"))
_DROP = delete(blobs).where(blobs.c.hash == bindparam("called"))


def put(tx: Transaction, data: bytes) -> str:
    """Store *data* and return its hash, by which it is found again."""
    name = hashlib.sha256(data).hexdigest()
    tx.execute(_PUT, hash=name, bytes=data)
    return name


async def get(reader: Reader, name: str) -> bytes | None:
    """Return the bytes of that hash."""
    row = await reader.fetch_one(_GET, hash=name)
    return bytes(row.bytes) if row is not None else None


def drop(tx: Transaction, name: str) -> None:
    """Take away the bytes of that hash, which nothing may refer to."""
    tx.execute(_DROP, called=name)
