"""Who may report: a token is shown once, and everything wrong looks the same."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from baton.masking import mask
from baton.reading import Source
from coordination import tokens
from coordination.changes import Changes
from coordination.credentials import NOBODYS_SECRET, known
from coordination.database import InlineDoor, Transaction, select
from coordination.database import tokens as tokens_table
from coordination.secrets import Secrets
from coordination.store import tokens as store
from coordination.tokens import Credential, Grant, NewToken, UnusableToken, signing_key
from tests.coordination.inbox import T0, CountingIds

CI = Source("ci", "builds", "api", may_choose_channel=True)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[InlineDoor]:
    door = InlineDoor(tmp_path / "x.db", changes=Changes("t"), durable=False)
    await door.write(lambda tx: tokens.put_source(tx, CI, channel="#ci", now=T0))
    yield door
    await door.close()


async def made(door: InlineDoor, ids: CountingIds | None = None, **grant: object) -> NewToken:
    token = tokens.make(ids or CountingIds())
    allowed = Grant(**{"source": "ci", "scopes": {"notify"}, **grant})  # type: ignore[arg-type]
    await door.write(lambda tx: tokens.create(tx, token, allowed, now=T0))
    return token


async def whose(door: InlineDoor, bearer: str, now: datetime = T0) -> Credential | None:
    found = await door.read(lambda reader: known(reader, None))
    return found.holder(bearer, now=now)


async def test_a_token_says_whose_it_is(door: InlineDoor) -> None:
    token = await made(door, owner="UADA", scopes={"read", "notify"})
    assert await whose(door, token.text) == Credential(
        token_id=token.id,
        source=CI,
        scopes=frozenset({"read", "notify"}),
        owner="UADA",
        channel="#ci",
    )


async def test_the_secret_is_not_stored_and_is_masked_in_logs(door: InlineDoor) -> None:
    token = await made(door)
    (row,) = await door.read(lambda reader: reader.fetch_all(select(tokens_table)))
    secret = token.text.rpartition("_")[2]
    assert all(secret not in str(value) for value in row)
    assert secret not in mask(f"Authorization: Bearer {token.text}")


@pytest.mark.parametrize("spoil", ["", "x", "bt_", "bt_aaaaaaaaaaaa_", "Bearer ", "\x00", "bt_é_é"])
async def test_what_is_no_token_is_nobody(door: InlineDoor, spoil: str) -> None:
    await made(door)
    assert await whose(door, spoil) is None


async def test_a_wrong_secret_or_id_is_nobody(door: InlineDoor) -> None:
    ids = CountingIds()
    one, other = await made(door, ids), await made(door, ids)
    mixed = f"bt_{one.id}_{other.text.rpartition('_')[2]}"
    assert await whose(door, mixed) is None
    assert await whose(door, one.text + "0") is None
    assert await whose(door, one.text.replace(one.id, "a" * 12)) is None
    assert await whose(door, one.text) is not None


async def test_an_ended_token_is_nobody(door: InlineDoor) -> None:
    ids = CountingIds()
    until = T0 + timedelta(hours=1)
    expires, revoked = await made(door, ids, expires_at=until), await made(door, ids)
    assert await whose(door, expires.text, until - timedelta(seconds=1)) is not None
    assert await whose(door, expires.text, until) is None
    assert await door.write(lambda tx: tokens.revoke(tx, revoked.id, now=T0)) is True
    assert await door.write(lambda tx: tokens.revoke(tx, revoked.id, now=T0)) is False
    assert await whose(door, revoked.text) is None


async def test_a_rotated_token_overlaps_with_the_next(door: InlineDoor) -> None:
    ids = CountingIds()
    old = await made(door, ids)
    until = T0 + timedelta(hours=24)
    assert await door.write(lambda tx: tokens.end_others(tx, "ci", until=until)) == 1
    new = await made(door, ids)
    assert await whose(door, old.text) is not None
    assert await whose(door, old.text, until) is None
    assert await whose(door, new.text, until) is not None


async def test_its_use_is_noted_to_the_hour(door: InlineDoor) -> None:
    token = await made(door)

    async def used(now: datetime) -> datetime:
        await door.write(lambda tx: tokens.note_use(tx, token.id, now=now))
        (row,) = await door.read(lambda reader: reader.fetch_all(select(tokens_table)))
        found: datetime = row.last_used_at
        return found

    assert await used(T0) == T0
    assert await used(T0 + timedelta(minutes=59)) == T0
    assert await used(T0 + timedelta(hours=2)) == T0 + timedelta(hours=2)


@pytest.mark.parametrize(
    ("grant", "why"),
    [
        ({"scopes": {"notify", "everything"}}, "There is no scope 'everything'; choose from read,"),
        ({"scopes": ()}, "A token needs a scope"),
        ({"source": "nobody"}, "There is no source 'nobody'; make it first"),
    ],
)
async def test_a_token_that_makes_no_sense_is_refused(
    door: InlineDoor, grant: dict[str, object], why: str
) -> None:
    with pytest.raises(UnusableToken, match=why):
        await made(door, **grant)
    assert await door.read(tokens.credentials) == ()


async def test_a_source_has_a_name_that_fits_everywhere(door: InlineDoor) -> None:
    for name in ("", "CI", "a b", "-a", "a" * 65, "ä"):
        source = Source(name, "ns", "api")

        def unit(tx: Transaction, source: Source = source) -> None:
            tokens.put_source(tx, source, channel=None, now=T0)

        with pytest.raises(UnusableToken, match="cannot name a source"):
            await door.write(unit)


@pytest.mark.parametrize("name", ["baton", "workflow-engine", "workflow_engine"])
async def test_no_source_and_no_namespace_has_the_name_of_baton_itself(
    door: InlineDoor, name: str
) -> None:
    for source in (Source(name, "ns", "api"), Source("ci", name, "api")):

        def unit(tx: Transaction, source: Source = source) -> None:
            tokens.put_source(tx, source, channel=None, now=T0)

        with pytest.raises(UnusableToken, match="is Baton's own name; give"):
            await door.write(unit)
    (only,) = await door.read(store.all_sources)
    assert (only.name, only.namespace) == ("ci", "builds")


async def test_a_source_that_signs_keeps_its_scheme_and_its_two_secrets(door: InlineDoor) -> None:
    safe = Secrets(b"k" * 32, {}.__getitem__)
    words = [f"a signing secret, number {number}" for number in range(3)]

    def unit(tx: Transaction) -> None:
        tokens.put_source(tx, CI, channel=None, now=T0, scheme="standard-webhooks")
        for word in words:
            tokens.add_secret(tx, "ci", word, safe.close(word), now=T0)
        tokens.put_source(tx, CI, channel="#ci", now=T0)

    await door.write(unit)
    found = await door.read(lambda reader: known(reader, safe))
    later = T0 + timedelta(hours=24)

    credential, secrets = found.signer("ci", "standard-webhooks", now=T0)
    assert credential is not None
    assert (credential.scheme, credential.channel) == ("standard-webhooks", "#ci")
    assert secrets == tuple(words[1:])
    assert found.signer(None, "standard-webhooks", now=later)[1] == (words[2], NOBODYS_SECRET)
    assert found.signer("nobody", "standard-webhooks", now=T0) == (None, (NOBODYS_SECRET,) * 2)
    assert len(signing_key(NOBODYS_SECRET) or b"-") < tokens.SHORTEST


@pytest.mark.parametrize(
    ("scheme", "secret", "why"),
    [
        ("standard-webhooks", "short", "has 16 bytes or more"),
        ("standard-webhooks", "whsec_" + "QUJD", "has 16 bytes or more"),
        ("standard-webhooks", "whsec_!!", "has 16 bytes or more"),
        ("bearer", "a secret that is long enough", "that signs"),
        (
            "sha-1",
            "a secret that is long enough",
            "no scheme 'sha-1'; choose from bearer, standard",
        ),
    ],
)
async def test_a_secret_or_scheme_that_makes_no_sense_is_refused(
    door: InlineDoor, scheme: str, secret: str, why: str
) -> None:
    def unit(tx: Transaction) -> None:
        tokens.put_source(tx, CI, channel=None, now=T0, scheme=scheme)
        tokens.add_secret(tx, "ci", secret, "closed", now=T0)

    with pytest.raises(UnusableToken, match=why):
        await door.write(unit)
    assert (await door.read(lambda reader: known(reader, None))).signing == {}


async def test_a_retired_source_gets_no_tokens(door: InlineDoor) -> None:
    assert await door.write(lambda tx: tokens.retire_source(tx, "ci", now=T0))
    assert not await door.write(lambda tx: tokens.retire_source(tx, "ci", now=T0))

    with pytest.raises(UnusableToken, match="was retired"):
        await made(door)
    assert await door.write(lambda tx: tokens.restore_source(tx, "ci"))
    assert await whose(door, (await made(door)).text) is not None
