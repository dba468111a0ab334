"""Commands about the keys that seal stored secrets (docs/backup.md, "Keys")."""

from __future__ import annotations

import os
from typing import Any

import click

from strowger.cli.output import emit, json_option, table
from strowger.cli.running import run
from strowger.foundation import vault
from strowger.foundation.context import Context
from strowger.foundation.crypto import KEY_FILE, KEY_SIZE, SecretBox, load_keys, write_key_file
from strowger.foundation.settings import Settings, read_settings


@click.group()
def secrets() -> None:
    """The keys that seal stored secrets, and moving to a new one."""


def _file_settings() -> Settings:
    settings = read_settings()
    if settings.secret_key:
        raise click.ClickException("The keys are in STROWGER_SECRET_KEY: change them where that is set")
    return settings


@secrets.command("add-key")
@json_option
def add_key(as_json: bool) -> None:
    """Put a new key before those of the key file; restart Strowger, then run `rotate`."""
    settings = _file_settings()
    keys = [os.urandom(KEY_SIZE), *load_keys(settings)]
    write_key_file(settings.data_dir / KEY_FILE, keys)
    new = SecretBox(keys).key_ids[0]
    emit(as_json, {"key": new}, f"Key {new} added. Restart Strowger, then run `strowger secrets rotate`.")


@secrets.command("status")
@json_option
def status(as_json: bool) -> None:
    """How many stored values the newest key seals, and how many still an older one."""

    async def work(context: Context) -> list[dict[str, Any]]:
        found = await vault.standing(context.database, context.secrets)
        return [
            {"place": name, "newest key": count, "older keys": found.older[name]}
            for name, count in found.current.items()
        ]

    rows = run(work)
    emit(as_json, rows, table(rows, ("place", "newest key", "older keys")))


@secrets.command("rotate")
@json_option
def rotate(as_json: bool) -> None:
    """Seal everything under the newest key, while Strowger runs. May be stopped and run again."""

    async def work(context: Context) -> list[dict[str, Any]]:
        return [
            {"place": f"{p.place.table}.{p.place.column}", "moved": p.moved, "cannot be opened": p.broken}
            async for p in vault.rotate(context.database, context.secrets)
        ]

    rows = run(work)
    broken = sum(row["cannot be opened"] for row in rows)
    done = [row for row in rows if row["moved"] or row["cannot be opened"]]
    ending = f"\n{broken} values cannot be opened by any key that is here." if broken else ""
    emit(as_json, rows, (table(done, ("place", "moved", "cannot be opened")) if done else "Nothing to move.") + ending)
    if broken:
        raise SystemExit(1)


@secrets.command("retire")
@json_option
def retire(as_json: bool) -> None:
    """Remove the older keys from the key file, once nothing is sealed by them."""
    settings = _file_settings()

    async def work(context: Context) -> dict[str, int]:
        return {k: n for k, n in (await vault.standing(context.database, context.secrets)).older.items() if n}

    left = run(work)
    if left:
        words = ", ".join(f"{name} ({count})" for name, count in left.items())
        raise click.ClickException(f"Older keys still seal {words}: run `strowger secrets rotate` first")
    keys = load_keys(settings)
    write_key_file(settings.data_dir / KEY_FILE, keys[:1])
    emit(as_json, {"retired": len(keys) - 1}, f"{len(keys) - 1} older keys removed. Restart Strowger.")
