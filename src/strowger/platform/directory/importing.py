"""Imports of contacts and tags: a file is stored, its columns are chosen, a worker reads it and writes contacts in sets.

A worker holds the row of the import while it reads the file, and while it writes a set of rows: either the whole step is done
or nothing of it, and two workers never do the same one.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from strowger.console.export import escape_formula
from strowger.foundation.context import Context
from strowger.foundation.database import CLASHES, OUTAGES, Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.foundation.logs import get_logger
from strowger.foundation.notify import tell_live
from strowger.foundation.sheets import OLE_MARK, ZIP_MARK, SheetProblem, open_sheet
from strowger.platform.blocklist import service as blocklist
from strowger.platform.directory import changing, service
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.listing import MAX_ID, Book, open_book
from strowger.platform.directory.mapping import CONTACTS, MAX_FILE, TAGS, Options, Reader, preview
from strowger.platform.directory.reading import read_tag_name
from strowger.platform.directory.repository import contacts, fields, imports, listing, tags
from strowger.platform.directory.schemas import MAX_CONTACTS
from strowger.platform.files import service as files
from strowger.platform.files.types import CSV, XLS, XLSX

log = get_logger(__name__)
Record: TypeAlias = Mapping[str, Any]
TOPIC = "imports"
READ_AT_ONCE, WRITTEN_AT_ONCE, STEPS, REPORTED_AT_ONCE = 5_000, 2_000, 200, 5_000
DRAFTS_KEPT, KEPT = timedelta(days=1), timedelta(days=30)
CHANGE = "change"
DRAFT, WAITING, RUNNING, DONE, FAILED = "draft", "waiting", "running", "done", "failed"
BROKEN = "It could not be done; the log of the worker tells why."
FULL = f"The directory may hold {MAX_CONTACTS:,} contacts; the rest of the file was not taken."
THERE, NOT_THERE = "The contact exists and was left as it is.", "No contact has this number."


async def upload(context: Context, account_id: int, mode: str, name: str, data: bytes, by: str) -> UUID:
    """Store a file for an import and look at its head; returns the id of the draft. Raises SheetProblem."""
    if len(data) > MAX_FILE:
        raise SheetProblem(f"The file is larger than {MAX_FILE // 1_000_000} MB.")
    headings, _ = await asyncio.to_thread(preview, data)
    now, import_id = context.clock.now(), new_uuid()
    kind = XLSX if data.startswith(ZIP_MARK) else XLS if data.startswith(OLE_MARK) else CSV
    stored = await files.save(context, account_id, name, kind, data, by=by, expires=now + DRAFTS_KEPT, most=MAX_FILE)
    await context.database.run(
        lambda c: imports.add(c, account_id, import_id, mode, stored.name, stored.id, headings, {}, DRAFT, by, now)
    )
    return import_id


async def content(context: Context, account_id: int, record: Record) -> bytes:
    """The file of an import. Raises SheetProblem when it has gone."""
    stored = await files.find(context, account_id, record["file_id"]) if record["file_id"] else None
    if stored is None:
        raise SheetProblem("The file is not kept any more; upload it again.")
    return b"".join([piece async for piece in files.read(context, stored)])


async def begin(context: Context, account_id: int, import_id: UUID, options: Options) -> None:
    """Let a worker do an import as it was chosen. Raises Refused."""
    now = context.clock.now()

    async def work(connection: Connection) -> None:
        record = await imports.lock(connection, account_id, import_id)
        checked = record is not None and record["state"] == DONE and record["options"].get("dry")
        if record is None or not (record["state"] == DRAFT or checked):
            raise Refused("DIR402", "This import has begun already.")
        plain = msgspec.to_builtins(options)
        await imports.change(connection, account_id, import_id, options=plain, state=WAITING, due_at=now, counts={})

    await context.database.run(work)


async def begin_change(
    context: Context, book: Book, query: str, change: changing.Change, title: str, count: int, by: str
) -> UUID:
    """Let a worker change every contact in a state of the list, whose days begin where ``book`` says."""
    now, import_id = context.clock.now(), new_uuid()
    options = {"query": query, "zone": book.zone, "change": msgspec.to_builtins(change)}
    await context.database.run(
        lambda c: imports.add(
            c, book.account_id, import_id, CHANGE, title, None, [], options, RUNNING, by, now, due_at=now, total=count
        )
    )
    return import_id


class Importer:
    """Does the imports of every account; any number of them may run."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._looked_at: Any = None

    async def run(self) -> int:
        """Do what is due; returns how many steps were done."""
        for done in range(STEPS):
            try:
                if not await self._context.database.run(self._step):
                    return done
            except (Refused, SheetProblem) as problem:
                await self._fail(problem.text if isinstance(problem, Refused) else str(problem))
            except (*OUTAGES, *CLASHES):
                raise
            except StrowgerError as problem:
                if problem.status == 503:
                    raise
                log.exception("import_failed", import_id=str(self._looked_at and self._looked_at["id"]))
                await self._fail(BROKEN)
            except Exception:
                log.exception("import_failed", import_id=str(self._looked_at and self._looked_at["id"]))
                await self._fail(BROKEN)
        return STEPS

    async def _step(self, connection: Connection) -> bool:
        now = self._context.clock.now()
        record = self._looked_at = await imports.lock_due(connection, now)
        if record is None:
            return False
        if record["mode"] == CHANGE:
            await self._change(connection, record, now)
        elif record["state"] == WAITING:
            await self._read(connection, record, now)
        elif record["cursor"] < record["total"]:
            await self._write(connection, record, now)
        else:
            await self._end(connection, record, now)
        await tell_live(connection, TOPIC, record["account_id"], record["id"])
        return True

    async def _read(self, connection: Connection, record: Record, now: datetime) -> None:
        """Write the rows of the file beside the import. Raises SheetProblem."""
        account_id, import_id = record["account_id"], record["id"]
        options = msgspec.convert(record["options"], Options)
        country = await fields.country_of(connection, account_id)
        known = [tag.name for tag in await tags.all_of(connection, account_id)]
        reader = Reader(options, await fields.all_of(connection, account_id), country, known)
        data = await content(self._context, account_id, record)
        _, lines = await asyncio.to_thread(open_sheet, data)
        rows = reader.rows(lines)
        await imports.clear(connection, account_id, import_id)
        while chunk := await asyncio.to_thread(lambda: list(islice(rows, READ_AT_ONCE))):
            await imports.add_rows(connection, account_id, import_id, chunk)
        await imports.refuse_duplicates(connection, account_id, import_id)
        total, failed = await imports.counts(connection, account_id, import_id)
        if not total:
            raise SheetProblem("There is no row below the heading.")
        names = await imports.tag_names(connection, account_id, import_id)
        if names and not options.dry:
            await service.ensure_tags(connection, account_id, names, by=record["created_by"], now=now)
        cursor = total if options.dry else 0
        await imports.change(
            connection, account_id, import_id, state=RUNNING, total=total, cursor=cursor, counts={"failed": failed}
        )

    async def _write(self, connection: Connection, record: Record, now: datetime) -> None:
        """Make contacts of the next rows. Raises Refused when no more fit."""
        account_id, after = record["account_id"], record["cursor"]
        last = min(after + WRITTEN_AT_ONCE, record["total"])
        options = msgspec.convert(record["options"], Options)
        chunk = imports.Chunk(connection, account_id, record["id"], after, last)
        counts = dict(record["counts"])

        def count(name: str, more: int) -> None:
            counts[name] = counts.get(name, 0) + more

        if record["mode"] == CONTACTS and options.existing == "skip":
            count("skipped", await chunk.refuse(True, THERE))
        elif record["mode"] == CONTACTS:
            count("changed", await chunk.change(options.existing, now))
        elif options.unknown == "skip":
            count("skipped", await chunk.refuse(False, NOT_THERE))
        count("added", await chunk.insert(record["created_by"], now))
        if not await contacts.has_room(connection, account_id, 0):
            raise Refused("DIR409", FULL)
        if record["mode"] == TAGS and options.change in ("remove", "replace"):
            count("untagged", await chunk.take_tags(options.change == "replace"))
        if record["mode"] == CONTACTS or options.change != "remove":
            count("tagged", await chunk.put_tags(now))
        if record["mode"] == CONTACTS:
            count("blocks", await self._block(connection, record, await chunk.blocks(), now))
        await imports.change(connection, account_id, record["id"], cursor=last, counts=counts)

    async def _block(self, connection: Connection, record: Record, rows: list[Any], now: datetime) -> int:
        wishes: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
        for row in rows:
            for channel, blocked in row["blocks"].items():
                address = row["email"] if channel == "email" else row["mobile"]
                if address:
                    wishes[blocked].append((channel, address))
        account_id, by = record["account_id"], record["created_by"]
        changed = await blocklist.block(connection, account_id, wishes[True], "import", now, by=by)
        return changed + await blocklist.unblock(connection, account_id, wishes[False])

    async def _end(self, connection: Connection, record: Record, now: datetime) -> None:
        """Keep what was not taken as a file, and forget the rows."""
        account_id, import_id = record["account_id"], record["id"]
        result = None
        if record["counts"].get("failed") or record["counts"].get("skipped"):
            name = record["name"].rsplit(".", 1)[0][:80] + "-not-taken.csv"
            lines = _refused(connection, account_id, import_id)
            result = (await files.save(self._context, account_id, name, CSV, lines, expires=now + KEPT)).id
        await imports.clear(connection, account_id, import_id)
        await imports.change(
            connection, account_id, import_id, state=DONE, finished_at=now, due_at=None, result_id=result
        )

    async def _change(self, connection: Connection, record: Record, now: datetime) -> None:
        """Change the next contacts that a filter shows. Raises Refused."""
        account_id = record["account_id"]
        book = await open_book(connection, account_id, record["created_at"])
        book.zone = record["options"].get("zone", book.zone)
        wanted = book.matching(record["options"]["query"])
        ids = await listing.next_ids(connection, account_id, wanted, record["cursor"], MAX_ID, WRITTEN_AT_ONCE)
        change = msgspec.convert(record["options"]["change"], changing.Change)
        counts = {"changed": record["counts"].get("changed", 0) + len(ids)}
        if ids:
            await changing.apply(connection, account_id, ids, change, now)
        ended: dict[str, Any] = (
            {"state": DONE, "finished_at": now, "due_at": None} if len(ids) < WRITTEN_AT_ONCE else {}
        )
        cursor = ids[-1] if ids else record["cursor"]
        await imports.change(connection, account_id, record["id"], cursor=cursor, counts=counts, **ended)

    async def _fail(self, reason: str) -> None:
        """End the import whose step broke; what was written stays."""
        record, now = self._looked_at, self._context.clock.now()

        async def work(connection: Connection) -> None:
            current = await imports.lock(connection, record["account_id"], record["id"])
            if current is None or current["due_at"] is None:
                return
            await imports.clear(connection, record["account_id"], record["id"])
            await imports.change(
                connection, record["account_id"], record["id"], state=FAILED, reason=reason[:500], due_at=None,
                finished_at=now,
            )  # fmt: skip
            await tell_live(connection, TOPIC, record["account_id"], record["id"])

        if record is not None:
            await self._context.database.run(work)


async def _refused(connection: Connection, account_id: int, import_id: UUID) -> AsyncIterator[bytes]:
    """The rows that were not taken, as CSV."""
    after = 0
    yield "\ufeffrow,mobile,reason\r\n".encode()
    while rows := await imports.refused(connection, account_id, import_id, after, REPORTED_AT_ONCE):
        text = io.StringIO()
        csv.writer(text).writerows([row["line"], escape_formula(row["mobile"]), row["error"]] for row in rows)
        yield text.getvalue().encode()
        after = rows[-1]["row"]


def read_tag_names(text: str) -> list[str]:
    """The tags that are given to every row, separated by commas. Raises Refused."""
    return list(dict.fromkeys(read_tag_name(part, "tags") for part in text.split(",") if part.strip()))


async def forget(context: Context) -> int:
    """Remove drafts of yesterday and imports of last month; returns how many."""
    now = context.clock.now()
    return await context.database.run(lambda c: imports.forget(c, now - DRAFTS_KEPT, now - KEPT))
