"""Stored files of an account: reports, uploads, exports. Content is sealed in pieces, streamed in and out.

    stored = await files.save(context, account_id, "june.csv", CSV, chunks, by=visitor.email, expires=now + MONTH)

    async with files.writing(context, account_id, "june.xlsx", XLSX) as writer:   # for those who push
        await writer.write(b"...")
    stored = writer.stored

    stored = await files.find(context, account_id, file_id)         # None: unknown, of somebody else, or past its time
    async for piece in files.read(context, stored): ...
    return files.download(context, stored)                          # the answer of a page
    url = files.link(context, stored, timedelta(minutes=10))        # a URL that works without signing in, for mails and API
    await files.delete(context, account_id, [file_id])

A file is seen by nobody until its writer has finished; a writer that fails leaves nothing. Whoever has a row of its own that names
the file saves it with an ``expires`` of a day and calls ``repository.keep`` in the transaction that writes the row, so that
a process that is killed in between leaves nothing either. ``repository.delete`` is for the caller's transaction, too.
Uploads are checked with ``types.checked_type`` before they are saved.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

import msgspec

from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.ids import new_uuid
from strowger.platform.files import repository
from strowger.platform.files.types import ENDINGS, SHOWN, clean_name

if TYPE_CHECKING:
    from litestar.response import Stream

PIECE = 256_000  # bytes of content in one row, before sealing
MOST = 200_000_000  # bytes, unless the caller says otherwise
ABANDONED = timedelta(hours=24)
PURGED_AT_ONCE = 200
SERVED = frozenset(ENDINGS.values())
LINK = "file link"
OPAQUE = "application/octet-stream"


class TooLarge(ValueError):
    """The content is larger than its writer may store."""

    def __init__(self, most: int) -> None:
        super().__init__(f"The file is larger than {most:,} bytes.")
        self.most = most


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is complete. ``size`` in bytes, ``sha256`` of the content as it was given."""

    account_id: int
    id: UUID
    name: str
    media_type: str
    size: int
    sha256: bytes
    pieces: int
    created_by: str
    created_at: datetime
    expires_at: datetime | None


class _Link(msgspec.Struct, array_like=True):
    account_id: int
    file_id: UUID
    until: float


def _bound(account_id: int, file_id: UUID, n: int) -> str:
    return f"stored_piece:{account_id}:{file_id}:{n}"


class Writer:
    """Takes the content of one file; made by ``writing``. ``stored`` is there once the block has ended."""

    def __init__(self, context: Context, account_id: int, file_id: UUID, most: int) -> None:
        self._context, self._account_id, self._file_id, self._most = context, account_id, file_id, most
        self._buffer = bytearray()
        self._hash = hashlib.sha256()
        self._pieces = 0
        self.size = 0
        self._stored: Stored | None = None

    @property
    def stored(self) -> Stored:
        """The finished file."""
        assert self._stored is not None, "the file is not finished"
        return self._stored

    async def write(self, data: bytes) -> None:
        """Take more content. Raises TooLarge; the file is then given up when the block is left."""
        self.size += len(data)
        if self.size > self._most:
            raise TooLarge(self._most)
        self._hash.update(data)
        self._buffer += data
        while len(self._buffer) >= PIECE:
            await self._put(bytes(self._buffer[:PIECE]))
            del self._buffer[:PIECE]

    async def _put(self, data: bytes) -> None:
        sealed = self._context.secrets.seal(data, _bound(self._account_id, self._file_id, self._pieces))
        async with self._context.database.acquire() as connection:
            await repository.add_piece(connection, self._account_id, self._file_id, self._pieces, sealed)
        self._pieces += 1

    async def finish(self) -> None:
        """Write what is left and let the file be seen; ``writing`` calls it."""
        if self._buffer:
            await self._put(bytes(self._buffer))
        now = self._context.clock.now()
        async with self._context.database.acquire() as connection:
            there = await repository.finish(
                connection, self._account_id, self._file_id, self.size, self._hash.digest(), self._pieces, now
            )
            row = await repository.find(connection, self._account_id, self._file_id, now) if there else None
        if row is None:
            raise FileNotFoundError("The file was removed while it was written")
        self._stored = Stored(**row)


