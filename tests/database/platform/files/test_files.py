"""Stored files: in and out in pieces, sealed for their place, of one account, gone when their time is over."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from strowger.foundation.crypto import SealBroken
from strowger.foundation.ids import new_uuid
from strowger.platform.files import pages as file_pages
from strowger.platform.files import repository
from strowger.platform.files import service as files
from strowger.platform.files.types import CSV, PDF, TEXT
from tests.people_kit import House, open_house


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database_url, tmp_path, pages=file_pages.pages) as house:
        yield house


async def content_of(house: House, stored: files.Stored) -> bytes:
    return b"".join([piece async for piece in files.read(house.context, stored)])


async def counts(house: House) -> tuple[int, int]:
    row = await house.context.database.pool.fetchrow(
        "SELECT (SELECT count(*) FROM stored_file) AS files, (SELECT count(*) FROM stored_piece) AS pieces"
    )
    assert row is not None
    return row["files"], row["pieces"]


async def test_what_is_stored_comes_back_and_does_not_lie_readable(house: House) -> None:
    content = b"confidential " * 60_000

    async def flow() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 7_777):
            yield content[start : start + 7_777]

    stored = await files.save(house.context, house.account.id, "../../June\u202e.csv", CSV, flow(), by="ada")
    assert (stored.name, stored.size, stored.created_by) == ("June.csv", len(content), "ada")
    assert stored.sha256 == hashlib.sha256(content).digest()
    assert await content_of(house, stored) == content
    rows = await house.context.database.pool.fetch("SELECT sealed FROM stored_piece ORDER BY n")
    assert len(rows) == stored.pieces == 4
    assert all(b"confidential" not in row["sealed"] and len(row["sealed"]) <= 262_144 for row in rows)
    assert await content_of(house, await files.save(house.context, house.account.id, "", TEXT, b"")) == b""


async def test_a_file_is_seen_only_when_complete_and_a_failed_one_leaves_nothing(house: House) -> None:
    context, account = house.context, house.account.id
    with pytest.raises(files.TooLarge):
        await files.save(context, account, "big", TEXT, [b"x" * 300_000] * 4, most=1_000_000)
    assert await counts(house) == (0, 0)
    async with files.writing(context, account, "a.txt", TEXT) as writer:
        await writer.write(b"x" * 300_000)
        unseen = await context.database.pool.fetchval("SELECT id FROM stored_file")
        assert await files.find(context, account, unseen) is None
    assert await files.find(context, account, writer.stored.id) == writer.stored


async def test_R85_a_piece_opens_only_in_its_place(house: House) -> None:
    context = house.context
    stored = await files.save(context, house.account.id, "a.bin", TEXT, os.urandom(600_000))
    swap = "UPDATE stored_piece SET n = $2 WHERE n = $1"
    for old, new in ((0, 9), (1, 0), (9, 1)):
        await context.database.pool.execute(swap, old, new)
    with pytest.raises(SealBroken):
        await content_of(house, stored)
    await context.database.pool.execute("DELETE FROM stored_piece WHERE n = 0")
    with pytest.raises(SealBroken):
        await content_of(house, stored)


async def test_R58_another_accounts_file_is_as_unknown_as_none(house: House) -> None:
    context = house.context
    stored = await files.save(context, house.account.id, "a.txt", TEXT, b"mine")
    other = house.account.id + 1
    assert await files.find(context, other, stored.id) is None
    assert await files.find(context, house.account.id, new_uuid()) is None
    assert await files.delete(context, other, [stored.id]) == 0
    assert await files.delete(context, house.account.id, [stored.id]) == 1
    assert await counts(house) == (0, 0)


async def test_files_past_their_time_and_abandoned_ones_are_removed(house: House) -> None:
    context, account, now = house.context, house.account.id, house.clock.now()
    short, kept = [
        await files.save(context, account, f"{n}.txt", TEXT, b"x", expires=now + timedelta(days=1)) for n in range(2)
    ]
    assert await context.database.run(lambda c: repository.keep(c, account, [kept.id], None)) == 1
    async with context.database.acquire() as connection:
        await repository.begin(connection, account, new_uuid(), "killed", TEXT, "", now, None)
    assert await files.purge(context) == 0
    house.clock.advance(86_401)
    assert await files.find(context, account, short.id) is None
    assert await files.purge(context) == 2
    assert await files.find(context, account, kept.id) is not None


async def test_downloads_run_nothing_and_links_end(house: House) -> None:
    context, account = house.context, house.account.id
    page = await files.save(context, account, 'x"; evil.html', "text/html", b"<script>alert(1)</script>")
    url = files.link(context, page, timedelta(minutes=10))
    path = "/" + url.split("/", 3)[3]
    answer = await house.browser().get(path)
    assert (answer.status_code, answer.content) == (200, b"<script>alert(1)</script>")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith('attachment; filename="x_ evil.html"')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert int(answer.headers["content-length"]) == page.size
    shown = await files.save(context, account, "é.pdf", PDF, b"%PDF-1.4")
    assert files.headers_of(shown, inline=True)["Content-Disposition"].startswith(
        "inline; filename=\"_.pdf\"; filename*=UTF-8''%C3%A9"
    )
    assert files.headers_of(page, inline=True)["Content-Disposition"].startswith("attachment")
    for wrong in (path[:-4] + "AAAA", "/files/x", "/files/" + "A" * 200):
        assert (await house.browser().get(wrong)).status_code == 404
    house.clock.advance(601)
    assert (await house.browser().get(path)).status_code == 404
