"""People, sources, the audit chain, and small things."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from coordination.database.schema.columns import Key, key, metadata
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
    Column("email", Text),  # two accounts with one address are one person
    Column("shares", Boolean),  # the handle is also that of a group, so it names neither
    Column("read_at", Moment, nullable=False),
)
Index("ix_directory_email", directory.c.email)

groups = Table(
    "groups",
    metadata,
    Column("id", Text, primary_key=True),  # Slack's, as S0SRE
    Column("handle", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("shares", Boolean),  # the handle is also that of a person, so it names neither
    Column("read_at", Moment, nullable=False),
)

group_members = Table(
    "group_members",
    metadata,
    Column("group_id", Text, ForeignKey("groups.id"), primary_key=True),
    Column("person", Text, primary_key=True),
)
Index("ix_group_members_person", group_members.c.person)

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("channel", Text),
    Column("may_choose_channel", Boolean, nullable=False),
    Column("scheme", Text),  # of signed requests; then a bearer token is no substitute
    Column("created_at", Moment, nullable=False),
    Column("retired_at", Moment),
)

source_secrets = Table(  # of signatures; at most two of a source are active
    "source_secrets",
    metadata,
    key(),
    Column("source", Text, ForeignKey("sources.name"), nullable=False),
    Column("secret", Text, nullable=False),  # env:NAME, or encrypted under the instance key
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
)
Index("ix_source_secrets_source", source_secrets.c.source)

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
    Column("previous", Text, nullable=False),  # until revision 0009 the sum of the row before
    Column("sum", Text, nullable=False),
    Column("purged_at", Moment),  # then all but the sums is gone
)

purges = Table(  # what was forgotten since the database was made
    "purges",
    metadata,
    Column("kind", Text, primary_key=True),  # runs, threads, events, raw_bodies, audit, …
    Column("rows", Key, nullable=False),
    Column("after", Key),  # where a round that was cut off goes on
    Column("oldest_at", Moment),  # of what is still kept
    Column("purged_at", Moment, nullable=False),
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

channel_settings = Table(  # what `/baton settings` changed, over the file, and `/baton mentions`
    "channel_settings",
    metadata,
    Column("channel", Text, primary_key=True),  # its id, or that of a person
    Column("settings", Document, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    key(),
    Column("person", Text, nullable=False),
    Column("subject", Text, nullable=False),  # a workflow or a source; * is all
    Column("filters", Document, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("person", "subject", "filters"),
)
Index("ix_subscriptions_subject", subscriptions.c.subject)

nudges = Table(  # when somebody was last reminded: at most once an hour
    "nudges",
    metadata,
    Column("person", Text, primary_key=True),
    Column("at", Moment, nullable=False),
)

sweeps = Table(  # up to where a channel that is read as a bus has been read
    "sweeps",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("ts", Text, nullable=False),
    Column("swept_at", Moment, nullable=False),
)
