"""kill -9 of the worker while it expands a campaign: each contact gets its message once."""

from __future__ import annotations

from strowger.engagement.campaigns import reading, service
from strowger.engagement.campaigns import sms as _sms  # noqa: F401 - registers the channel
from strowger.engagement.campaigns.schemas import Reading
from strowger.foundation.context import build_context
from strowger.foundation.settings import Settings
from strowger.platform.consent import declarations
from tests.chaos.load import kills, scale
from tests.installation import Installation, until


async def test_R05_a_killed_worker_neither_loses_nor_doubles_a_contact(place: Installation) -> None:
    count, url = scale(20_000), (place.data_dir / "database.url").read_text().strip()
    context = build_context(Settings(data_dir=place.data_dir, database_url=url, campaign_pace=count // 8))
    await context.database.open()
    (account,) = await place.sql("SELECT id, country FROM account WHERE sid = $1", place.credentials["sid"])
    await place.sql("UPDATE wallet SET balance = 1000000 WHERE account_id = $1 RETURNING 1", account["id"])
    await context.database.run(
        lambda c: declarations.declare(c, account["id"], "sms", "Test", "t@example.com", None, context.clock.now())
    )
    made = await service.create(context, account["id"], "sms", "Under fire", place.credentials["sender"], "TXN", "test")
    rows = "mobile,code\n" + "".join(f"4479{i:08},{i}\n" for i in range(count))
    sheet = reading.read_file(rows.encode(), Reading(), account["country"])
    source = service.Source("file", "list.csv", sheet.columns, sheet.rows)
    await service.load(context, account["id"], made, source, Reading())
    await service.edit(context, account["id"], made, content={"body": "Code {code}"})
    await service.launch(context, account["id"], made)

    async def accepted(least: int) -> bool:
        (row,) = await place.sql("SELECT accepted FROM campaign WHERE id = $1", made)
        return bool(row["accepted"] >= least)

    rounds = kills(4)
    for done in range(1, rounds + 1):
        await until(lambda least=done * count // (rounds + 2): accepted(least), 60, "the next part")  # type: ignore[misc]
        old = await place.kill("worker")
        await place.restarted("worker", old)
    await until(lambda: accepted(count), 60, "the whole campaign")
    (row,) = await place.sql(
        "SELECT count(*) AS messages, count(DISTINCT recipient) AS people, count(DISTINCT body) AS texts FROM message "
        "WHERE source = 'campaign'"
    )
    assert (row["messages"], row["people"], row["texts"]) == (count, count, count)
    found = await service.find(context, account["id"], made)
    assert found is not None
    assert found.state == "submitted"
    await context.http.close()
    await context.database.close()
