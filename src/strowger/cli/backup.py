"""Commands that make, list, check and restore backups (docs/backup.md)."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from strowger.cli.output import emit, json_option, table
from strowger.cli.processes import resolved_settings
from strowger.foundation import backup as backups
from strowger.foundation.crypto import SecretBox, load_keys
from strowger.foundation.database import OUTAGES
from strowger.foundation.embedded import EmbeddedPostgres
from strowger.foundation.settings import Settings, read_settings
from strowger.foundation.tenancy import NoTenantRole

T = TypeVar("T")
folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where backups are; <data dir>/backups when left out.",
)


def _folder(folder: Path | None, settings: Settings) -> Path:
    return folder or settings.data_dir / "backups"


def _finish(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except (backups.BackupProblem, NoTenantRole) as problem:
        raise click.ClickException(str(problem)) from problem
    except OUTAGES as problem:
        raise click.ClickException(f"The database cannot be reached: {problem}") from problem


def _shown(path: Path, notes: backups.Notes) -> dict[str, Any]:
    return {
        "file": str(path), "made_at": notes.made_at.isoformat(timespec="seconds"), "version": notes.version,
        "schema": notes.revision, "size": notes.size, "rows": sum(notes.rows.values()), "keys": ", ".join(notes.keys),
    }  # fmt: skip


@click.group()
def backup() -> None:
    """Backups of the database. The key of stored secrets is never in them: keep it apart."""


@backup.command("create")
@folder_option
@json_option
def create(folder: Path | None, as_json: bool) -> None:
    """Back up the database while everything runs."""
    settings = resolved_settings()
    keys = SecretBox(load_keys(settings)).key_ids
    path, notes = _finish(backups.create(settings.database_url, _folder(folder, settings), keys))
    emit(as_json, _shown(path, notes), f"{path}: {sum(notes.rows.values()):,} rows, {notes.size:,} bytes.")


@backup.command("list")
@folder_option
@json_option
def list_all(folder: Path | None, as_json: bool) -> None:
    """List the backups of a folder, the newest first."""
    try:
        found = backups.list_backups(_folder(folder, read_settings()))
    except backups.BackupProblem as problem:
        raise click.ClickException(str(problem)) from problem
    rows = [_shown(path, notes) for path, notes in found]
    emit(as_json, rows, table(rows, ("file", "made_at", "version", "schema", "size", "rows")))


@backup.command("verify")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def verify(file: Path, as_json: bool) -> None:
    """Read a backup from beginning to end; ends with 1 when it is damaged."""
    notes = _finish(backups.verify(file))
    emit(
        as_json, _shown(file, notes), f"{file} is whole: {sum(notes.rows.values()):,} rows of schema {notes.revision}."
    )


@contextlib.contextmanager
def _server(settings: Settings) -> Iterator[str]:
    """The database's URL; the embedded server is started for the time when it does not run."""
    if settings.database_url:
        yield settings.database_url
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise click.ClickException("`strowger up` is running in this data directory: stop it first") from problem
        server = EmbeddedPostgres(settings.data_dir / "postgres")
        try:
            yield server.start()
        finally:
            server.stop()


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Drop what the database holds now.")
@click.option("--without-key", is_flag=True, help="Go on although the secrets in the backup cannot be opened here.")
@json_option
def restore(file: Path, replace: bool, without_key: bool, as_json: bool) -> None:
    """Put a backup into an empty database. Nothing else may run on it meanwhile."""
    settings = read_settings()
    try:
        notes = backups.notes_of(file)
    except backups.BackupProblem as problem:
        raise click.ClickException(str(problem)) from problem
    missing = sorted(set(notes.keys) - set(SecretBox(load_keys(settings)).key_ids))
    if missing and not without_key:
        raise click.ClickException(
            f"The key {', '.join(missing)} is not here: put it into STROWGER_SECRET_KEY or {settings.data_dir / 'secret.key'}."
            " Without it carriers' passwords, API keys to be shown again, signing secrets and stored files stay closed"
            " (--without-key)."
        )
    with _server(settings) as url:
        notes, wrong = _finish(backups.restore(url, file, replace))
    if wrong:
        lines = "; ".join(f"{name}: {saved} saved, {found} found" for name, (saved, found) in wrong.items())
        raise click.ClickException(f"Restored, but rows are missing or too many: {lines}")
    shown = _shown(file, notes)
    emit(as_json, shown, f"Restored {shown['rows']:,} rows, the same number in every table. Start Strowger now.")
