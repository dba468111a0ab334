"""Campaigns to contacts of the directory: tags, exclusions, single contacts, their fields as variables (sms.md 9.2)."""

from __future__ import annotations

from typing import Any

from strowger.platform.directory import service as directory
from strowger.platform.directory.schemas import Values
from tests.database.engagement.campaigns.conftest import Desk

NUMBERS = ["447700900201", "447700900202", "447700900203"]


async def people(desk: Desk) -> dict[str, int]:
    """Three contacts: all wear VIP, the second also Staff; the first has a customer number."""
    account, now = desk.visit.account, desk.clock.now()

    async def work(connection: Any) -> dict[str, int]:
        field = await directory.create_field(connection, account, "Customer number", "text", now=now)
        tags = {
            name: await directory.create_tag(connection, account, name, now=now) for name in ("VIP", "Staff", "Empty")
        }
        for place, number in enumerate(NUMBERS):
            values = Values(number, f"Name{place}", city="Bath", fields={str(field): f"K{place}"} if not place else {})
            worn = [tags["VIP"], *([tags["Staff"]] if place == 1 else [])]
            await directory.create(connection, account, values, tag_ids=worn, now=now)
        return tags

    found: dict[str, int] = await desk.visit.context.database.run(work)
    return found


async def take(desk: Desk, path: str, **fields: Any) -> int:
    data = {"csrf": desk.visit.csrf, "recent_days": "0", "people": "", **fields}
    answer = await desk.visit.client.post(f"{path}/contacts/directory", data=data)
    return answer.status_code


async def recipients(desk: Desk, path: str) -> list[str]:
    rows = await desk.pool.fetch(
        "SELECT recipient FROM campaign_contact WHERE campaign_id = $1::uuid AND state = 0 ORDER BY recipient",
        path.rsplit("/", 1)[-1],
    )
    return [row["recipient"] for row in rows]


async def test_tags_exclusions_and_fields(desk: Desk) -> None:
    tags = await people(desk)
    path = await desk.begin()
    assert await take(desk, path, tags=[str(tags["VIP"])], without=[str(tags["Staff"])]) == 303
    assert await recipients(desk, path) == [NUMBERS[0], NUMBERS[2]]
    campaign = await desk.campaign(path)
    assert (campaign["source"], campaign["source_name"], campaign["valid"]) == ("directory", "VIP, without Staff", 2)
    assert campaign["columns"] == ["mobile", "name", "email", "city", "state", "country", "Customer_number"]
    await desk.pool.execute(
        "UPDATE campaign SET content = $1",
        {"body": "Hi {name} of {city}: {Customer_number}", "defaults": {"Customer_number": "none"}},
    )

    # Somebody gets the tag, somebody is blocked: looked up again at the launch.
    async def more(connection: Any) -> None:
        label = await directory.find_tag(connection, desk.visit.account, "VIP")
        assert label is not None
        await directory.add_tag(connection, desk.visit.account, ["447700900299"], label, now=desk.clock.now())

    await desk.visit.context.database.run(more)
    await desk.pool.execute(
        "INSERT INTO blocklist_entry (account_id, channel, address, source, created_at) VALUES ($1, 'sms', $2, 'manual', now())",
        desk.visit.account, NUMBERS[2],
    )  # fmt: skip
    assert (await desk.launch(path)).status_code == 303
    await desk.run()
    assert {row["body"] for row in await desk.messages()} == {
        "Hi Name0 of Bath: K0",
        "Hi {name} of {city}: {Customer_number}",
    }
    campaign = await desk.campaign(path)
    assert (campaign["total"], campaign["valid"], campaign["blocked"], campaign["state"]) == (3, 2, 1, "submitted")


async def test_single_contacts_and_a_copy(desk: Desk) -> None:
    tags = await people(desk)
    path = await desk.begin()
    assert await take(desk, path, tags=[str(tags["Staff"])], people="+44 7700 900201\n+447700900202") == 303
    assert await recipients(desk, path) == NUMBERS[:2]  # each once
    assert (await desk.campaign(path))["duplicates"] == 1
    shown = await desk.visit.page(f"{path}/contacts")
    assert "+447700900201" in shown
    assert await desk.upload(path)
    assert (await desk.campaign(path))["source"] == "file"


async def test_what_is_refused_changes_nothing(desk: Desk) -> None:
    tags = await people(desk)
    other = await desk.pool.fetchval(
        "INSERT INTO account (sid, name, country, currency) VALUES ('HXEU0000000009GB', 'X', 'GB', 'EUR') RETURNING id"
    )
    foreign = await desk.visit.context.database.run(
        lambda c: directory.create_tag(c, other, "Theirs", now=desk.clock.now())
    )
    path = await desk.begin()
    await desk.upload(path)
    for fields in (
        {}, {"tags": [str(tags["Empty"])]}, {"tags": [str(foreign)]}, {"tags": ["x"]}, {"people": "+447700900777"},
        {"people": "nobody"}, {"tags": [str(tags["Staff"])], "without": [str(tags["VIP"])]},
    ):  # fmt: skip
        assert await take(desk, path, **fields) == 422, fields
    campaign = await desk.campaign(path)
    assert (campaign["source"], campaign["valid"]) == ("file", 5)
