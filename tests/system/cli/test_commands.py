"""Commands run as an operator runs them: a process of their own against the installation's database."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from strowger.foundation.context import Context, build_context
from strowger.foundation.settings import Settings
from strowger.platform.privacy.jobs import DataJobs

PERSON, OTHER, SID = "447700900123", "447700900456", "HXEU0000000001GB"
Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
async def context(database_url: str, tmp_path: Path) -> AsyncIterator[Context]:
    context = build_context(Settings(data_dir=tmp_path, database_url=database_url, secret_key="00" * 32))
    await context.database.open()
    pool = context.database.pool
    account = await pool.fetchval(
        "INSERT INTO account (sid, name, country, currency) VALUES ($1, 'Test', 'GB', 'EUR') RETURNING id", SID
    )
    for number in (PERSON, OTHER):
        await pool.execute(
            "INSERT INTO blocklist_entry (account_id, channel, address, source, added_by, created_at)"
            " VALUES ($1, 'sms', $2, 'user', 'x', now())",
            account, number,
        )  # fmt: skip
    yield context
    await context.http.close()
    await context.database.close()


@pytest.fixture
def strowger(context: Context) -> Run:
    """Runs the command; gives its code, what it printed and what it complained of."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STROWGER_")} | {
        "STROWGER_DATA_DIR": str(context.settings.data_dir), "STROWGER_DATABASE_URL": context.database.url,
        "STROWGER_SECRET_KEY": "00" * 32,
    }  # fmt: skip

    async def run(*words: str, typed: str = "") -> tuple[int, str, str]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "strowger.cli", *words, env=environ, stdin=pipe, stdout=pipe, stderr=pipe
        )
        out, err = await asyncio.wait_for(process.communicate(typed.encode()), 60)
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    return run


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


async def trail(context: Context) -> list[tuple[str, str]]:
    rows = await context.database.pool.fetch(
        "SELECT action, to_jsonb(e)::text AS whole FROM audit_entry e ORDER BY e.id"
    )
    return [(row["action"], row["whole"]) for row in rows]


async def test_a_person_and_an_account_are_exported_into_a_file_of_ones_own(
    strowger: Run, context: Context, tmp_path: Path
) -> None:
    one, whole = tmp_path / "person.jsonl", tmp_path / "account.jsonl"
    code, out, err = await strowger("privacy", "export", str(one), "--person", f"+{PERSON}", "--json")
    assert code == 0, err
    assert json.loads(out)["bytes"] == one.stat().st_size
    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert [line["table"] for line in lines_of(one)[1:-1]] == ["blocklist_entry"]
    assert PERSON in one.read_text()
    assert OTHER not in one.read_text()
    code, out, err = await strowger("privacy", "export", str(whole), "--account", SID)
    assert (code, "bytes written" in out) == (0, True), err
    assert {PERSON, OTHER} <= set(whole.read_text().split('"'))
    found = await trail(context)
    assert [action for action, _ in found] == ["export a person", "export the account"]
    assert PERSON not in str(found)


async def test_an_export_that_cannot_be_made_leaves_no_file_and_takes_none_away(
    strowger: Run, context: Context, tmp_path: Path
) -> None:
    there, new = tmp_path / "there.jsonl", tmp_path / "new.jsonl"
    there.write_text("mine")
    code, _, err = await strowger("privacy", "export", str(there))
    assert (code, there.read_text()) == (1, "mine")
    assert "File exists" in err
    for words in (("--person", "nobody at all"), ("--account", "HXEU9999999999GB")):
        code, out, err = await strowger("privacy", "export", str(new), *words)
        assert code == 1
        assert "Traceback" not in out + err
        assert err.startswith("Error: ")
        assert not new.exists()
    assert await trail(context) == []


async def test_a_person_is_erased_and_the_certificate_says_what_went(strowger: Run, context: Context) -> None:
    pool = context.database.pool
    code, _, err = await strowger("privacy", "erase", PERSON, typed="n\n")
    assert (code, "Aborted" in err) == (1, True)
    assert await pool.fetchval("SELECT count(*) FROM erasure") == 0
    code, out, err = await strowger("privacy", "erase", f"+{PERSON}", "--yes", "--json")
    assert code == 0, err
    made = json.loads(out)
    assert made["of"] == "447***23"
    _, out, _ = await strowger("privacy", "erasures", made["id"])
    assert "not done yet" in out
    assert await DataJobs(context).erase() == 1
    _, out, _ = await strowger("privacy", "erasures", made["id"], "--json")
    shown = json.loads(out)
    assert (shown["by"], shown["rows"]["blocklist_entry"]) == ("command line", 1)
    assert shown["done_at"]
    assert await pool.fetchval("SELECT array_agg(address) FROM blocklist_entry") == [OTHER]
    assert PERSON not in str(await trail(context)) + out
    code, _, err = await strowger("privacy", "erasures", "00000000-0000-4000-8000-000000000000")
    assert (code, "no such certificate" in err) == (1, True)


async def test_a_key_is_made_with_an_ip_configuration_by_name(strowger: Run, context: Context) -> None:
    pool = context.database.pool
    office = await pool.fetchval(
        "INSERT INTO ip_config (account_id, name, networks, created_at, changed_at)"
        " SELECT id, 'Office', '[\"198.51.100.0/24\"]', now(), now() FROM account RETURNING id"
    )
    code, out, err = await strowger("key", "create", "CRM", "--ip-config", "office", "--json")
    assert code == 0, err
    made = json.loads(out)
    row = await pool.fetchrow("SELECT ip_config_id, networks FROM api_key WHERE id = $1", made["id"])
    assert tuple(row) == (office, [])
    code, _, err = await strowger("key", "create", "CRM", "--ip-config", "elsewhere")
    assert (code, "no IP configuration “elsewhere”" in err) == (1, True)
    assert await pool.fetchval("SELECT count(*) FROM api_key") == 1
