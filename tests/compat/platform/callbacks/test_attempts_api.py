"""Attempts of callbacks, read on from a place: what the tail on a developer's machine asks for."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from strowger.platform.callbacks.repository import insert_attempts
from strowger.platform.callbacks.schemas import Attempt, AttemptOutcome
from tests.api_kit import Api, add_customer, add_key
from tests.compat.platform.callbacks.attempts_kit import attempt_of


async def ask(api: Api, **params: Any) -> dict[str, Any]:
    answer = await api.client.get(f"{api.base}/callback/attempts", params=params, headers=api.customer.headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def write(api: Api, *changes: dict[str, Any]) -> list[Attempt]:
    now = api.context.clock.now()
    made = [attempt_of(**{"account_id": api.customer.account_id, "at": now, **one}) for one in changes]
    await insert_attempts(api.context.database.pool, made)
    return made


async def begin(api: Api) -> str:
    body = await ask(api)
    assert body["data"] == []
    return str(body["meta"]["after"])


async def read_on(api: Api, place: str, *wanted: Attempt) -> str:
    """Read until as many came, which are the wanted ones; gives the place after them."""
    found: list[str] = []
    while len(found) < len(wanted):
        page = await ask(api, after=place, wait=15)
        assert page["data"], f"only {found} came"
        found += ids(page)
        place = page["meta"]["after"]
    assert found == [str(one.callback_id) for one in wanted]
    return place


def ids(body: dict[str, Any]) -> list[str]:
    return [row["callback_id"] for row in body["data"]]


async def test_U51_attempts_come_once_from_a_place_on_with_all_that_is_kept_of_them(api: Api) -> None:
    await write(api, {})
    place = await begin(api)
    first, second, third = await write(
        api, {}, {"outcome": AttemptOutcome.RETRY, "http_status": 503, "error": "http_503"}, {}
    )
    page = await ask(api, after=place, limit=2, wait=15)
    assert ids(page) == [str(first.callback_id), str(second.callback_id)]
    assert page["meta"]["more"] is True
    shown = page["data"][1]
    assert {name: shown[name] for name in ("event", "message_id", "status", "http_status", "error", "attempt", "duration_ms")} == {
        "event": "sms_send", "message_id": f"{second.request_id}:1", "status": "retry", "http_status": 503,
        "error": "http_503", "attempt": 1, "duration_ms": 41,
    }  # fmt: skip
    assert shown["request"] == {"headers": {"X-Callback-Attempt": "1"}, "body": '{"id":"m"}', "cut": False}
    assert shown["response"] == {"headers": {"x-node": "3"}, "body": "ok"}
    end = await read_on(api, page["meta"]["after"], third)
    await read_on(api, page["data"][0]["place"], second, third)
    assert ids(await ask(api, after=end)) == []


async def test_U51_what_a_slow_worker_writes_later_is_not_passed_over(api: Api) -> None:
    pool, now = api.context.database.pool, api.context.clock.now()
    place = await begin(api)
    slow, quick = attempt_of(api.customer.account_id, now), attempt_of(api.customer.account_id, now)
    async with pool.acquire() as connection, connection.transaction():
        await insert_attempts(connection, [slow])
        await insert_attempts(pool, [quick])
        early = await ask(api, after=place)
        assert early["data"] == []
    await read_on(api, early["meta"]["after"], slow, quick)


async def test_U51_filters_pass_over_what_is_not_asked_for(api: Api) -> None:
    place = await begin(api)
    mo, failed = await write(api, {"event": "sms_mo"}, {"outcome": AttemptOutcome.FAILED})
    assert ids(await ask(api, after=place, event="sms_mo", wait=15)) == [str(mo.callback_id)]
    found = await ask(api, after=place, status="failed, retry", wait=15)
    assert ids(found) == [str(failed.callback_id)]
    assert ids(await ask(api, after=found["meta"]["after"])) == []


async def test_U51_a_request_waits_for_the_first_attempt(api: Api) -> None:
    place = await begin(api)
    waiting = asyncio.create_task(ask(api, after=place, wait=15))
    await asyncio.sleep(0)
    [made] = await write(api, {})
    assert ids(await waiting) == [str(made.callback_id)]


async def test_attempts_of_other_accounts_and_older_than_seven_days_are_not_there(api: Api) -> None:
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    place = await begin(api)
    await write(api, {"account_id": other.account_id}, {"at": api.context.clock.now() - timedelta(days=8)})
    assert ids(await ask(api, after=place)) == []
    foreign = await api.client.get(f"/v1/{other.sid}/callback/attempts", headers=api.customer.headers)
    assert foreign.status_code == 403


async def test_a_key_without_callbacks_read_is_refused(api: Api) -> None:
    _, key = await add_key(api.context.database, api.customer.account_id, scopes=["messages.read"])
    answer = await api.client.get(f"{api.base}/callback/attempts", headers={"api-key": key})
    assert (answer.status_code, answer.json()["code"]) == (403, "RBC403")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"after": "yesterday"}, "after"),
        ({"after": "12.34"}, "after"),
        ({"after": "-3"}, "after"),
        ({"after": "9" * 30}, "after"),
        ({"after": "900000000000"}, "after"),
        ({"after": "1.zz.1"}, "after"),
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"wait": "16"}, "wait"),
        ({"status": "lost"}, "status"),
    ],
)
async def test_bad_parameters_are_named(api: Api, params: dict[str, str], field: str) -> None:
    answer = await api.client.get(f"{api.base}/callback/attempts", params=params, headers=api.customer.headers)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()["error"][0]) == [field]


async def test_keys_from_which_numbers_are_hidden_read_none_and_bodies_need_the_right_to_texts(api: Api) -> None:
    database, account = api.context.database, api.customer.account_id
    place = await begin(api)
    await write(api, {"request_body": '{"to": "4917012345678"}', "response_body": "thanks"})
    _, addresses = await add_key(database, account, name="addresses", scopes=["callbacks.read"])
    _, texts = await add_key(database, account, name="texts", scopes=["callbacks.read", "messages.read"])
    url, ask_on = f"{api.base}/callback/attempts", {"after": place, "wait": 15}
    for key, body in ((addresses, None), (texts, '{"to": "4917012345678"}')):
        (row,) = (await api.client.get(url, params=ask_on, headers={"api-key": key})).json()["data"]
        assert row["request"]["body"] == body
        assert row["response"]["body"] == (body and "thanks")
    await database.pool.execute(
        "UPDATE account SET settings = settings || $2 WHERE id = $1", account, {"hide_numbers": True}
    )
    api.app.state.gateway.keys.forget()
    assert (await api.client.get(url, params=ask_on, headers={"api-key": texts})).status_code == 403
    _, numbers = await add_key(database, account, name="numbers", scopes=["callbacks.read", "messages.numbers"])
    assert (await api.client.get(url, params=ask_on, headers={"api-key": numbers})).status_code == 200
