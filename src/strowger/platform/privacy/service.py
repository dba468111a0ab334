"""Retention, export and erasure (quality.md R-87 to R-89; docs/data.md)."""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from strowger.console import gone
from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.foundation.logs import get_logger
from strowger.foundation.phone import clean_number
from strowger.foundation.sheets import SheetProblem, open_sheet
from strowger.platform.files import service as files
from strowger.platform.files.types import XLS, XLSX
from strowger.platform.privacy import repository
from strowger.platform.privacy.repository import walking

log = get_logger(__name__)
LEAST_DAYS, MOST_DAYS = 1, 3650
READ_AT_MOST = 50_000_000  # bytes of a file that is searched
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{3,255}")


class BadSubject(StrowgerError):
    """What was given is neither a number with country code nor an e-mail address."""

    def __init__(self) -> None:
        super().__init__("DATA1", "Enter a number with country code, or an e-mail address", field="subject")


def read_subject(text: str, country: str | None = None) -> str:
    """A number as digits, or an e-mail address in small letters. Raises BadSubject."""
    text = text.strip()
    if "@" in text:
        if not EMAIL.fullmatch(text):
            raise BadSubject
        return text.lower()
    number = clean_number(text, None, country or "")
    if number is None or len(number) < 8:
        raise BadSubject
    return number


def pattern_of(subject: str) -> str:
    """The regular expression (PostgreSQL and Python read it alike) that finds a number or address as a whole."""
    if "@" in subject:
        return rf"(?i)(?<![a-z0-9._%+-]){re.escape(subject)}(?![a-z0-9-])"
    return rf"(?<![0-9])[+]?{subject}(?![0-9])"


def hint_of(subject: str) -> str:
    """What may be shown of a number or address once it is erased."""
    if "@" in subject:
        name, _, domain = subject.partition("@")
        return f"{name[:1]}***@{domain}"
    return f"{subject[:3]}***{subject[-2:]}"


def _bound(erasure_id: UUID) -> str:
    return f"erasure:{erasure_id}"


async def set_rules(context: Context, account_id: int, days: Mapping[str, int | None]) -> None:
    """Change how long an account keeps each kind; None: as the installation does."""
    for kind, number in days.items():
        if kind not in repository.KINDS:
            raise StrowgerError("DATA2", f"There is no kind {kind}", field="kind")
        if number is not None and not LEAST_DAYS <= number <= MOST_DAYS:
            raise StrowgerError("DATA3", f"Days are {LEAST_DAYS} to {MOST_DAYS}", field=kind)

    async def work(connection: Connection) -> None:
        for kind, number in days.items():
            await repository.set_rule(connection, account_id, kind, number)

    await context.database.run(work)


async def ask(context: Context, account_id: int, subject: str, by: str) -> UUID:
    """Have a person erased; the worker begins within a minute. Returns the id of the certificate-to-be."""
    erasure_id, now = new_uuid(), context.clock.now()
    sealed = context.secrets.seal(subject, _bound(erasure_id))
    await context.database.run(lambda c: repository.ask(c, erasure_id, account_id, hint_of(subject), by, now, sealed))
    return erasure_id


async def erase(context: Context, row: Mapping[str, Any]) -> bool:
    """Take a person out of every table and file of the account; False while messages of theirs are under way.

    Each table is a transaction of its own; whoever is killed in between begins again, and finds less.
    """
    account_id, erasure_id = row["account_id"], row["id"]
    pattern = pattern_of(context.secrets.open(row["subject_sealed"], _bound(erasure_id)).decode())
    rows: dict[str, int] = dict(row["rows"])
    for table in await context.database.run(walking.tables):
        count = await context.database.run(
            lambda c, table=table: walking.erase(c, account_id, table, pattern)  # type: ignore[misc]
        )
        if count:
            rows[table.name] = rows.get(table.name, 0) + count
    for name, count in (await _erase_files(context, account_id, pattern)).items():
        rows[name] = rows.get(name, 0) + count
    if forgotten := await gone.forget(context, account_id):  # titles name people whom no number finds
        rows["page_mark"] = rows.get("page_mark", 0) + forgotten
    left = await context.database.run(lambda c: walking.left(c, account_id, pattern))
    done = None if left else context.clock.now()
    await context.database.run(lambda c: repository.note(c, account_id, erasure_id, rows, done))
    log.info("person_erased" if done else "person_waits", account_id=account_id, erasure=str(erasure_id), tables=rows)
    return done is not None


async def _erase_files(context: Context, account_id: int, pattern: str) -> dict[str, int]:
    """Delete the stored files in which the person stands; files that something refers to are counted, for people to look at."""
    found = re.compile(pattern.encode())
    deleted = kept = 0
    for row in await context.database.run(lambda c: walking.files(c, account_id)):
        stored = files.Stored(**row)
        try:
            content = await _content(context, stored)
        except (SealBroken, SheetProblem, zipfile.BadZipFile) as problem:
            log.warning("file_not_searched", file=str(stored.id), problem=repr(problem))
            continue
        if found.search(content) is None:
            continue
        try:
            deleted += await files.delete(context, account_id, [stored.id])
        except asyncpg.ForeignKeyViolationError:
            kept += 1
    return {name: count for name, count in (("files", deleted), ("files in use, not deleted", kept)) if count}


async def _content(context: Context, stored: files.Stored) -> bytes:
    text = stored.media_type.startswith("text/") or "json" in stored.media_type
    if not (text or stored.media_type in (XLSX, XLS)) or stored.size > READ_AT_MOST:
        return b""
    content = b"".join([piece async for piece in files.read(context, stored)])
    if text:
        return content
    if stored.media_type == XLS:
        return await asyncio.to_thread(_cells_of, content)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        if sum(entry.file_size for entry in book.infolist()) > READ_AT_MOST * 4:
            return b""
        return b"\n".join(book.read(name) for name in book.namelist() if name.endswith(".xml"))


def _cells_of(content: bytes) -> bytes:
    heading, lines = open_sheet(content)
    return "\n".join([*heading, *(cell for _, cells in lines for cell in cells)]).encode()


async def export(context: Context, account_id: int, subject: str | None) -> AsyncIterator[bytes]:
    """All rows of an account, or those that name a person, as JSON lines: ``{"table": ..., "row": {...}}``.

    Nothing that opens a door is among them: no hashes, sealed secrets, tokens.
    """
    pattern = None if subject is None else pattern_of(subject)
    total = 0
    async with context.database.acquire() as connection:
        head = {"export": "person" if subject else "account", "made_at": context.clock.now()}
        yield msgspec.json.encode(head) + b"\n"
        for table in await walking.tables(connection):
            lines = []
            async for row in walking.rows(connection, account_id, table, pattern):
                lines.append(msgspec.json.encode({"table": table.name, "row": row}))
                total += 1
                if len(lines) == 200:
                    yield b"\n".join(lines) + b"\n"
                    lines = []
            if lines:
                yield b"\n".join(lines) + b"\n"
    yield msgspec.json.encode({"rows": total}) + b"\n"
