"""What is done with documents: upload, rename, delete, decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.platform.documents import repository
from strowger.platform.documents.scanning import scan
from strowger.platform.documents.schemas import MAX_DOCUMENTS, MAX_FILES, MAX_SIZE, TAKEN, NewDocuments
from strowger.platform.files import repository as stored
from strowger.platform.files import service as files
from strowger.platform.files.types import HEAD, WrongType, checked_type, clean_name
from strowger.platform.gateway.params import FilePart

UNOWNED = timedelta(days=1)
Then = Callable[[Connection, list[asyncpg.Record]], Awaitable[None]]


def check_files(given: Sequence[FilePart]) -> list[str]:
    """The media types of files that may be stored. Raises DOC400, DOC413, DOC415 naming the file."""
    if not given:
        raise StrowgerError("DOC400", "Choose a file.", field="file")
    if len(given) > MAX_FILES:
        raise StrowgerError("DOC400", f"At most {MAX_FILES} files at once; these are {len(given)}.", field="file")
    kinds = []
    for part in given:
        name = clean_name(part.name)
        if not part.data:
            raise StrowgerError("DOC400", f"{name} is empty.", field="file")
        if len(part.data) > MAX_SIZE:
            raise StrowgerError("DOC413", f"{name} has {len(part.data):,} bytes; at most {MAX_SIZE:,}.", field="file")
        try:
            kinds.append(checked_type(name, part.media_type, part.data[:HEAD], TAKEN))
        except WrongType as problem:
            raise StrowgerError("DOC415", str(problem), field="file") from None
    return kinds


async def upload(
    context: Context, account_id: int, new: NewDocuments, by: str, then: Then | None = None
) -> list[asyncpg.Record]:
    """Store documents, all or none; returns their rows. ``then`` runs in the transaction that adds them.

    Raises DOC400, DOC413, DOC415, DOC422 (virus), Unavailable (the scanner is silent).
    """
    kinds = check_files(new.files)
    for part in new.files:
        await scan(context, part.data)
    now = context.clock.now()
    kept: list[UUID] = []
    for part, kind in zip(new.files, kinds, strict=True):
        made = await files.save(context, account_id, part.name, kind, part.data, by=by, expires=now + UNOWNED)
        kept.append(made.id)
    rows = [
        (file_id, new.title_of(n), new.category, new.purpose, new.number_document_id, by, now)
        for n, file_id in enumerate(kept)
    ]

    async def work(connection: Connection) -> list[asyncpg.Record]:
        if await repository.count(connection, account_id) + len(rows) > MAX_DOCUMENTS:
            raise StrowgerError("DOC400", f"An account keeps at most {MAX_DOCUMENTS:,} documents", field="file")
        await stored.keep(connection, account_id, kept, None)
        await repository.add(connection, account_id, rows)
        found = await repository.find(connection, account_id, kept)
        if then is not None:
            await then(connection, found)
        return found

    try:
        return await context.database.run(work)
    except StrowgerError:
        await files.delete(context, account_id, kept)
        raise


async def get(context: Context, account_id: int, file_id: UUID) -> asyncpg.Record:
    """A document. Raises DOC404."""
    async with context.database.acquire() as connection:
        found = await repository.find(connection, account_id, [file_id])
    if not found:
        raise StrowgerError("DOC404", field="document_id")
    return found[0]


async def rename(context: Context, account_id: int, file_id: UUID, title: str) -> asyncpg.Record:
    """Give a document another title; returns it. Raises DOC404."""

    async def work(connection: Connection) -> asyncpg.Record:
        if not await repository.rename(connection, account_id, file_id, title):
            raise StrowgerError("DOC404", field="document_id")
        return (await repository.find(connection, account_id, [file_id]))[0]

    return await context.database.run(work)


async def delete(context: Context, account_id: int, file_id: UUID) -> None:
    """Remove a document and its file. Raises DOC404, DOC409 when something rests on it."""

    async def work(connection: Connection) -> None:
        bound_to = await repository.lock(connection, account_id, file_id)
        if bound_to is None:
            raise StrowgerError("DOC404", field="document_id")
        if bound_to:
            raise StrowgerError("DOC409", field="document_id")
        await repository.delete(connection, account_id, file_id)
        await stored.delete(connection, account_id, [file_id])

    await context.database.run(work)
