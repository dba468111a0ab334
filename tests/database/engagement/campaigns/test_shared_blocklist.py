"""A campaign of a sub-account leaves out whom its main account blocks, where that list is shared; it does not see the list."""

from __future__ import annotations

import pytest

from tests.database.engagement.campaigns.conftest import Desk


@pytest.mark.parametrize("shares", [True, False])
async def test_a_campaign_leaves_out_whom_the_main_account_blocks(desk: Desk, shares: bool) -> None:
    main = await desk.pool.fetchval(
        "INSERT INTO account (sid, name, country, currency, settings) VALUES ('M', 'Main', 'GB', 'EUR', $1) RETURNING id",
        {"share_blocklist": shares},
    )
    await desk.pool.execute(
        "INSERT INTO blocklist_entry (account_id, channel, address, source, created_at)"
        " VALUES ($1, 'sms', '447700900102', 'api', now())",
        main,
    )
    await desk.pool.execute("UPDATE account SET parent_id = $2 WHERE id = $1", desk.visit.account, main)
    path = await desk.ready()
    assert (await desk.campaign(path))["blocked"] == 0  # the page that reads the file does not see the list
    await desk.launch(path)
    await desk.run()
    sent = {message["recipient"] for message in await desk.messages()}
    assert len(sent) == (4 if shares else 5)
    assert ("447700900102" in sent) is not shares
