"""The webhook's address: token, key, rate, idempotency, envelopes."""

from __future__ import annotations

import httpx

from strowger.engagement.flows import service
from tests.api_kit import add_customer
from tests.database.engagement.flows.conftest import Desk, sms


def failed(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["data"] == {}


async def test_post_get_and_form_are_alike(desk: Desk) -> None:
    flow_id = await desk.published(sms("sms_1", "{{webhook.order.id}}{{webhook.order}} {{trigger}} {{caller.country}}"))
    address = await desk.address(flow_id)
    answer = await desk.visit.client.post(address, json={"to": "+44 7700 900123", "order": {"id": 5}})
    assert answer.status_code == 202
    body = answer.json()
    assert (body["code"], body["message"], body["error"]) == ("CLE202", "Flow triggered", {})
    assert body["data"]["flow_id"] == flow_id
    assert answer.headers["x-request-id"] == body["data"]["execution_id"]
    await desk.visit.client.post(address, data={"caller": "447700900124", "order": "7"})
    await desk.visit.client.get("/api" + address, params={"to": "447700900125", "order": "8"})
    await desk.jobs.step()
    found = [(row["recipient"], row["body"]) for row in await desk.messages()]
    assert sorted(found) == [
        ("447700900123", '5{"id": 5} Webhook United Kingdom'),
        ("447700900124", "7 Webhook United Kingdom"),
        ("447700900125", "8 Webhook United Kingdom"),
    ]


async def test_wrong_addresses_and_states_are_refused_and_begin_nothing(desk: Desk) -> None:
    flow_id = await desk.flow(sms())
    base = f"/v1/{desk.sid}/flow/{flow_id}/trigger"
    client = desk.visit.client
    failed(await client.post(f"{base}/{'x' * 32}", json={}), 404, "E741")
    await desk.publish(flow_id)
    right = (await desk.address(flow_id)).rsplit("/", 1)[-1]
    for path in (f"{base}/{'x' * 32}", f"{base}/{right}x", f"/v1/{desk.sid}/flow/99/trigger/{right}",
                 f"/v1/{desk.sid}/flow/x/trigger/{right}", f"/v1/HXEU1/flow/{flow_id}/trigger/{right}"):  # fmt: skip
        failed(await client.post(path, json={}), 404, "E741")
    await service.set_state(desk.visit.context, desk.visit.account, flow_id, service.State.PAUSED)
    failed(await desk.trigger(flow_id), 409, "E708")
    await service.set_state(desk.visit.context, desk.visit.account, flow_id, service.State.PUBLISHED)
    failed(await client.post(f"{base}/{right}", content=b"[1]"), 400, "E400")
    failed(await desk.trigger(flow_id, filler="x" * 70_000), 413, "E413")
    await desk.pool.execute("UPDATE account SET state = 'suspended' WHERE id = $1", desk.visit.account)
    failed(await desk.trigger(flow_id), 403, "E403")
    assert await desk.pool.fetchval("SELECT count(*) FROM flow_run") == 0


async def test_a_webhook_that_is_switched_off_says_so(desk: Desk) -> None:
    await desk.pool.execute("INSERT INTO number (account_id, msisdn) VALUES ($1, '447700900999')", desk.visit.account)
    off = {"webhook": {"enabled": False}, "sms": {"enabled": True, "number": "447700900999"}}
    flow_id = await desk.published(sms(), start=off)
    failed(await desk.trigger(flow_id), 409, "E742")


async def test_rotating_makes_the_old_address_unknown(desk: Desk) -> None:
    flow_id = await desk.published(sms())
    old = await desk.address(flow_id)
    await desk.visit.post(f"/flows/{flow_id}/rotate")
    failed(await desk.visit.client.post(old, json={}), 404, "E741")
    assert (await desk.trigger(flow_id)).status_code == 202


async def test_a_flow_may_ask_for_a_key_besides(desk: Desk) -> None:
    flow_id = await desk.published(sms(), start={"webhook": {"require_key": True}})
    failed(await desk.trigger(flow_id), 401, "E401")
    foreign = await add_customer(desk.visit.context.database, "HXEU0000000009GB")
    failed(await desk.trigger(flow_id, {"api-key": foreign.key}), 403, "E403")
    assert (await desk.trigger(flow_id, {"api-key": await desk.key()})).status_code == 202
    wrong = f"/v1/{desk.sid}/flow/{flow_id}/trigger/{'x' * 32}"
    failed(await desk.visit.client.post(wrong, json={}, headers={"api-key": await desk.key()}), 404, "E741")


async def test_the_same_idempotency_key_begins_one_execution(desk: Desk) -> None:
    flow_id = await desk.published(sms())
    first = await desk.trigger(flow_id, {"Idempotency-Key": "a"})
    again = await desk.trigger(flow_id, {"Idempotency-Key": "a"})
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    failed(await desk.trigger(flow_id, {"Idempotency-Key": "a"}, name="Other"), 422, "E422")
    assert await desk.pool.fetchval("SELECT count(*) FROM flow_run") == 1


async def test_a_flow_takes_20_requests_a_second(desk: Desk) -> None:
    desk.stop_the_gateway_clock()
    one, two = await desk.published(sms(), name="One"), await desk.published(sms(), name="Two")
    answers = [(await desk.trigger(one)).status_code for _ in range(41)]
    assert answers == [202] * 40 + [429]
    assert (await desk.trigger(two)).status_code == 202
    desk.clock.advance(1)
    answers = [(await desk.trigger(one)).status_code for _ in range(21)]
    assert answers == [202] * 20 + [429]


async def test_tokens_stay_out_of_logs(desk: Desk) -> None:
    flow_id = await desk.published(sms())
    token = (await desk.address(flow_id)).rsplit("/", 1)[-1]
    await desk.trigger(flow_id, {"Idempotency-Key": "a"})
    for table in ("request_log", "idempotency_key", "flow", "audit_entry"):
        rows = await desk.pool.fetch(f"SELECT t::text AS row FROM {table} t")
        assert not any(token in row["row"] for row in rows), table
