"""The Lookup API against the simulated register: what it answers, what it costs, what it refuses (platform.md 8)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from strowger.platform.billing.repository import add_tariff, open_wallet
from strowger.platform.billing.service import recharge
from strowger.platform.lookup import setting_up
from strowger.platform.lookup.jobs import LookupJobs
from strowger.simulators.smsc import SimulatedSmsc
from tests.api_kit import Api, add_customer
from tests.database.platform.billing.conftest import check_books

MOBILE, OTHER, LANDLINE = "447400123456", "919876543210", "442079460123"
ABSENT, UNKNOWN, UNCOVERED, ROAMING, DOWN, SILENT = (
    f"447409990{tail}" for tail in ("001", "002", "003", "005", "006", "007")
)
PRICE = Decimal("0.004")


@pytest.fixture
async def register() -> AsyncIterator[SimulatedSmsc]:
    async with SimulatedSmsc(http_port=0) as smsc:
        yield smsc


@pytest.fixture
async def hlr(api: Api, register: SimulatedSmsc) -> Api:
    """The API with credit, a price and the simulated register."""
    account = api.customer.account_id

    async def work(connection: Any) -> None:
        await open_wallet(connection, account, Decimal(0))
        await recharge(connection, account, Decimal(1), "opening", api.context.clock.now())
        await add_tariff(connection, None, "lookup", None, "EUR", PRICE)

    await api.context.database.run(work)
    url = f"http://127.0.0.1:{register.http_port}/hlr/lookup"
    await setting_up.keep_simulated(api.context, "simulator", url, "Bearer simulated-hlr")
    return api


async def look(api: Api, numbers: str, **kwargs: Any) -> httpx.Response:
    return await api.client.get(f"{api.base}/lookup/{numbers}", headers=api.customer.headers, **kwargs)


async def balance(api: Api) -> Decimal:
    found: Decimal = await api.context.database.pool.fetchval(
        "SELECT balance FROM wallet WHERE account_id = $1", api.customer.account_id
    )
    return found


async def test_a_number_is_answered_at_once_and_charged_once(hlr: Api, register: SimulatedSmsc) -> None:
    answer = await look(hlr, f"+{MOBILE}")
    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["code"], body["message"], body["price"]) == ("LKP200", "Request processed successfully", 0.004)
    row = body["data"][0]
    assert body["id"] == row["lookup_id"].removesuffix(":1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dmessages[0-9a-f-]{36}", body["id"])
    assert (row["mobile_number"], row["country"], row["country_code"], row["line_type"]) == (MOBILE, "GB", 44, "mobile")
    assert (row["current_mcc"], row["status"], row["source"], row["cached"]) == ("234", "active", "hlr", False)
    again = (await look(hlr, MOBILE)).json()
    assert (again["price"], again["data"][0]["cached"]) == (0, True)
    assert again["data"][0]["current_operator"] == row["current_operator"]
    assert register.register.asked == 1
    assert await balance(hlr) == 1 - PRICE
    await check_books(hlr.context.database)


async def test_numbers_that_are_none_do_not_fail_the_others(hlr: Api) -> None:
    body = (
        await look(hlr, f"{MOBILE},nonsense,{LANDLINE},12,{ABSENT},{UNKNOWN},{UNCOVERED},{ROAMING},{SILENT}")
    ).json()
    rows = {row["mobile_number"]: row for row in body["data"]}
    assert body["total_processed_count"] == len(rows) == 9
    codes = {number: row["error_code"] for number, row in rows.items()}
    assert codes == {
        MOBILE: "", "nonsense": "INVALID_NUMBER", LANDLINE: "", "12": "INVALID_NUMBER", ABSENT: "ABSENT",
        UNKNOWN: "UNKNOWN_SUBSCRIBER", UNCOVERED: "NO_COVERAGE", ROAMING: "", SILENT: "TIMEOUT",
    }  # fmt: skip
    assert (rows[LANDLINE]["source"], rows[LANDLINE]["price"], rows[LANDLINE]["line_type"]) == ("plan", 0, "landline")
    assert (rows[ROAMING]["roaming"], rows[ROAMING]["roaming_country"]) == (True, "FR")
    assert body["price"] == pytest.approx(0.016)  # no charge where nobody could answer
    assert await balance(hlr) == 1 - 4 * PRICE
    await check_books(hlr.context.database)


async def test_a_provider_that_is_down_costs_nothing(hlr: Api) -> None:
    answer = await look(hlr, DOWN)
    assert (answer.status_code, answer.json()["code"]) == (503, "LKP503")
    assert answer.headers["retry-after"]
    assert await balance(hlr) == 1
    await check_books(hlr.context.database)


async def test_without_price_or_provider_the_plan_answers(api: Api) -> None:
    body = (await look(api, f"{MOBILE},{OTHER}")).json()
    assert [(row["country"], row["source"], row["price"], row["ported"]) for row in body["data"]] == [
        ("GB", "plan", 0, None), ("IN", "plan", 0, None),
    ]  # fmt: skip
    assert body["data"][1]["original_operator"] == "Airtel"


async def test_a_list_is_answered_in_the_background(hlr: Api) -> None:
    sent = {"mobile": [f"+{MOBILE}", OTHER, MOBILE, "x"]}
    headers = {**hlr.customer.headers, "Idempotency-Key": "one"}
    answer = await hlr.client.post(f"{hlr.base}/lookup", json=sent, headers=headers)
    body = answer.json()["data"]
    assert (answer.status_code, body["code"], body["total_processed_count"]) == (201, "LKP201", 3)
    assert (await hlr.client.post(f"{hlr.base}/lookup", json=sent, headers=headers)).json()["data"] == body
    row = body["data"][0]
    assert row["url"].endswith(f"/api/v1/{hlr.customer.sid}/lookup/get-info/{row['lookup_id']}")
    path = row["url"].partition("8080")[2]
    waiting = await hlr.client.get(path, headers=hlr.customer.headers)
    assert (waiting.status_code, waiting.json()["code"]) == (202, "LKP202")
    jobs = LookupJobs(hlr.context)
    assert (await jobs.work(), await jobs.work()) == (2, 0)
    done = await hlr.client.get(path, headers=hlr.customer.headers)
    assert (done.status_code, done.json()["data"][0]["mobile_number"]) == (200, MOBILE)
    whole = (await hlr.client.get(path.removesuffix(":1"), headers=hlr.customer.headers)).json()
    assert [row["error_code"] for row in whole["data"]] == ["", "", "INVALID_NUMBER"]
    assert await balance(hlr) == 1 - 2 * PRICE
    await check_books(hlr.context.database)


async def test_what_nobody_answers_is_tried_again_and_then_given_back(hlr: Api) -> None:
    await hlr.client.post(f"{hlr.base}/lookup", json={"mobile": [DOWN]}, headers=hlr.customer.headers)
    jobs, clock = LookupJobs(hlr.context), hlr.context.clock
    assert await balance(hlr) == 1 - PRICE
    for wait in (11, 61):
        assert (await jobs.work(), await jobs.work()) == (1, 0)
        clock.advance(wait)  # type: ignore[attr-defined]
    assert await jobs.work() == 1
    row = await hlr.context.database.pool.fetchrow("SELECT state, error_code, price FROM lookup_item")
    assert tuple(row) == (1, "TIMEOUT", 0)
    assert await balance(hlr) == 1
    await check_books(hlr.context.database)


async def test_what_a_dead_process_left_is_finished_by_a_worker(hlr: Api) -> None:
    from strowger.platform.lookup import service

    asked = service.read_numbers([MOBILE], "GB")
    await service.open_request(hlr.context, hlr.customer.account_id, asked, source="api", at_once=True)
    jobs = LookupJobs(hlr.context)
    assert await jobs.work() == 0
    hlr.context.clock.advance(46)  # type: ignore[attr-defined]
    assert await jobs.work() == 1
    assert await balance(hlr) == 1 - PRICE
    await check_books(hlr.context.database)


async def test_R67_parallel_lookups_never_overdraw(hlr: Api) -> None:
    await hlr.context.database.run(
        lambda c: recharge(c, hlr.customer.account_id, Decimal("-0.99"), "spent", hlr.context.clock.now())
    )
    numbers = [f"4474001{n:05d}" for n in range(10)]
    answers = await asyncio.gather(*(look(hlr, number) for number in numbers))
    assert sorted(a.status_code for a in answers) == [200] * 2 + [402] * 8
    assert {a.json()["code"] for a in answers if a.status_code == 402} == {"LKP402"}
    assert await balance(hlr) == Decimal("0.002")
    await check_books(hlr.context.database)


async def test_what_is_refused_changes_nothing(hlr: Api) -> None:
    many = ",".join(f"4474001{n:05d}" for n in range(21))
    assert (await look(hlr, many)).json()["code"] == "LKP413"
    assert (await look(hlr, ",")).json()["code"] == "LKP400"
    path, headers = f"{hlr.base}/lookup", hlr.customer.headers
    for body, code in (
        ({}, "LKP400"), ({"mobile": []}, "LKP400"), ({"mobile": [{}]}, "LKP400"), ({"mobile": [True]}, "LKP400"),
        ({"mobile": [str(n) for n in range(1001)]}, "LKP413"),
        ({"mobile": [MOBILE], "callback_profile_id": "nobody"}, "LKP406"),
        ({"mobile": [f"4474001{n:05d}" for n in range(300)]}, "LKP402"),
    ):  # fmt: skip
        answer = await hlr.client.post(path, json=body, headers=headers)
        assert answer.json()["data"]["code"] == code, answer.text
    assert await hlr.context.database.pool.fetchval("SELECT count(*) FROM lookup_request") == 0
    assert await balance(hlr) == 1


async def test_R56_a_stranger_sees_nothing(hlr: Api) -> None:
    made = (await look(hlr, MOBILE)).json()
    other = await add_customer(hlr.context.database, "HXEU0000000002GB")
    for name in (made["id"], made["data"][0]["lookup_id"], "nonsense", made["id"] + ":0"):
        answer = await hlr.client.get(f"/v1/{other.sid}/lookup/get-info/{name}", headers=other.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "LKP404")
    answer = await hlr.client.get(f"/v1/{other.sid}/lookup/{MOBILE}", headers=other.headers)
    assert answer.json()["code"] == "LKP402"  # neither the credit nor the known answer of another account


async def test_v4_lookup(hlr: Api) -> None:
    params = {"api_key": hlr.customer.key, "method": "lookup", "to": f"{MOBILE},{ROAMING}"}
    body = (await hlr.client.get("/v4/", params=params)).json()
    assert body["status"] == "OK"
    assert [(row["mobile"], row["location"], row["roaming"]) for row in body["data"]] == [
        (MOBILE, "GB", "no"), (ROAMING, "GB", "yes"),
    ]  # fmt: skip
    eleven = ",".join(f"4474001{n:05d}" for n in range(11))
    assert (await hlr.client.get("/v4/", params={**params, "to": eleven})).json()["code"] == "A416"
    assert (await hlr.client.get("/v4/", params={**params, "to": ""})).json()["code"] == "A412"


async def test_a_profile_of_the_channel_lookup_is_told_of_each_number(hlr: Api) -> None:
    wanted = {"title": "found", "channel": "lookup", "http_method": "POST", "url": "http://127.0.0.1:9999/x",
              "body": {"id": "<lookup_id>", "network": "<current_operator>", "ported": "<ported>"}}  # fmt: skip
    made = await hlr.client.post(f"{hlr.base}/callback/profiles", json=wanted, headers=hlr.customer.headers)
    name = made.json()["data"]["profile_id"]
    sent = {"mobile": [f"+{MOBILE}", "x"], "callback_profile_id": name}
    answer = await hlr.client.post(f"{hlr.base}/lookup", json=sent, headers=hlr.customer.headers)
    assert answer.status_code == 201, answer.text
    fetch = hlr.context.database.pool.fetch
    assert await fetch("SELECT FROM callback") == []
    await LookupJobs(hlr.context).work()
    rows = await fetch("SELECT n, event, variables FROM callback ORDER BY n")
    ids = [row["lookup_id"] for row in answer.json()["data"]["data"]]
    assert [(row["n"], row["event"], row["variables"]["lookup_id"]) for row in rows] == [
        (1, "lookup_result", ids[0]), (2, "lookup_result", ids[1]),
    ]  # fmt: skip
    first, second = (row["variables"] for row in rows)
    assert (first["mobile_number"], first["country_code"], first["id"]) == (MOBILE, 44, ids[0].removesuffix(":1"))
    assert isinstance(first["ported"], bool)
    assert second["error_code"] == "INVALID_NUMBER"


async def test_what_every_operation_answers_has_this_areas_codes(hlr: Api) -> None:
    for headers, base, code, status in (
        ({"api-key": "A" + "0" * 32}, hlr.base, "LKP401", 401),
        (hlr.customer.headers, "/v1/HXEU0000000404GB", "LKP403", 403),
    ):
        bare = await hlr.client.get(f"{base}/lookup/{MOBILE}", headers=headers)
        assert (bare.status_code, bare.json()["code"]) == (status, code)
        wrapped = await hlr.client.post(f"{base}/lookup", json={"mobile": [MOBILE]}, headers=headers)
        assert (wrapped.status_code, wrapped.json()["data"]["code"]) == (status, code)
    broken = await hlr.client.post(f"{hlr.base}/lookup", content=b'{"mob', headers=hlr.customer.headers)
    assert (broken.status_code, broken.json()["data"]["code"]) == (400, "LKP400")
