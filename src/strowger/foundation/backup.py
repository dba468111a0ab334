"""Backups: a dump of one moment with what is needed to trust it, and the way back (R-91).

A backup is a file ``<name>.dump`` (pg_dump's custom format) and ``<name>.json`` beside it: version, schema, digest, rows of each
table, and the ids of the keys without which the secrets in it cannot be opened. The keys are never in it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec

from strowger import __version__
from strowger.foundation.database import Connection, driver_url
from strowger.foundation.embedded import programs
from strowger.foundation.schema import current_revision, known_revisions, migrate
from strowger.foundation.tenancy import ensure_role

ENDING, NOTES = ".dump", ".json"
CHUNK = 1024 * 1024
TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
"""
RUNNING = "SELECT count(*) FROM worker WHERE heartbeat_at > now() - interval '10 seconds'"


# What the database holds stands aside while the backup comes in, and comes back when that fails.
ASIDE = "ALTER SCHEMA public RENAME TO strowger_before_restore; CREATE SCHEMA public"
BACK = "DROP SCHEMA public CASCADE; ALTER SCHEMA strowger_before_restore RENAME TO public"
DROP = "DROP SCHEMA strowger_before_restore CASCADE"


class BackupProblem(RuntimeError):
    """A backup cannot be made, read or restored; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What is known of a backup. ``rows``: of each table, partitions counted with theirs."""

    version: str
    revision: str
    made_at: datetime
    server: str
    size: int
    sha256: str
    keys: list[str]
    rows: dict[str, int]


def _tool(name: str) -> str:
    """The program of the embedded server's wheel (it is the newest), else the system's."""
    ours = programs() / name
    found = str(ours) if ours.exists() else shutil.which(name)
    if found is None:
        raise BackupProblem(f"{name} is not installed")
    return found


async def _run(tool: str, *words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        _tool(tool), *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, complaint = await process.communicate()
    if process.returncode:
        lines = complaint.decode(errors="replace").strip().splitlines()
        raise BackupProblem(f"{tool}: {lines[-1] if lines else process.returncode}")


async def _count(connection: Connection) -> dict[str, int]:
    rows = {}
    for (name,) in await connection.fetch(TABLES):
        rows[name] = int(await connection.fetchval(f'SELECT count(*) FROM "{name}"', timeout=3600))  # noqa: S608
    return rows


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except OSError as problem:
        raise BackupProblem(f"{path} cannot be read: {problem}") from problem
    return digest.hexdigest()


def notes_of(path: Path) -> Notes:
    """What stands beside a dump. Raises BackupProblem when it is not there or cannot be read."""
    try:
        return msgspec.json.decode(path.with_suffix(NOTES).read_bytes(), type=Notes)
    except (OSError, msgspec.DecodeError) as problem:
        raise BackupProblem(f"{path.with_suffix(NOTES)} cannot be read: {problem}") from problem


def list_backups(folder: Path) -> list[tuple[Path, Notes]]:
    """The backups in a folder, the newest first; dumps without notes are no backups."""
    found = []
    for path in sorted(folder.glob(f"*{ENDING}"), reverse=True):
        if path.with_suffix(NOTES).exists():
            found.append((path, notes_of(path)))
    return sorted(found, key=lambda pair: pair[1].made_at, reverse=True)


async def create(url: str, folder: Path, keys: list[str]) -> tuple[Path, Notes]:
    """Make a backup while everything runs. Dump and counts are of the same moment.

    Raises BackupProblem; nothing is left in the folder then.
    """
    await asyncio.to_thread(folder.mkdir, 0o700, True, True)
    now = datetime.now(UTC)
    path = folder / f"strowger-{now:%Y%m%dT%H%M%S%fZ}{ENDING}"
    draft = path.with_suffix(".partial")
    connection = await asyncpg.connect(driver_url(url), timeout=10)
    try:
        draft.touch(mode=0o600)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            dumped = _run(
                "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s",
                f"--snapshot={snapshot}", f"--file={draft}", f"--dbname={driver_url(url)}",
            )  # fmt: skip
            _, rows = await asyncio.gather(dumped, _count(connection))
            notes = Notes(
                __version__, await current_revision(connection), now,
                str(await connection.fetchval("SHOW server_version")), draft.stat().st_size,
                await asyncio.to_thread(_digest, draft), keys, rows,
            )  # fmt: skip
        _sync(draft)
        draft.rename(path)
        path.with_suffix(NOTES).write_bytes(msgspec.json.format(msgspec.json.encode(notes)))
        _sync(path.with_suffix(NOTES))
    finally:
        draft.unlink(missing_ok=True)
        await connection.close()
    return path, notes


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


async def verify(path: Path) -> Notes:
    """Read a backup from beginning to end. Raises BackupProblem when it is not what was written."""
    notes = notes_of(path)
    if await asyncio.to_thread(_digest, path) != notes.sha256:
        raise BackupProblem(f"{path} is damaged: it is not the file that was written")
    await _run("pg_restore", "--file=/dev/null", str(path))
    return notes


async def restore(url: str, path: Path, replace: bool = False) -> tuple[Notes, dict[str, tuple[int, int]]]:
    """Put a backup into an empty database, then bring it to this version's schema.

    Returns the notes, and for each table whose rows differ the number that was saved and the number found. ``replace``: what
    the database holds is dropped first. Raises BackupProblem; the database is as it was then.
    """
    notes = await verify(path)
    if notes.revision not in known_revisions():
        raise BackupProblem(
            f"The backup is of schema {notes.revision}, which this version ({__version__}) does not know"
        )
    connection = await asyncpg.connect(driver_url(url), timeout=10)
    try:
        await _check_room(connection, replace)
        await ensure_role(url)
        await connection.execute(ASIDE)
        try:
            await _run(
                "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges",
                f"--dbname={driver_url(url)}", str(path),
            )  # fmt: skip
        except BaseException:
            await connection.execute(BACK)
            raise
        await connection.execute(DROP)
        found = await _count(connection)
    finally:
        await connection.close()
    await migrate(url)
    wrong = {name: (count, found.get(name, 0)) for name, count in notes.rows.items() if found.get(name) != count}
    return notes, wrong


async def _check_room(connection: Connection, replace: bool) -> None:
    tables = [row[0] for row in await connection.fetch(TABLES)]
    if not tables:
        return
    if "worker" in tables and await connection.fetchval(RUNNING):
        raise BackupProblem("Strowger is running on this database: stop every process first")
    if not replace:
        raise BackupProblem("The database is not empty. Choose an empty one, or --replace to drop what it holds")