@asynccontextmanager
async def writing(
    context: Context,
    account_id: int,
    name: str,
    media_type: str,
    *,
    by: str = "",
    expires: datetime | None = None,
    most: int = MOST,
) -> AsyncIterator[Writer]:
    """Write a file piece by piece; it is complete when the block ends, and gone when it raises.

    ``by`` tells who made it, ``most`` is the largest size in bytes. Nothing is locked meanwhile.
    """
    file_id = new_uuid()
    async with context.database.acquire() as connection:
        await repository.begin(
            connection, account_id, file_id, clean_name(name), media_type, by, context.clock.now(), expires
        )
    writer = Writer(context, account_id, file_id, most)
    try:
        yield writer
        await writer.finish()
    except BaseException:
        async with context.database.acquire() as connection:
            await repository.delete(connection, account_id, [file_id])
        raise


async def save(
    context: Context,
    account_id: int,
    name: str,
    media_type: str,
    content: bytes | AsyncIterable[bytes] | Iterable[bytes],
    *,
    by: str = "",
    expires: datetime | None = None,
    most: int = MOST,
) -> Stored:
    """Store content, whole or as it comes. Raises TooLarge; then nothing is stored."""
    async with writing(context, account_id, name, media_type, by=by, expires=expires, most=most) as writer:
        if isinstance(content, bytes):
            await writer.write(content)
        elif isinstance(content, AsyncIterable):
            async for data in content:
                await writer.write(data)
        else:
            for data in content:
                await writer.write(data)
    return writer.stored


async def find(context: Context, account_id: int, file_id: UUID) -> Stored | None:
    """A file of an account; None when it has none of that id, or it is past its time."""
    async with context.database.acquire() as connection:
        row = await repository.find(connection, account_id, file_id, context.clock.now())
    return Stored(**row) if row else None


async def read(context: Context, stored: Stored) -> AsyncIterator[bytes]:
    """The content in pieces. Raises SealBroken when it was altered, cut or removed meanwhile."""
    for n in range(stored.pieces):
        async with context.database.acquire() as connection:
            sealed = await repository.piece(connection, stored.account_id, stored.id, n)
        if sealed is None:
            raise SealBroken("A piece of the file is missing")
        yield context.secrets.open(sealed, _bound(stored.account_id, stored.id, n))


async def delete(context: Context, account_id: int, file_ids: Sequence[UUID]) -> int:
    """Remove files with their content; returns how many there were."""
    async with context.database.acquire() as connection:
        return await repository.delete(connection, account_id, file_ids)


def headers_of(stored: Stored, inline: bool = False) -> dict[str, str]:
    """The headers with which a file is sent: a browser saves it, or shows it where it can run no code of the file's."""
    shown = inline and stored.media_type in SHOWN
    plain = "".join(c if c.isascii() and c not in '"\\%;' else "_" for c in stored.name)
    names = f"filename=\"{plain}\"; filename*=UTF-8''{quote(stored.name, safe='')}"
    policy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    return {
        "Content-Disposition": f"{'inline' if shown else 'attachment'}; {names}",
        "Content-Length": str(stored.size),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": policy if shown else f"{policy}; sandbox",
        "Cache-Control": "private, no-store",
    }


def download(context: Context, stored: Stored, inline: bool = False) -> Stream:
    """The answer that sends a file. ``inline`` shows pictures and PDF in the browser; everything else is saved."""
    from litestar.response import Stream

    kind = stored.media_type if stored.media_type.partition(";")[0] in SERVED else OPAQUE
    if kind.startswith("text/") and "charset" not in kind:
        kind += "; charset=utf-8"
    return Stream(read(context, stored), media_type=kind, headers=headers_of(stored, inline))


def link(context: Context, stored: Stored, life: timedelta) -> str:
    """A URL that downloads the file without signing in until ``life`` is over; it names nothing readable."""
    until = context.clock.now() + life
    text = msgspec.json.encode(_Link(stored.account_id, stored.id, until.timestamp()))
    token = base64.urlsafe_b64encode(context.secrets.seal(text, LINK)).decode().rstrip("=")
    return f"{context.settings.base_url}/files/{token}"


async def open_link(context: Context, token: str) -> Stored | None:
    """The file of a link's token; None when it is not ours, over, or the file has gone."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        told = msgspec.json.decode(context.secrets.open(sealed, LINK), type=_Link)
    except (SealBroken, binascii.Error, ValueError, msgspec.DecodeError):
        return None
    if told.until <= context.clock.time():
        return None
    return await find(context, told.account_id, told.file_id)


async def purge(context: Context) -> int:
    """Remove files past their time and those whose writers have gone; returns how many."""
    now, total = context.clock.now(), 0
    while True:
        count = await context.database.run(lambda c: repository.purge(c, now, now - ABANDONED, PURGED_AT_ONCE))
        total += count
        if count < PURGED_AT_ONCE:
            return total
