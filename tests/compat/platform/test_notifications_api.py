"""The API of notifications (platform.md 12): read, switch on, change, and what it refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from strowger.foundation.database import Database
from strowger.platform.billing.repository import open_wallet
from tests.api_kit import Api, add_customer, running_api


async def get(api: Api, tail: str = "") -> httpx.Response:
    return await api.client.get(f"/api{api.base}/notifications{tail}", headers=api.customer.headers)


async def patch(api: Api, key: str, **values: Any) -> httpx.Response:
    return await api.client.patch(f"{api.base}/notifications/{key}", json=values, headers=api.customer.headers)


async def test_read_and_change(database: Database) -> None:
    async with running_api(database) as api:
        listed = (await get(api)).json()
        assert listed["code"] == "RBC103"
        keys = [one["key"] for one in listed["data"]]
        assert {"sms-automated", "sms-count", "callbacks", "credit-history"} <= set(keys)
        assert not any(one["enabled"] for one in listed["data"])
        values = {"enabled": True, "recipients": ["a@x.test", "A@x.test", "b@x.test"], "frequency": "weekly",
                  "params": {"hour": 8, "format": "xlsx", "filters": {"sender": "ACME"}}}  # fmt: skip
        changed = await patch(api, "sms-automated", **values)
        assert changed.status_code == 200, changed.text
        data = changed.json()["data"]
        assert (data["enabled"], data["recipients"], data["frequency"]) == (True, ["a@x.test", "b@x.test"], "weekly")
        assert data["params"] == {"hour": 8, "format": "xlsx", "send_empty": False, "filters": {"sender": "ACME"}}
        assert data["next_at"].endswith(":00:00Z")
        assert (await get(api, "/sms-automated")).json()["data"] == data
        off = (await patch(api, "sms-automated", enabled="false")).json()["data"]
        assert (off["enabled"], off["next_at"], off["params"]["hour"]) == (False, None, 8)
        form = await api.client.patch(
            f"{api.base}/notifications/sms-count", data={"enabled": "1", "recipients": "a@x.test,c@x.test"},
            headers=api.customer.headers,
        )  # fmt: skip
        assert form.json()["data"]["recipients"] == ["a@x.test", "c@x.test"]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("frequency", {"frequency": "hourly"}),
        ("recipients", {"recipients": ["nobody"]}),
        ("recipients", {"recipients": [f"n{n}@x.test" for n in range(21)]}),
        ("recipients", {"recipients": [{"a": 1}]}),
        ("enabled", {"enabled": "perhaps"}),
        ("params", {"params": {"account_id": 2}}),
        ("params.hour", {"params": {"hour": "8; DROP"}}),
        ("hour", {"params": {"hour": 24}}),
        ("format", {"params": {"format": "pdf"}}),
        ("filters", {"params": {"filters": {"price": "1"}}}),
    ],
)
async def test_bad_values_name_the_field_and_change_nothing(
    database: Database, field: str, values: dict[str, Any]
) -> None:
    async with running_api(database) as api:
        answer = await patch(api, "sms-count", **values)
        assert answer.status_code == 400, answer.text
        assert answer.json()["code"] == "RBC2702"
        assert field in answer.json()["error"]
        assert await database.pool.fetchval("SELECT count(*) FROM notification") == 0


async def test_unknown_keys_and_other_accounts(database: Database) -> None:
    async with running_api(database) as api:
        assert (await get(api, "/nothing")).json()["code"] == "RBC2701"
        assert (await patch(api, "sms-tabular", enabled=True)).json()["code"] == "RBC2701"
        await patch(api, "sms-count", enabled=True)
        other = await add_customer(database, "HXEU0000000002GB")
        path = f"/v1/{other.sid}/notifications/sms-count"
        assert not (await api.client.get(path, headers=other.headers)).json()["data"]["enabled"]
        foreign = await api.client.get(f"{api.base}/notifications/sms-count", headers=other.headers)
        assert foreign.status_code in (401, 403)


async def test_the_low_balance_alert_is_one_of_them(database: Database) -> None:
    async with running_api(database) as api:
        assert (await get(api, "/low-balance")).status_code == 404  # no wallet, no alert
        await database.run(lambda c: open_wallet(c, api.customer.account_id, Decimal(0)))
        assert (await get(api)).json()["data"][0]["key"] == "low-balance"
        off = (await get(api, "/low-balance")).json()["data"]
        assert (off["enabled"], off["frequency"], off["params"]) == (False, "event", {"balance_below": None})
        for values, field in (
            ({"enabled": True}, "params.balance_below"), ({"params": {"balance_below": -1}}, "params.balance_below"),
            ({"params": {"hour": 6}}, "params"), ({"frequency": "daily"}, "frequency"), ({"recipients": ["x"]}, "recipients"),
        ):  # fmt: skip
            answer = await patch(api, "low-balance", **values)
            assert (answer.status_code, answer.json()["code"]) == (400, "RBC2702")
            assert field in answer.json()["error"]
        on = await patch(api, "low-balance", enabled=True, recipients=["a@x.test"], params={"balance_below": 12.5})
        assert on.json()["data"]["params"] == {"balance_below": 12.5}
        again = (await get(api, "/low-balance")).json()["data"]
        assert (again["enabled"], again["recipients"]) == (True, ["a@x.test"])
        assert (await patch(api, "low-balance", enabled=False)).json()["data"]["enabled"] is False
        assert (await get(api, "/low-balance")).json()["data"]["recipients"] == ["a@x.test"]
