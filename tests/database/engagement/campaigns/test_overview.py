"""Campaigns > Overview, and the opt-in declaration that comes before the first campaign (console.md 5.4, 5.11)."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.database.engagement.campaigns.conftest import Desk

ALL = ["agreed", "proof", "ends"]


async def test_nothing_goes_before_the_declaration(desk: Desk) -> None:
    await desk.pool.execute("DELETE FROM opt_in_declaration")
    assert "Before your first campaign" in await desk.text("/campaigns/new")
    page = " ".join((await desk.text("/campaigns/overview")).split())
    assert "The opt-in declaration (missing)" in page
    assert "An approved sender ID (done)" in page
    path = await desk.ready()
    assert "/campaigns/opt-in" in await desk.visit.page(f"{path}/review")
    refused = await desk.launch(path)
    assert refused.status_code == 422
    assert (await desk.campaign(path))["state"] == "draft"
    half = await desk.visit.client.post(
        "/campaigns/opt-in", data={"csrf": desk.visit.csrf, "statements": ALL[:2], "name": "Ada Lovelace"}
    )
    assert half.status_code == 422
    assert await desk.pool.fetchval("SELECT count(*) FROM opt_in_declaration") == 0
    made = await desk.visit.client.post(
        "/campaigns/opt-in", data={"csrf": desk.visit.csrf, "statements": ALL, "name": "Ada Lovelace"}
    )
    assert made.status_code == 303
    row = await desk.pool.fetchrow("SELECT * FROM opt_in_declaration")
    assert (row["account_id"], row["channel"], row["name"], len(row["statements"])) == (
        desk.visit.account, "sms", "Ada Lovelace", 3
    )  # fmt: skip
    assert row["ip"]
    assert "Ada Lovelace" in await desk.text("/campaigns/opt-in")
    assert (await desk.launch(path)).status_code == 303
    await desk.visit.client.post(
        "/campaigns/opt-in", data={"csrf": desk.visit.csrf, "statements": ALL, "name": "Somebody"}
    )
    assert await desk.pool.fetchval("SELECT name FROM opt_in_declaration") == "Ada Lovelace"  # made once


async def test_who_has_launched_before_is_not_held_up(desk: Desk) -> None:
    await desk.launch(await desk.ready())
    await desk.pool.execute("DELETE FROM opt_in_declaration")
    assert (await desk.launch(await desk.ready(name="Second"))).status_code == 303


async def test_the_overview_tells_what_runs_and_what_comes(desk: Desk) -> None:
    first = await desk.text("/campaigns/overview")
    assert "No campaign has been launched yet" in first
    path = await desk.ready()
    await desk.launch(path)
    await desk.run()
    later = await desk.ready(name="Later on")
    await desk.launch(later, at=f"{desk.clock.now() + timedelta(days=1):%Y-%m-%dT%H:%M}")
    page = " ".join((await desk.text("/campaigns/overview?days=7")).split())
    assert "Launched 2 10 contacts" in page
    assert "Messages 5 0 parts" in page  # they are measured when they are screened
    assert re.search(r"Later on 1 5 ", page)  # what comes next: its batch and contacts
    assert re.search(r"Spring sale SMS .* 5 5 Submitted", page)
    for bad in ("0", "x", "31"):
        assert (await desk.visit.client.get(f"/campaigns/overview?days={bad}")).status_code == 200
    other = await desk.pool.fetchval(
        "INSERT INTO account (sid, name, country, currency) VALUES ('HXEU0000000009GB', 'X', 'GB', 'EUR') RETURNING id"
    )
    await desk.pool.execute(
        "INSERT INTO campaign (account_id, id, channel, name, sender, type, pace, created_at, launched_at, state)"
        " SELECT $1, gen_random_uuid(), channel, 'Not mine', sender, type, pace, created_at, created_at, 'submitted'"
        " FROM campaign LIMIT 1",
        other,
    )
    assert "Not mine" not in await desk.text("/campaigns/overview")


async def test_R57_a_shared_account_sees_that_its_parent_has_credit(desk: Desk) -> None:
    parent = await desk.pool.fetchval(
        "INSERT INTO account (sid, name, country, currency) VALUES ('PARENT', 'Parent', 'GB', 'EUR') RETURNING id"
    )
    await desk.pool.execute("INSERT INTO wallet (account_id, kind, credit_limit) VALUES ($1, 'postpaid', 100)", parent)
    await desk.pool.execute("UPDATE account SET parent_id = $1 WHERE id = $2", parent, desk.visit.account)
    await desk.pool.execute(
        "UPDATE wallet SET kind = 'shared', payer_id = $1, balance = 0 WHERE account_id = $2",
        parent,
        desk.visit.account,
    )
    await desk.pool.execute("DELETE FROM opt_in_declaration")  # the steps stand there while one is missing
    page = " ".join((await desk.text("/campaigns/overview")).split())
    assert "Credit (done)" in page
