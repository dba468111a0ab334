"""R-91: a backup is made while everything runs, damage is found, and it comes back whole."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from click.testing import CliRunner

from strowger.cli.backup import backup, restore
from strowger.foundation import backup as backups
from strowger.foundation.backup import BackupProblem
from strowger.foundation.database import driver_url
from strowger.foundation.partitions import create_partitions
from tests.api_kit import Api
from tests.conftest import url_of

CONTENT = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t"


async def _contents(url: str) -> dict[str, str]:
    """A digest of every table's rows."""
    connection = await asyncpg.connect(driver_url(url))
    names = [row[0] for row in await connection.fetch(backups.TABLES)]
    found = {name: await connection.fetchval(CONTENT.format(name)) for name in names}
    await connection.close()
    return found


@pytest.fixture
async def empty(postgres: str) -> str:
    """The URL of a database without anything."""
    name = f"empty_{uuid4().hex[:8]}"
    admin = await asyncpg.connect(driver_url(postgres))
    await admin.execute(f"CREATE DATABASE {name}")
    yield url_of(postgres, name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


async def test_R91_a_backup_restores_into_an_empty_database(api: Api, empty: str, tmp_path: Path) -> None:
    database = api.context.database
    await database.run(lambda c: create_partitions(c, api.context.clock.now()))
    for number in range(20):
        assert (await api.send(to=f"4477009001{number:02d}", body="Grüße, 😀")).status_code == 202
    made = asyncio.create_task(backups.create(database.url, tmp_path, ["ab"]))
    while not made.done():  # what comes meanwhile is not in it, and does not disturb it
        await api.send()
    path, notes = await made
    assert 20 <= notes.rows["message"] <= await database.pool.fetchval("SELECT count(*) FROM message")
    assert [entry[0] for entry in backups.list_backups(tmp_path)] == [path]
    assert path.stat().st_mode & 0o077 == 0

    _, wrong = await backups.restore(empty, path)
    assert not wrong
    ours, theirs = await _contents(database.url), await _contents(empty)
    grown = {"message", "submission", "rate_bucket", "idempotency_key", "request_log", "api_key"}
    assert {name for name in ours if ours[name] != theirs[name]} <= grown
    assert theirs["account"] == ours["account"]
    with pytest.raises(BackupProblem, match="not empty"):
        await backups.restore(empty, path)
    _, wrong = await backups.restore(empty, path, replace=True)
    assert not wrong
    assert await _contents(empty) == theirs


async def test_R91_damage_is_found_and_a_failed_restore_changes_nothing(api: Api, empty: str, tmp_path: Path) -> None:
    await api.send()
    url = api.context.database.url
    path, _ = await backups.create(url, tmp_path, [])
    await backups.verify(path)
    await backups.restore(empty, path)
    before = await _contents(empty)
    sound = path.read_bytes()
    middle = len(sound) // 2
    for damaged in (sound[:-1], sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :], b""):
        path.write_bytes(damaged)
        with pytest.raises(BackupProblem, match="damaged"):
            await backups.verify(path)
        with pytest.raises(BackupProblem, match="damaged"):
            await backups.restore(empty, path, replace=True)
    # A dump that cannot be restored, although its digest fits, leaves the database as it was.
    notes = json.loads(path.with_suffix(".json").read_text())
    path.write_bytes(b"PGDMP nonsense")
    path.with_suffix(".json").write_text(json.dumps(notes | {"sha256": backups._digest(path)}))
    with pytest.raises(BackupProblem):
        await backups.restore(empty, path, replace=True)
    assert await _contents(empty) == before
    path.with_suffix(".json").write_text(json.dumps(notes | {"revision": "9999"}))
    path.write_bytes(sound)
    with pytest.raises(BackupProblem, match="does not know"):
        await backups.restore(empty, path, replace=True)


async def test_a_running_installation_is_not_restored_over(api: Api, tmp_path: Path) -> None:
    url = api.context.database.url
    path, _ = await backups.create(url, tmp_path, [])
    await api.context.database.pool.execute("INSERT INTO worker (kind, host, pid) VALUES ('worker', 'h', 1)")
    with pytest.raises(BackupProblem, match="stop every process"):
        await backups.restore(url, path, replace=True)


def test_R91_the_commands(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key stays outside: without it a restore stops before it begins."""
    monkeypatch.setenv("STROWGER_DATABASE_URL", database_url)
    monkeypatch.setenv("STROWGER_SECRET_KEY", "11" * 32)
    folder = ["--folder", str(tmp_path)]
    runner = CliRunner()
    made = json.loads(runner.invoke(backup, ["create", *folder, "--json"], catch_exceptions=False).output)
    assert made["rows"] > 0
    assert "11" * 32 not in Path(made["file"]).with_suffix(".json").read_text()
    assert made["file"] in runner.invoke(backup, ["list", *folder]).output
    assert "is whole" in runner.invoke(backup, ["verify", made["file"]]).output
    assert "not empty" in runner.invoke(restore, [made["file"]]).output
    monkeypatch.setenv("STROWGER_SECRET_KEY", "22" * 32)
    refused = runner.invoke(restore, [made["file"], "--replace"])
    assert refused.exit_code == 1
    assert "is not here" in refused.output
    done = runner.invoke(restore, [made["file"], "--replace", "--without-key"], catch_exceptions=False)
    assert "Restored" in done.output
