"""A key sees no more than whoever makes or changes it: people's numbers stay hidden from roles without them (people.md)."""

from __future__ import annotations

from typing import Any

import pytest

from strowger.platform.accounts import keys
from tests.people_kit import PASSWORD, Browser, House, errors_of

LIST = "/developers/keys"


@pytest.fixture
async def developer(house: House) -> Browser:
    role = await house.context.database.pool.fetchval(
        "INSERT INTO custom_role (account_id, name, grants, created_at) VALUES ($1, 'Developer', $2, now()) RETURNING id",
        house.account.id, ["home.read", "messages.read", "developers.read", "developers.write"],
    )  # fmt: skip
    await house.add("dan", f"custom:{role}")
    return await house.entered("dan@example.com")


async def rows(house: House) -> list[Any]:
    return list(await house.context.database.pool.fetch("SELECT * FROM api_key ORDER BY id"))


async def test_a_role_without_whole_numbers_makes_limited_keys_without_them(house: House, developer: Browser) -> None:
    assert "Your role does not see whole numbers" in (await developer.get(f"{LIST}/new")).text
    for scopes in ([], ["messages.numbers"]):
        refused = await developer.post(f"{LIST}/new", name="Log", networks="", scopes=scopes)
        assert refused.status_code == 422
        assert "does not see whole numbers" in errors_of(refused)
    assert await rows(house) == []
    given = ["messages.read", "messages.numbers"]
    assert (await developer.post(f"{LIST}/new", name="Log", networks="", scopes=given)).status_code == 200
    (made,) = await rows(house)
    assert made["scopes"] == ["messages.read"]
    for path, fields in ((f"{LIST}/{made['id']}", {"name": "Logs", "networks": "", "active": "on", "ip_config": ""}),
                         (f"{LIST}/{made['id']}/rotate", {"overlap": "0"})):  # fmt: skip
        assert (await developer.post(path, **fields)).status_code in (200, 303), path
    assert [row["scopes"] for row in await rows(house)] == [["messages.read"], ["messages.read"]]


@pytest.mark.parametrize("scopes", [[], ["messages.read", "messages.numbers"]])
async def test_a_key_that_sees_more_can_only_be_switched_off(
    house: House, developer: Browser, scopes: list[str]
) -> None:
    made = await keys.create_key(house.context, house.account.id, "Shop", scopes=scopes)
    path = f"{LIST}/{made.id}"
    assert "nothing else" in (await developer.get(path)).text
    assert f"{path}/reveal" not in (await developer.get(LIST)).text
    refused = [
        await developer.post(path, name="Mine", networks="", active="on", ip_config=""),
        await developer.post(f"{path}/rotate", overlap="0"),
        await developer.post(f"{path}/reveal", password=PASSWORD),
    ]
    assert [answer.status_code for answer in refused] == [422] * 3
    assert all("whole numbers" in errors_of(answer) for answer in refused)
    assert all(made.key not in answer.text for answer in refused)
    await developer.post(f"{path}/off")
    await developer.post(f"{path}/on")
    (row,) = await rows(house)
    assert (row["name"], row["active"], row["expires_at"]) == ("Shop", False, None)
    owner = await house.entered()
    assert (await owner.post(f"{path}/on")).status_code == 303
    assert made.key in (await owner.post(f"{path}/reveal", password=PASSWORD)).text


async def test_whoever_sees_whole_numbers_makes_keys_without_limits(house: House) -> None:
    owner = await house.entered()
    assert (await owner.post(f"{LIST}/new", name="Shop", networks="")).status_code == 200
    assert [row["scopes"] for row in await rows(house)] == [[]]
