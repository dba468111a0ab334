"""Rates of an area for each account, answered in the area's own envelope (platform.md 14 and 2.1)."""

from __future__ import annotations

from typing import Any

import pytest

from strowger.foundation.clock import FrozenClock
from strowger.foundation.database import Database
from strowger.platform.gateway.operations import OPERATIONS
from tests.api_kit import Api, Customer, add_customer, add_key, running_api

RATES = {"platform_rate": 2, "lookup_rate": 2, "blocklist_rate": 2, "consent_rate": 2}
PATHS = {
    "platform": ("/subaccounts", "RBC429"), "blocklist": ("/contacts/blocklisted", "BLK429"),
    "consent": ("/consent?channel=sms", "E429"), "lookup": ("/lookup/get-info/nothing", "LKP429"),
}  # fmt: skip


async def ask(api: Api, path: str, who: Customer | None = None) -> Any:
    who = who or api.customer
    return await api.client.get(f"/v1/{who.sid}{path}", headers=who.headers)


@pytest.mark.parametrize("area", PATHS)
async def test_R65_each_area_has_its_rate_and_its_envelope(database: Database, area: str) -> None:
    async with running_api(database, **RATES) as api:
        path, code = PATHS[area]
        answers = [await ask(api, path) for _ in range(5)]
        assert [answer.status_code == 429 for answer in answers] == [False] * 4 + [True]
        assert answers[0].headers["x-ratelimit-limit"] == "2"
        refused = answers[4]
        assert refused.headers["retry-after"] == "1"
        body = refused.json()
        assert body["code"] == code
        assert body["error"]["code"] == code
        assert ("data" in body) == (area != "lookup")  # that of the GET is bare
        for other in PATHS.keys() - {area}:
            assert (await ask(api, PATHS[other][0])).status_code != 429
        assert (await api.send()).status_code == 202
        clock = api.context.clock
        assert isinstance(clock, FrozenClock)
        clock.advance(1)
        assert [(await ask(api, path)).status_code == 429 for _ in range(3)] == [False, False, True]


async def test_R65_the_rate_is_the_accounts_over_all_its_keys(database: Database) -> None:
    async with running_api(database, **RATES) as api:
        path, code = PATHS["blocklist"]
        _, key = await add_key(database, api.customer.account_id)
        second = Customer(api.customer.account_id, api.customer.sid, key, 0)
        assert [(await ask(api, path, who)).status_code for who in (api.customer, second) * 2] == [200] * 4
        assert (await ask(api, path, second)).json()["code"] == code
        stranger = await add_customer(database, "HXEU0000000002GB")
        assert (await ask(api, path, stranger)).status_code == 200


async def test_zero_is_no_limit_but_the_keys(database: Database) -> None:
    async with running_api(database, **{**RATES, "blocklist_rate": 0}) as api:
        answers = [await ask(api, PATHS["blocklist"][0]) for _ in range(6)]
        assert {answer.status_code for answer in answers} == {200}
        assert answers[0].headers["x-ratelimit-limit"] == "10000"


def test_every_operation_of_these_areas_counts() -> None:
    areas = {
        "Sub-accounts": "platform", "Billing": "platform", "Callback profiles": "platform", "Documents": "platform",
        "Notifications": "platform", "Privacy": "platform", "Lookup": "lookup", "Blocklist": "blocklist", "Consent": "consent",
    }  # fmt: skip
    for operation in OPERATIONS:
        assert operation.area == areas.get(operation.tag, ""), operation.name
