"""Developers > IP Configuration: one set of addresses for many keys, of which other accounts see nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from strowger.platform.accounts import service
from strowger.platform.ip_configs import pages
from tests.people_kit import Browser, House, errors_of, open_house

LIST, KEYS = "/developers/ip-configs", "/developers/keys"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database_url, tmp_path, pages.pages) as house:
        yield house


async def made(house: House, browser: Browser, name: str, networks: str) -> int:
    answer = await browser.post(f"{LIST}/new", name=name, networks=networks)
    assert answer.status_code == 303, errors_of(answer)
    return int(await house.context.database.pool.fetchval("SELECT id FROM ip_config WHERE name = $1", name))


async def key_row(house: House) -> Any:
    return await house.context.database.pool.fetchrow("SELECT * FROM api_key ORDER BY id DESC LIMIT 1")


async def test_a_set_is_made_used_changed_and_only_then_deleted_when_no_key_uses_it(house: House) -> None:
    owner = await house.entered()
    assert "No IP configurations yet" in (await owner.get(LIST)).text
    config = await made(house, owner, "Office", "203.0.113.0/24, 2001:db8::1")
    shown = await owner.post(f"{KEYS}/new", name="CRM", networks="", ip_config=str(config))
    assert shown.status_code == 200, errors_of(shown)
    key = await key_row(house)
    assert (key["networks"], key["ip_config_id"]) == ([], config)
    assert "Office" in (await owner.get(KEYS)).text
    assert "Used by CRM" in (await owner.get(f"{LIST}/{config}")).text
    refused = await owner.post(f"{LIST}/{config}/delete")
    assert "used by CRM" in (await owner.get(refused.headers["location"])).text
    await owner.post(f"{LIST}/{config}", name="Offices", networks="198.51.100.7")
    row = await house.context.database.pool.fetchrow("SELECT name, networks FROM ip_config")
    assert tuple(row) == ("Offices", ["198.51.100.7"])
    await owner.post(f"{KEYS}/{key['id']}", name="CRM", networks="192.0.2.1", active="on", ip_config="")
    assert (await key_row(house))["ip_config_id"] is None
    assert (await owner.post(f"{LIST}/{config}/delete")).status_code == 303
    assert await house.context.database.pool.fetchval("SELECT count(*) FROM ip_config") == 0


async def test_an_ended_key_lets_the_set_go_and_keeps_its_addresses(house: House) -> None:
    """Whatever is deleted: no key works from more places than before."""
    owner = await house.entered()
    config = await made(house, owner, "Office", "203.0.113.0/24")
    await owner.post(f"{KEYS}/new", name="CRM", networks="192.0.2.1", ip_config=str(config))
    old = (await key_row(house))["id"]
    await owner.post(f"{KEYS}/{old}/rotate", overlap="1")
    fresh = await key_row(house)
    assert fresh["ip_config_id"] == config, "the new key has what the old one had"
    await owner.post(f"{KEYS}/{fresh['id']}", name="CRM", networks="", active="on", ip_config="")
    house.clock.advance(3601)
    await owner.sign_in("ada@example.com")
    assert (await owner.post(f"{LIST}/{config}/delete")).status_code == 303
    ended = await house.context.database.pool.fetchrow("SELECT networks, ip_config_id FROM api_key WHERE id = $1", old)
    assert (ended["networks"], ended["ip_config_id"]) == (["192.0.2.1", "203.0.113.0/24"], None)


async def test_bad_input_names_the_field_and_changes_nothing(house: House) -> None:
    owner = await house.entered()
    await made(house, owner, "Office", "203.0.113.0/24")
    for fields, words in (
        ({"name": "", "networks": "192.0.2.1"}, "This is needed"),
        ({"name": "X", "networks": ""}, "This is needed"),
        ({"name": "X", "networks": ","}, "at least one"),
        ({"name": "X", "networks": "192.0.2.300"}, "no IP address"),
        ({"name": "X", "networks": " ".join(f"192.0.2.{n}" for n in range(51))}, "at most 50"),
        ({"name": "OFFICE", "networks": "192.0.2.1"}, "already"),
    ):
        answer = await owner.post(f"{LIST}/new", **fields)
        assert answer.status_code == 422, fields
        assert words in errors_of(answer), fields
    assert await house.context.database.pool.fetchval("SELECT count(*) FROM ip_config") == 1


async def test_R57_the_sets_of_others_are_neither_seen_nor_put_on_keys(house: House) -> None:
    other = await service.create_account(house.context, "Other", "DE", "EUR")
    eve = await house.entered((await house.add("eve", "owner", other)).email)
    owner = await house.entered()
    config = await made(house, owner, "Office", "203.0.113.0/24")
    assert "Office" not in (await eve.get(LIST)).text
    for path in (f"{LIST}/{config}", f"{LIST}/{config}/delete"):
        assert (await eve.post(path, name="Mine", networks="0.0.0.0/0")).status_code == 404
    answer = await eve.post(f"{KEYS}/new", name="CRM", networks="", ip_config=str(config))
    assert answer.status_code == 422
    assert await key_row(house) is None
    support = await house.entered((await house.add("sam", "support")).email)
    assert (await support.get(LIST)).status_code == 403


async def test_a_set_of_the_main_account_stays_on_a_key_of_its_subaccount(house: House) -> None:
    child = await service.create_account(house.context, "Child", "GB", "EUR")
    pool = house.context.database.pool
    await pool.execute("UPDATE account SET parent_id = $1 WHERE id = $2", house.account.id, child.id)
    owner, kim = await house.entered(), await house.entered((await house.add("kim", "owner", child)).email)
    config = await made(house, owner, "Headquarters", "203.0.113.0/24")
    await kim.post(f"{KEYS}/new", name="Shop", networks="")
    key = (await key_row(house))["id"]
    await pool.execute("UPDATE api_key SET ip_config_id = $1", config)
    assert "Headquarters" in (await kim.get(KEYS)).text
    assert "Set by the main account" in (await kim.get(f"{KEYS}/{key}")).text
    for given in ("", "0"):
        await kim.post(f"{KEYS}/{key}", name="Shop", networks="", active="on", ip_config=given)
        assert (await key_row(house))["ip_config_id"] == config
    own = await made(house, kim, "Own", "0.0.0.0/0")
    await kim.post(f"{KEYS}/{key}", name="Shop", networks="", active="on", ip_config=str(own))
    assert (await key_row(house))["ip_config_id"] == config
    await pool.execute(
        "INSERT INTO subaccount (account_id, parent_id, number, name, email, credit_type, status, channels, created_at,"
        " ip_config_id) VALUES ($1, $2, 1, 'Child', 'kim@example.com', 'assigned', 'active', '[]', now(), $3)",
        child.id, house.account.id, config,
    )  # fmt: skip
    assert (await kim.post(f"{LIST}/{config}/delete")).status_code == 404
    assert await pool.fetchval("SELECT ip_config_id FROM subaccount") == config, "it cannot be lifted from below"


async def test_the_form_of_a_new_key_begins_with_the_own_set_that_the_main_account_chose(house: House) -> None:
    child = await service.create_account(house.context, "Child", "GB", "EUR")
    pool = house.context.database.pool
    await pool.execute("UPDATE account SET parent_id = $1 WHERE id = $2", house.account.id, child.id)
    kim = await house.entered((await house.add("kim", "owner", child)).email)
    own = await made(house, kim, "Shop", "203.0.113.0/24")
    await pool.execute(
        "INSERT INTO subaccount (account_id, parent_id, number, name, email, credit_type, status, channels, created_at,"
        " ip_config_id) VALUES ($1, $2, 1, 'Child', 'kim@example.com', 'assigned', 'active', '[]', now(), $3)",
        child.id, house.account.id, own,
    )  # fmt: skip
    shown = (await kim.get(f"{KEYS}/new")).text
    assert f'<option value="{own}" selected' in shown
    assert "The main account has chosen one" in shown
    await kim.post(f"{KEYS}/new", name="Free", networks="", ip_config="")
    assert (await key_row(house))["ip_config_id"] is None
    assert (await kim.post(f"{LIST}/{own}/delete")).status_code == 303
    assert await pool.fetchval("SELECT ip_config_id FROM subaccount") is None
