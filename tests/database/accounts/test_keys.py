"""API keys: shown once, found by hash, rotated with an overlap, never those of another account."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import asyncpg
import pytest

from strowger.foundation.crypto import SealBroken
from strowger.foundation.ids import new_api_key
from strowger.platform.accounts import keys, service
from strowger.platform.accounts.errors import AccountProblem, KeyNotActive, NoSuchKey
from tests.database.accounts.conftest import People


async def test_U49_key_is_stored_hashed_and_sealed(people: People) -> None:
    made = await keys.create_key(people.context, people.account.id, "CRM", networks=["10.0.0.0/8"])
    assert re.fullmatch(r"A[0-9a-f]{32}", made.key)
    row = await people.context.database.pool.fetchrow("SELECT * FROM api_key")
    assert row is not None
    assert row["key_hash"] == hashlib.sha256(made.key.encode()).digest()
    assert made.key.encode() not in row["key_sealed"]
    assert row["hint"] == made.key[-4:]
    assert await keys.reveal_key(people.context, people.account.id, made.id) == made.key


async def test_sealed_key_opens_only_in_its_own_row(people: People) -> None:
    made = [await keys.create_key(people.context, people.account.id, name) for name in "ab"]
    await people.context.database.pool.execute(
        "UPDATE api_key SET key_sealed = (SELECT key_sealed FROM api_key WHERE id = $1) WHERE id = $2",
        made[0].id,
        made[1].id,
    )
    with pytest.raises(SealBroken):
        await keys.reveal_key(people.context, people.account.id, made[1].id)


async def test_U49_rotation_overlaps(people: People) -> None:
    old = await keys.create_key(people.context, people.account.id, "CRM", networks=["192.0.2.1"])
    new = await keys.rotate_key(people.context, people.account.id, old.id, timedelta(hours=24))
    assert new.key != old.key
    rows = {row.id: row for row in await keys.list_keys(people.context, people.account.id)}
    assert rows[old.id].expires_at == people.clock.now() + timedelta(hours=24)
    assert rows[new.id].expires_at is None
    assert (rows[new.id].name, rows[new.id].networks) == ("CRM", ["192.0.2.1"])


async def test_overlap_has_an_end_and_dead_keys_stay_dead(people: People) -> None:
    old = await keys.create_key(people.context, people.account.id, "CRM")
    await keys.rotate_key(people.context, people.account.id, old.id, timedelta(days=900))
    row = await keys.get_key(people.context, people.account.id, old.id)
    assert row.expires_at == people.clock.now() + keys.MAX_OVERLAP
    people.clock.advance(169 * 3600)
    with pytest.raises(KeyNotActive):
        await keys.rotate_key(people.context, people.account.id, old.id, timedelta(0))


async def test_R58_foreign_key_is_as_unknown(people: People) -> None:
    other = await service.create_account(people.context, "Other", "IN", "INR")
    made = await keys.create_key(people.context, people.account.id, "CRM")
    for act in (
        keys.get_key(people.context, other.id, made.id),
        keys.reveal_key(people.context, other.id, made.id),
        keys.set_active(people.context, other.id, made.id, False),
        keys.rotate_key(people.context, other.id, made.id, timedelta(0)),
        keys.change_key(people.context, other.id, made.id, name="x", networks=[], active=False),
    ):
        with pytest.raises(NoSuchKey):
            await act
    assert await keys.list_keys(people.context, other.id) == []
    assert (await keys.get_key(people.context, people.account.id, made.id)).active


async def test_every_change_is_told_to_the_processes(people: People) -> None:
    connection = await people.context.database.connect()
    heard: list[str] = []
    await connection.add_listener("accounts", lambda *args: heard.append(str(args[3])))
    made = await keys.create_key(people.context, people.account.id, "CRM")
    await keys.set_active(people.context, people.account.id, made.id, False)
    await keys.change_key(people.context, people.account.id, made.id, name="x", networks=[], active=True)
    await keys.rotate_key(people.context, people.account.id, made.id, timedelta(0))
    await connection.execute("SELECT 1")
    assert heard == [str(people.account.id)] * 4
    await connection.close()


@pytest.mark.parametrize(
    ("text", "networks"),
    [("", []), ("10.0.0.1\n10.0.0.1/32, 10.1.2.3/8", ["10.0.0.1", "10.0.0.0/8"]), ("2001:DB8::/32", ["2001:db8::/32"])],
)
def test_networks_are_read(text: str, networks: list[str]) -> None:
    assert keys.read_networks(text) == networks


@pytest.mark.parametrize("text", ["host", "10.0.0.256", "\n".join(f"10.0.0.{i}" for i in range(51))])
def test_networks_are_refused(text: str) -> None:
    with pytest.raises(AccountProblem):
        keys.read_networks(text)


async def test_two_keys_never_share_a_hash(people: People) -> None:
    assert len({new_api_key() for _ in range(1000)}) == 1000
    made = await keys.create_key(people.context, people.account.id, "CRM")
    with pytest.raises(asyncpg.UniqueViolationError):
        await people.context.database.pool.execute(
            "INSERT INTO api_key (account_id, name, key_hash, key_sealed, hint) SELECT account_id, 'x', key_hash, key_sealed, hint"
            " FROM api_key WHERE id = $1", made.id,
        )  # fmt: skip
