"""R-85: all stored secrets move to a new key while everything runs; it may stop anywhere."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from strowger.cli.keeping import secrets
from strowger.foundation import vault
from strowger.foundation.crypto import SealBroken, SecretBox
from strowger.foundation.database import Database
from strowger.foundation.origin import loop_mark
from strowger.platform.callbacks.schemas import Target

OLD, NEW = b"o" * 32, b"n" * 32


async def _fill(database: Database, box: SecretBox) -> int:
    pool = database.pool
    account = int(
        await pool.fetchval(
            "INSERT INTO account (sid, name, country, currency) VALUES ('S', 'S', 'DE', 'EUR') RETURNING id"
        )
    )
    for n in range(450):  # more than two batches
        digest = n.to_bytes(32, "big")
        await pool.execute(
            "INSERT INTO api_key (account_id, name, key_hash, key_sealed, hint) VALUES ($1, 'k', $2, $3, 'x')",
            account, digest, box.seal(f"A{n}", f"api_key:{digest.hex()}"),
        )  # fmt: skip
    await pool.execute(
        "INSERT INTO carrier (name, kind, config, secret_sealed) VALUES ('C', 'smpp', '{}', $1)",
        box.seal("pw", "carrier:C"),
    )
    target = Target("https://a.example", "GET", headers=(("Authorization", "Bearer x"),)).to_json(box, account)
    await pool.execute("INSERT INTO number (account_id, msisdn, callback) VALUES ($1, '491', $2)", account, target)
    return account


async def _opened(database: Database, box: SecretBox, account: int) -> list[Any]:
    keys = await database.pool.fetch("SELECT key_hash, key_sealed FROM api_key ORDER BY id")
    callback = await database.pool.fetchval("SELECT callback FROM number")
    carrier = await database.pool.fetchval("SELECT secret_sealed FROM carrier WHERE name = 'C'")
    return [
        [box.open(row["key_sealed"], f"api_key:{row['key_hash'].hex()}") for row in keys],
        Target.from_json(callback, box, account).headers,
        box.open(carrier, "carrier:C"),
    ]


async def test_R85_everything_moves_to_the_newest_key(database: Database) -> None:
    old, both, new = SecretBox([OLD]), SecretBox([NEW, OLD]), SecretBox([NEW])
    account = await _fill(database, old)
    before = await _opened(database, both, account)
    await database.pool.execute("UPDATE api_key SET key_sealed = $1 WHERE hint = 'x' AND id % 100 = 0", b"")

    rotation = vault.rotate(database, both)
    assert (await anext(rotation)).moved > 400
    await rotation.aclose()  # type: ignore[attr-defined]  # as when it is stopped
    with pytest.raises(SealBroken):
        await _opened(database, new, account)
    assert not sum([p.broken async for p in vault.rotate(database, both)])
    assert sum((await vault.standing(database, both)).older.values()) == 0
    keys = await database.pool.fetch("SELECT key_hash, key_sealed FROM api_key WHERE length(key_sealed) > 0")
    assert all(new.open(row["key_sealed"], f"api_key:{row['key_hash'].hex()}") for row in keys)
    callback = await database.pool.fetchval("SELECT callback FROM number")
    assert Target.from_json(callback, new, account).headers == before[1]
    assert base64.b64decode(callback["sealed"]).startswith(new.heading)
    assert not sum([p.moved async for p in vault.rotate(database, both)]), "nothing is left to do"


async def test_R85_a_value_of_another_row_is_left_and_told(database: Database) -> None:
    old, both = SecretBox([OLD]), SecretBox([NEW, OLD])
    await _fill(database, old)
    await database.pool.execute("UPDATE carrier SET secret_sealed = $1 WHERE name = 'C'", old.seal("pw", "carrier:D"))
    done = [p async for p in vault.rotate(database, both)]
    assert sum(p.broken for p in done) == 1


def test_R85_the_commands(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STROWGER_DATABASE_URL", database_url)
    monkeypatch.setenv("STROWGER_DATA_DIR", str(tmp_path))
    runner = CliRunner()
    assert "older keys" in runner.invoke(secrets, ["status"], catch_exceptions=False).output
    first = (tmp_path / "secret.key").read_text().strip()
    assert runner.invoke(secrets, ["add-key"], catch_exceptions=False).exit_code == 0
    assert (tmp_path / "secret.key").read_text().strip().endswith(f",{first}")
    assert "Nothing to move" in runner.invoke(secrets, ["rotate"], catch_exceptions=False).output
    assert runner.invoke(secrets, ["retire"], catch_exceptions=False).exit_code == 0
    assert first not in (tmp_path / "secret.key").read_text()
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("STROWGER_SECRET_KEY", "11" * 32)
    assert "STROWGER_SECRET_KEY" in runner.invoke(secrets, ["add-key"]).output


async def test_the_mark_by_which_we_know_ourselves_outlives_a_rotation_of_keys(database: Database) -> None:
    """Processes restart one after the other when a key is added or retired: all of them must have the same mark meanwhile."""
    first = await loop_mark(database)
    assert re.fullmatch(r"[0-9a-f]{32}", first)
    before = Database(database.url, 2)
    await before.open()
    assert await loop_mark(before) == first
    await before.close()
    await database.pool.execute("UPDATE installation SET mark = gen_random_uuid()")
    assert await loop_mark(database) != first, "another installation has another one"
    await database.pool.execute("DELETE FROM installation")
    made = [await loop_mark(database) for _ in range(2)]
    assert made[0] == made[1] != first
