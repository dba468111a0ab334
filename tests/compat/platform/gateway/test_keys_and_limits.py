"""Keys, rate limits, request ids and the request log at the edge (platform.md 2, quality.md R-60, R-65)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from strowger.foundation.clock import FrozenClock
from strowger.foundation.database import Database
from strowger.foundation.origin import loop_mark
from tests.api_kit import Api, add_customer, add_key, client_of, make_context, running_api, running_app
from tests.compat.channels.sms.test_bad_input import check


async def test_U50_every_answer_has_its_own_request_id(api: Api) -> None:
    first, second = await api.send(), await api.send(to="1")
    assert first.headers["x-request-id"] == first.json()["id"]
    assert second.headers["x-request-id"] != first.headers["x-request-id"]


@pytest.mark.parametrize("change", ["active = false", "expires_at = '2025-12-31'"])
async def test_a_dead_key(api: Api, change: str) -> None:
    await api.context.database.pool.execute(f"UPDATE api_key SET {change}")
    check(await api.send(), "E401")


@pytest.mark.parametrize("state", ["suspended", "inactive", "closed"])
async def test_a_closed_account(api: Api, state: str) -> None:
    await api.context.database.pool.execute("UPDATE account SET state = $1", state)
    check(await api.send(), "E403")


async def test_a_key_for_some_networks(api: Api) -> None:
    _, key = await add_key(api.context.database, api.customer.account_id, networks=["203.0.113.0/24", "2001:db8::/32"])
    url = f"{api.base}/messages/sender"
    assert (await api.client.get(url, headers={"api-key": key})).status_code == 200
    for address, status in (("198.51.100.1", 403), ("2001:db8::9", 200), ("::ffff:203.0.113.1", 200), ("", 403)):
        async with client_of(api.app, address) as client:
            assert (await client.get(url, headers={"api-key": key})).status_code == status, address


async def test_a_change_is_seen_within_seconds(api: Api) -> None:
    await api.send()
    await api.context.database.pool.execute("UPDATE api_key SET active = false")
    clock = api.context.clock
    assert isinstance(clock, FrozenClock)
    clock.advance(6)
    check(await api.send(), "E401")


async def test_a_change_is_seen_at_once_when_it_is_notified(api: Api) -> None:
    await api.send()
    await api.context.database.pool.execute("UPDATE api_key SET active = false")
    await api.context.database.pool.execute("NOTIFY accounts")
    async with asyncio.timeout(30):
        while (await api.send()).status_code != 401:
            pass


async def test_a_new_sender_works_soon(api: Api) -> None:
    await api.send()
    await api.context.database.pool.execute(
        "INSERT INTO sender (account_id, sender) VALUES ($1, 'SECOND')", api.customer.account_id
    )
    clock = api.context.clock
    assert isinstance(clock, FrozenClock)
    clock.advance(1)
    assert (await api.send(sender="SECOND")).status_code == 202


async def test_R65_the_rate_limit(database: Database) -> None:
    async with running_api(database, api_rate=10, api_burst=20) as api:
        answers = [await api.send() for _ in range(21)]
        assert [answer.status_code for answer in answers] == [202] * 20 + [429]
        first, refused = answers[0], answers[20]
        assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("10", "19")
        assert int(answers[19].headers["x-ratelimit-reset"]) == 2
        check(refused, "E429")
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["x-ratelimit-remaining"] == "0"
        clock = api.context.clock
        assert isinstance(clock, FrozenClock)
        clock.advance(0.5)
        assert [(await api.send()).status_code for _ in range(6)] == [202] * 5 + [429]
        assert len(await api.stored()) == 25


async def test_R65_a_key_has_its_own_limit(api: Api) -> None:
    customer = await add_customer(api.context.database, "HXEU0000000002GB", rate=1)
    url = f"/v1/{customer.sid}/messages/sender"
    answers = [await api.client.get(url, headers=customer.headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (await api.send()).status_code == 202


async def test_no_limit_at_all(database: Database) -> None:
    async with running_api(database, api_rate=0) as api:
        answer = await api.send()
        assert answer.status_code == 202
        assert "x-ratelimit-limit" not in answer.headers


async def test_U31_R86_the_request_log_is_masked(api: Api) -> None:
    sent = await api.send(body="Secret text", ref="seen")
    await api.client.post(f"{api.base}/messages", data={"to": "1", "api-key": api.customer.key})
    await api.client.post(f"{api.base}/messages", json={"api-key": "A" + "f" * 32})
    await api.app.state.gateway.flush()
    rows = await api.context.database.pool.fetch("SELECT * FROM request_log ORDER BY id")
    assert [(row["status"], row["error_code"], row["account_id"]) for row in rows] == [
        (202, None, api.customer.account_id),
        (400, "E602", api.customer.account_id),
        (401, "E401", None),
    ]
    assert str(rows[0]["id"]) == sent.json()["id"]
    text = "".join(str(dict(row)) for row in rows)
    for secret in ("Secret text", "447700900123", api.customer.key, "A" + "f" * 32):
        assert secret not in text
    assert "seen" in rows[0]["request_body"]


@pytest.fixture
def only_flushed_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine a second passes within a test, and the gateway would write what the test wants to write."""
    monkeypatch.setattr("strowger.platform.gateway.service.FLUSH_SECONDS", 3_600)


