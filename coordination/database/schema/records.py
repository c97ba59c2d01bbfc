"""People, sources, the audit chain, and small things."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from coordination.database.schema.columns import key, metadata
from coordination.database.types import Document, Moment

directory = Table(
    "directory",
    metadata,
    Column("person", Text, primary_key=True),
    Column("handle", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_bot", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("is_admin", Boolean, nullable=False),
    Column("restricted", Boolean, nullable=False),
    Column("read_at", Moment, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("channel", Text),
    Column("may_choose_channel", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),  # 12 characters base32, shown and logged
    Column("hash", Text, nullable=False),  # sha256 of the secret
    Column("source", Text, ForeignKey("sources.name"), nullable=False),
    Column("scopes", Document, nullable=False),
    Column("owner", Text),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
)

audit = Table(
    "audit",
    metadata,
    key("seq"),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("detail", Document, nullable=False),
    Column("previous", Text, nullable=False),
    Column("sum", Text, nullable=False),
)

blobs = Table(
    "blobs",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),  # run, approval
    Column("value", Integer, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
