"""R-87 to R-89: data goes in time, persons are exported and erased, statistics stay."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from strowger.foundation.ids import uuid_floor
from strowger.messaging.erasing import erase_texts
from strowger.platform.accounts import service as accounts
from strowger.platform.files import service as files
from strowger.platform.files.types import CSV, XLS
from strowger.platform.privacy import pages, service
from strowger.platform.privacy.jobs import DataJobs
from strowger.platform.privacy.repository import walking
from tests.old_excel import old_excel
from tests.people_kit import House, open_house

NUMBER, OTHER = "447700900123", "447700900124"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database_url, tmp_path, pages.pages) as house:
        yield house


async def _message(house: House, account_id: int, number: str, days: float = 0, **columns: Any) -> Any:
    at = house.clock.now() - timedelta(days=days)
    request_id = uuid_floor(at - timedelta(seconds=int(number[-2:])))
    row = {"account_id": account_id, "request_id": request_id, "n": 1, "channel": 1, "type": "TXN", "sender": "STROWG",
           "trace": "", "recipient": number, "body": f"Hello {number}", "status": 90, "created_at": at, "final_at": at,
           "valid_until": at,
           "options": {"to": int(number), "text": f"+{number}"}, **columns}  # fmt: skip
    names = ", ".join(row)
    places = ", ".join(f"${i}" for i in range(1, len(row) + 1))
    pool = house.context.database.pool
    await pool.execute(f"INSERT INTO message ({names}) VALUES ({places})", *row.values())
    await pool.execute(
        "INSERT INTO message_event (account_id, request_id, n, at, kind, status, trace) VALUES ($1, $2, 1, $3, 1, 90, '')",
        account_id, request_id, at,
    )  # fmt: skip
    return request_id


async def _count(house: House, table: str) -> int:
    return int(await house.context.database.pool.fetchval(f"SELECT count(*) FROM {table}"))


async def test_R87_each_account_and_kind_goes_in_its_time(house: House) -> None:
    other = await accounts.create_account(house.context, "Other", "DE", "EUR")
    for account in (house.account.id, other.id):
        for days in (1, 20, 100):
            await _message(house, account, NUMBER, days)
    await house.context.database.pool.execute(
        "INSERT INTO usage_day (account_id, day, service, messages) VALUES ($1, now() - interval '100 days', 'sms', 1)",
        house.account.id,
    )
    browser = await house.entered()
    page = "/settings/data"
    bad = await browser.post(f"{page}/retention", page, messages="0", texts="5")
    assert bad.status_code == 422
    assert (await browser.post(f"{page}/retention", page, messages="30", texts="5")).status_code == 303
    jobs = DataJobs(house.context)
    assert await jobs.retain() > 0
    assert await erase_texts(house.context) == 1
    rows = await house.context.database.pool.fetch(
        "SELECT account_id, body FROM message ORDER BY account_id, request_id"
    )
    mine = [row["body"] for row in rows if row["account_id"] == house.account.id]
    assert mine == ["", f"Hello {NUMBER}"], "100 days: gone; 20 days: without text"
    assert len([row for row in rows if row["account_id"] == other.id]) == 3
    assert await _count(house, "message_event") == 5
    assert await _count(house, "usage_day") == 1
    await service.set_rules(house.context, other.id, {"messages": 400})
    await _message(house, other.id, OTHER, 300)
    await service.set_rules(house.context, house.account.id, {"messages": None, "texts": None})
    await _message(house, house.account.id, OTHER, 300)
    await jobs.retain()
    kept = await house.context.database.pool.fetch("SELECT account_id FROM message WHERE recipient = $1", OTHER)
    assert [row[0] for row in kept] == [other.id], "partitions wait for the longest; the others' rows go at their time"


async def _everywhere(house: House, account_id: int) -> None:
    """A person in a message, a log, a list, a queue, a file."""
    pool = house.context.database.pool
    await _message(house, account_id, NUMBER)
    await _message(house, account_id, OTHER, body=f"Call {NUMBER} or 9{NUMBER}")
    await pool.execute(
        "INSERT INTO blocklist_entry (account_id, channel, address, source, added_by, created_at)"
        " VALUES ($1, 'sms', $2, 'user', 'x', now())", account_id, NUMBER,
    )  # fmt: skip
    await pool.execute(
        "INSERT INTO opt_out (account_id, channel, address, sender, via, created_at) VALUES ($1, 'sms', $2, '', 'x', now())",
        account_id, NUMBER,
    )  # fmt: skip
    await pool.execute(
        "INSERT INTO request_log (id, account_id, method, path, status, duration_ms, request_body)"
        " VALUES (gen_random_uuid(), $1, 'POST', '/v1', 202, 1, $2)", account_id, f'{{"to": "+{NUMBER}"}}',
    )  # fmt: skip
    await files.save(house.context, account_id, "june.csv", CSV, f"to\n{NUMBER}\n".encode())
    await files.save(house.context, account_id, "june.xls", XLS, old_excel([["to"], [NUMBER]]))
    await files.save(house.context, account_id, "july.csv", CSV, f"to\n{OTHER}\n".encode())


async def _named(house: House, account_id: int, number: str = NUMBER) -> list[str]:
    """The tables in which a person still stands."""
    found = []
    pattern = service.pattern_of(number)
    async with house.context.database.acquire() as connection:
        for table in await walking.tables(connection):
            if [row async for row in walking.rows(connection, account_id, table, pattern)]:
                found.append(table.name)
    return found


async def test_R88_a_person_is_erased_from_every_table_and_file(house: House) -> None:
    other = await accounts.create_account(house.context, "Other", "DE", "EUR")
    for account in (house.account.id, other.id):
        await _everywhere(house, account)
    theirs = await _named(house, other.id)
    assert {"message", "blocklist_entry", "opt_out", "request_log"} <= set(theirs)
    pool = house.context.database.pool
    queued = await _message(house, house.account.id, "447700900199", body=NUMBER, final_at=None, status=10)
    await pool.execute(
        "INSERT INTO submission (account_id, request_id, n, lane, priority, due_at, expires_at)"
        " VALUES ($1, $2, 1, 0, 1, now(), now())",
        house.account.id, queued,
    )  # fmt: skip

    browser = await house.entered()
    page = "/settings/data"
    assert (await browser.post(f"{page}/erase", page, subject=f"+{NUMBER}")).status_code == 422, "without the tick"
    assert (await browser.post(f"{page}/erase", page, subject="12", sure="on")).status_code == 422
    asked = await browser.post(f"{page}/erase", page, subject=f"+{NUMBER}", sure="on")
    assert asked.status_code == 303
    jobs = DataJobs(house.context)
    assert await jobs.erase() == 0, "a message under way is waited for"
    await pool.execute("DELETE FROM submission")
    assert await jobs.erase() == 1
    assert await _named(house, house.account.id) == []
    assert await _named(house, other.id) == theirs
    bodies = await pool.fetch("SELECT recipient, body, options FROM message WHERE account_id = $1", house.account.id)
    assert {"recipient": "erased", "body": "", "options": {"to": 0, "text": "0"}} in [dict(row) for row in bodies]
    assert f"Call erased or 9{NUMBER}" in [row["body"] for row in bodies], "a longer number is another one"
    names = await pool.fetch("SELECT name FROM stored_file WHERE account_id = $1", house.account.id)
    assert [row[0] for row in names] == ["july.csv"]
    certificate = await browser.get(asked.headers["location"])
    assert "447***23" in certificate.text
    assert NUMBER not in certificate.text
    assert await pool.fetchval("SELECT count(*) FROM erasure WHERE subject_sealed IS NOT NULL") == 0


async def test_R89_a_person_and_an_account_are_exported(house: House) -> None:
    other = await accounts.create_account(house.context, "Other", "DE", "EUR")
    await _everywhere(house, house.account.id)
    await _everywhere(house, other.id)
    browser = await house.entered()
    page = "/settings/data"
    answer = await browser.post(f"{page}/person", page, subject=NUMBER)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[0]["export"] == "person"
    assert lines[-1] == {"rows": len(lines) - 2}
    assert {line["table"] for line in lines[1:-1]} >= {"message", "blocklist_entry", "opt_out", "request_log"}
    assert {line["row"]["account_id"] for line in lines[1:-1]} == {house.account.id}
    whole = [msgspec.json.decode(line) for line in (await browser.post(f"{page}/account", page)).text.splitlines()]
    assert {"account", "app_user", "stored_file"} <= {line["table"] for line in whole[1:-1]}
    assert other.sid not in json.dumps(whole)
    assert not [key for line in whole[1:-1] for key in line["row"] if "hash" in key or "sealed" in key]


async def test_R88_foreign_and_unknown_certificates_look_alike(house: House) -> None:
    other = await accounts.create_account(house.context, "Other", "DE", "EUR")
    made = await service.ask(house.context, other.id, NUMBER, "x")
    browser = await house.entered()
    assert (await browser.get(f"/settings/data/erasures/{made}")).status_code == 404
    support = await house.add("sue", "support")
    assert (await (await house.entered(support.email)).get("/settings/data")).status_code == 403


@pytest.mark.parametrize("text", ["", "12345", "x@", "hello", "+44 7700 900123 4567 8901"])
def test_R88_what_is_no_person_is_refused(text: str) -> None:
    with pytest.raises(service.BadSubject):
        service.read_subject(text)
