"""R-90: the audit log is written by every changing route, holds before and after, no secrets, and cannot be changed."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from strowger.platform.accounts import service as accounts
from strowger.platform.audit import service
from tests.people_kit import PASSWORD, House

LOG = "/settings/audit"


async def entries(house: House) -> list[asyncpg.Record]:
    return await house.context.database.pool.fetch("SELECT * FROM audit_entry ORDER BY account_id, number")


async def test_R90_who_what_before_after_from_where(house: House) -> None:
    owner = await house.entered(address="203.0.113.5")
    await owner.post("/settings/general", name="Ada & Co", time_zone="Europe/Berlin")
    (entry,) = await entries(house)
    assert (entry["actor"], entry["role"], entry["ip"]) == ("ada@example.com", "owner", "203.0.113.5")
    assert entry["action"] == "POST /settings/general"
    assert entry["fields"] == {"name": "Ada & Co", "time_zone": "Europe/Berlin"}
    (change,) = [c for c in entry["changes"] if c["table"] == "account"]
    assert change["before"] == {"name": "Ada Ltd", "time_zone": "UTC"}
    assert change["after"] == {"name": "Ada & Co", "time_zone": "Europe/Berlin"}
    assert await house.context.database.pool.fetchval("SELECT count(*) FROM audit_change") == 0
    page = (await owner.get(f"{LOG}/1")).text
    assert "Ada &amp; Co" in page
    assert "Change name and time zone of the account" in (await owner.get(LOG)).text


async def test_R90_no_secret_reaches_the_log(house: House) -> None:
    owner = await house.entered()
    await owner.post("/profile/password", old=PASSWORD, new="Another-Horse-10")
    made = await owner.post("/developers/keys/new", name="CRM", networks="")
    assert made.status_code == 200
    text = str([dict(entry) for entry in await entries(house)])
    assert "Horse" not in text
    assert "argon2" not in text
    assert "(hidden)" in text
    assert len(await entries(house)) == 2


async def test_R90_what_was_refused_or_only_looked_at_is_no_entry(house: House) -> None:
    owner = await house.entered()
    await owner.post("/settings/general", name="", time_zone="Mars")
    await owner.client.post("/settings/general", data={"name": "x", "time_zone": "UTC"})
    await owner.get("/settings/general")
    assert await entries(house) == []


async def test_R90_entries_cannot_be_changed_and_the_chain_shows_what_was(house: House) -> None:
    owner = await house.entered()
    await asyncio.gather(*(owner.post("/profile", name=f"Ada {i}", time_zone="UTC") for i in range(6)))
    found = await service.verify(house.context, house.account.id)
    assert (found.entries, found.broken) == (6, None)
    pool = house.context.database.pool
    for statement in ("UPDATE audit_entry SET actor = 'eve'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"):
        with pytest.raises(asyncpg.RaiseError, match="only appended"):
            await pool.execute(statement)
    await pool.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only")
    await pool.execute("UPDATE audit_entry SET actor = 'eve' WHERE number = 3")
    assert (await service.verify(house.context, house.account.id)).broken == 3
    assert "breaks at entry 3" in (await owner.client.get(f"{LOG}/check", follow_redirects=True)).text
    await pool.execute("DELETE FROM audit_entry WHERE number = 2")
    assert (await service.verify(house.context, house.account.id)).broken == 2


async def test_each_account_has_its_own_log(house: House) -> None:
    other = await accounts.create_account(house.context, "Other", "DE", "EUR")
    eve = await house.add("eve", "owner", other)
    theirs, ours = await house.entered(eve.email), await house.entered()
    await theirs.post("/profile", name="Eve Two", time_zone="UTC")
    assert "Eve Two" not in (await ours.get(LOG)).text
    assert (await ours.get(f"{LOG}/1")).status_code == 404
    assert (await theirs.get(f"{LOG}/1")).status_code == 200
    support = await house.entered((await house.add("sam", "support")).email)
    assert (await support.get(LOG)).status_code == 403


async def test_U97_filters_and_export(house: House) -> None:
    owner = await house.entered()
    await owner.post("/profile", name="=cmd()", time_zone="UTC")
    await owner.post("/settings/general", name="Ada & Co", time_zone="UTC")
    assert "Keep name" not in (await owner.get(LOG, changed="Ada &")).text
    export = await owner.get(LOG, export="csv", cols="number,actor,action,changed,changes")
    assert export.text.count("\n") == 3
    assert "app_user" in export.text


async def test_a_password_reset_is_written_under_its_own_user_without_the_token(house: House) -> None:
    browser = house.browser()
    await browser.client.post("/password", data={"email": "ada@example.com"})
    path = await house.mailed_path("password-reset")
    await browser.client.post(path, data={"password": "Another-Horse-10"})
    (entry,) = await entries(house)
    assert (entry["actor"], entry["path"]) == ("ada@example.com", "/password/{token}")


async def test_changes_whose_process_ended_are_taken_up(house: House) -> None:
    from strowger.foundation.database import ACTING
    from strowger.foundation.ids import uuid_floor

    before = uuid_floor(house.clock.now())
    mark = ACTING.set(str(before))
    async with house.context.database.session() as session:
        (await session.get_one(type(house.account), house.account.id)).name = "Changed"
    ACTING.reset(mark)
    assert await service.adopt(house.context) == 0
    house.clock.advance(301)
    assert await service.adopt(house.context) == 1
    (entry,) = await entries(house)
    assert (entry["action"], entry["changes"][0]["after"]) == ("interrupted", {"name": "Changed"})


AUDITED = (
    "account app_user api_key custom_role sender number carrier route tariff callback_secret saved_view sms_template"
    " callback_profile callback_default blocklist_entry country_limit blocked_prefix smpp_user billing_profile payment_method"
    " tax_rate subaccount wallet"
)


async def test_R90_the_tables_that_people_change_are_followed(house: House) -> None:
    """What the worker counts on a wallet is no change of a person; its limits are."""
    rows = await house.context.database.pool.fetch(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_row'"
    )
    assert not set(AUDITED.split()) - {row[0] for row in rows}

    async def work(connection: Any) -> list[Any]:
        await connection.execute("SELECT set_config('strowger.request', $1, true)", str(uuid4()))
        await connection.execute("INSERT INTO wallet (account_id) VALUES ($1)", house.account.id)
        await connection.execute("UPDATE wallet SET balance = balance + 1, day_spent = 1")
        await connection.execute("UPDATE wallet SET day_cap = 5")
        return list(
            await connection.fetch("SELECT before, after FROM audit_change WHERE relation = 'wallet' ORDER BY id")
        )

    made, capped = await house.context.database.run(work)
    assert made["before"] is None
    assert set(capped["after"]) == {"day_cap"}
