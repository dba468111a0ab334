"""Exports that a worker makes into a stored file, for the API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.foundation.logs import get_logger
from strowger.platform.files import service as files
from strowger.platform.privacy import service
from strowger.platform.privacy.repository import exports

log = get_logger(__name__)
KEPT, REMEMBERED = timedelta(days=7), timedelta(days=90)
LOST, BEAT = (
    timedelta(minutes=5),
    30.0,
)  # a worker that has not been seen for so long; seconds between its signs of life
MOST_BYTES, MOST_RUNNING = 4_000_000_000, 5
MEDIA_TYPE = "application/jsonl"
ACCOUNT = "the account"


def _bound(export_id: UUID) -> str:
    return f"data_export:{export_id}"


async def ask(context: Context, account_id: int, subject: str | None, by: str) -> UUID:
    """Have the account exported, or what names a person; a worker begins within seconds. Raises DATA429."""
    export_id, now = new_uuid(), context.clock.now()
    sealed = None if subject is None else context.secrets.seal(subject, _bound(export_id))
    hint = ACCOUNT if subject is None else service.hint_of(subject)

    async def work(connection: Any) -> None:
        if await exports.running(connection, account_id) >= MOST_RUNNING:
            raise StrowgerError("DATA429", field="subject")
        await exports.ask(connection, export_id, account_id, hint, by, now, sealed)

    await context.database.run(work)
    return export_id


async def get(context: Context, account_id: int, export_id: UUID) -> Mapping[str, Any]:
    """An export of an account, with its file (None: not there yet, failed or past its time). Raises DATA404."""
    row = await context.database.run(lambda c: exports.one(c, account_id, export_id))
    if row is None:
        raise StrowgerError("DATA404", field="export_id")
    stored = await files.find(context, account_id, row["file_id"]) if row["file_id"] else None
    state = "expired" if row["state"] == "ready" and stored is None else row["state"]
    return {**row, "state": state, "file": stored}


async def make(context: Context) -> int:
    """Make the exports that wait; returns how many were made."""
    count = 0
    while True:
        now = context.clock.now()
        row = await context.database.run(lambda c, now=now: exports.claim(c, now, now - LOST))  # type: ignore[misc]
        if row is None:
            break
        await _make(context, dict(row))
        count += 1
    return count


async def forget(context: Context) -> None:
    """Forget exports of long ago."""
    await context.database.run(lambda c: exports.forget(c, context.clock.now() - REMEMBERED))


def name_of(context: Context, subject: str | None) -> str:
    """The name of an export's file: it does not name the person."""
    return f"{'person' if subject else 'account'}-{context.clock.now():%Y%m%d}.jsonl"


async def _make(context: Context, row: Mapping[str, Any]) -> None:
    account_id, export_id = row["account_id"], row["id"]
    file_id, error = None, ""
    try:
        sealed = row["subject_sealed"]
        subject = None if sealed is None else context.secrets.open(sealed, _bound(export_id)).decode()
        name = name_of(context, subject)
        stored = await files.save(
            context, account_id, name, MEDIA_TYPE, _lines(context, account_id, export_id, subject), by=row["by_user"],
            expires=context.clock.now() + KEPT, most=MOST_BYTES,
        )  # fmt: skip
        file_id = stored.id
    except files.TooLarge as problem:
        error = str(problem)
    except Exception:
        log.exception("export_failed", export=str(export_id))
        error = "It could not be made. The log of the installation says why."
    now, state = context.clock.now(), "failed" if error else "ready"
    await context.database.run(lambda c: exports.done(c, account_id, export_id, state, now, file_id, error))


async def _lines(context: Context, account_id: int, export_id: UUID, subject: str | None) -> AsyncIterator[bytes]:
    beat = context.clock.monotonic() + BEAT
    async for lines in service.export(context, account_id, subject):
        yield lines
        if context.clock.monotonic() > beat:
            beat = context.clock.monotonic() + BEAT
            now = context.clock.now()
            await context.database.run(lambda c, now=now: exports.seen(c, account_id, export_id, now))  # type: ignore[misc]