async def test_under_load_failures_are_kept_before_successes(only_flushed_by_hand: None, api: Api) -> None:
    for _ in range(30):
        await api.send()
    await api.send(to="1")
    await api.app.state.gateway.flush()
    counts = await api.context.database.pool.fetch(
        "SELECT status, count(*) AS n FROM request_log GROUP BY status ORDER BY status"
    )
    assert [(row["status"], row["n"]) for row in counts] == [(202, 20), (400, 1)]


async def test_last_use_of_a_key_is_noted_in_batches(only_flushed_by_hand: None, api: Api) -> None:
    await api.send()
    await api.send()
    assert await api.context.database.pool.fetchval("SELECT last_used_at FROM api_key") is None
    await api.app.state.gateway.flush()
    row = await api.context.database.pool.fetchrow("SELECT last_used_at, last_used_ip FROM api_key")
    assert (row["last_used_at"], row["last_used_ip"]) == (api.context.clock.now(), "203.0.113.9")


async def test_U50_upkeep_forgets_old_keys_and_log_rows(api: Api) -> None:
    pool = api.context.database.pool
    old = api.context.clock.now() - timedelta(hours=25)
    await pool.execute("INSERT INTO idempotency_key VALUES (1, 'POST', '/x', 'old', '', 202, '', $1)", old)
    await pool.execute(
        "INSERT INTO request_log (id, method, path, status, duration_ms)"
        " VALUES ('0190f000-0000-7000-8000-000000000000', 'GET', '/', 200, 1)"
    )
    await api.app.state.gateway.tidy()
    assert await pool.fetchval("SELECT count(*) FROM idempotency_key") == 0
    assert await pool.fetchval("SELECT count(*) FROM request_log") == 0


async def test_tokens_not_used_are_given_back(database: Database) -> None:
    customer = await add_customer(database)
    context = make_context(database, api_rate=1000, api_burst=2000)
    async with running_app(context) as app, client_of(app) as client:
        for _ in range(21):
            await client.get(f"/v1/{customer.sid}/sms/sender", headers=customer.headers)
        assert await database.pool.fetchval("SELECT tokens FROM rate_bucket") < 1979
        await app.state.gateway.limiter.close()
        assert await database.pool.fetchval("SELECT tokens FROM rate_bucket") == 1979


async def test_a_request_of_our_own_carrier_is_refused(api: Api) -> None:
    """An HTTP carrier that leads back to us would carry each message round for ever."""
    mark = await loop_mark(api.context.database)
    headers = {"api-key": api.customer.key, "x-strowger-origin": mark}
    params = {"to": "447700900001", "sender": "STROWG", "body": "Hi"}
    check(await api.client.post(f"{api.base}/messages", data=params, headers=headers), "E403")
    other = headers | {"x-strowger-origin": "0" * 32}
    assert (await api.client.post(f"{api.base}/messages", data=params, headers=other)).status_code == 202
