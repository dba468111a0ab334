"""Idempotency keys (quality.md R-20 to R-23)."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from strowger.foundation.clock import FrozenClock
from strowger.foundation.errors import Unavailable
from strowger.messaging.schemas import NewRequest
from tests.api_kit import SENDER, Api, add_customer, running_app
from tests.compat.channels.sms.test_bad_input import check

GOOD = {"to": "447700900123", "sender": SENDER, "body": "Hello"}


async def post(
    api: Api, key: str, header: str = "Idempotency-Key", path: str = "/messages", **change: Any
) -> httpx.Response:
    headers = {**api.customer.headers, header: key}
    return await api.client.post(api.base + path, json={**GOOD, **change}, headers=headers)


async def test_R20_the_same_request_is_answered_alike_and_sent_once(api: Api) -> None:
    first = await post(api, "k1")
    again = await post(api, "k1", header="x-idempotency-key")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert len(await api.stored()) == 1


async def test_the_form_of_the_request_does_not_matter(api: Api) -> None:
    first = await post(api, "k1")
    headers = {**api.customer.headers, "idempotency-key": "k1"}
    again = await api.client.post(
        f"/api{api.base}/messages", files={k: (None, v) for k, v in GOOD.items()}, headers=headers
    )
    assert again.content == first.content


async def test_R21_the_same_key_with_another_body_is_refused(api: Api) -> None:
    await post(api, "k1")
    check(await post(api, "k1", body="Other"), "E422", "Idempotency-Key")
    assert len(await api.stored()) == 1


async def test_R21_fifty_parallel_requests_send_one_message(api: Api) -> None:
    answers = await asyncio.gather(*(post(api, "k1") for _ in range(50)))
    assert len(await api.stored()) == 1
    assert {answer.status_code for answer in answers} <= {202, 409}
    executed = [answer for answer in answers if answer.status_code == 202]
    assert len({answer.content for answer in executed}) == 1
    for answer in answers:
        if answer.status_code == 409:
            check(answer, "E409")
            assert answer.headers["retry-after"] == "1"
    assert (await post(api, "k1")).content == executed[0].content


async def test_R21_fifty_parallel_requests_through_two_processes(api: Api) -> None:
    from tests.api_kit import client_of

    async with running_app(api.context) as app, client_of(app) as second:
        headers = {**api.customer.headers, "idempotency-key": "k1"}
        url = f"{api.base}/messages"
        answers = await asyncio.gather(
            *((api.client if n % 2 else second).post(url, json=GOOD, headers=headers) for n in range(50))
        )
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len(await api.stored()) == 1


async def test_R22_a_key_is_of_one_account_path_and_method(api: Api) -> None:
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    headers = {**other.headers, "idempotency-key": "k1"}
    answers = [
        await post(api, "k1"),
        await post(api, "k1", path="/sms"),
        await api.client.get(
            f"{api.base}/messages", params=GOOD, headers={**api.customer.headers, "idempotency-key": "k1"}
        ),
        await api.client.post(f"/v1/{other.sid}/messages", json=GOOD, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [202] * 4
    assert len(await api.stored()) == 4


async def test_a_refused_request_does_not_use_up_its_key(api: Api) -> None:
    check(await post(api, "k1", body=""), "E606")
    assert (await post(api, "k1")).status_code == 202


async def test_a_request_that_could_not_be_stored_may_come_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_: NewRequest) -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(api.app.state.accepter, "accept", refuse)
        check(await post(api, "k1"), "E503")
    assert (await post(api, "k1")).status_code == 202


async def test_R20_a_failure_after_the_commit_is_answered_from_the_store(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = api.app.state.accepter.accept

    async def accept_and_fail(request: NewRequest) -> None:
        await accept(request)
        raise RuntimeError("after the commit")

    with monkeypatch.context() as patch:
        patch.setattr(api.app.state.accepter, "accept", accept_and_fail)
        check(await post(api, "k1"), "E500")
    again = await post(api, "k1")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
    assert len(await api.stored()) == 1


async def test_R20_keys_live_24_hours(api: Api) -> None:
    clock = api.context.clock
    assert isinstance(clock, FrozenClock)
    await post(api, "k1")
    clock.advance(23.9 * 3600)
    assert (await post(api, "k1")).headers["idempotent-replayed"] == "true"
    clock.advance(0.2 * 3600)
    assert "idempotent-replayed" not in (await post(api, "k1", body="Other")).headers
    assert len(await api.stored()) == 2


async def test_R21_a_request_stays_in_progress_for_5_minutes_at_most(api: Api) -> None:
    clock = api.context.clock
    assert isinstance(clock, FrozenClock)
    await post(api, "k1")
    await api.context.database.pool.execute("UPDATE idempotency_key SET status = NULL, response = NULL")
    clock.advance(299)
    check(await post(api, "k1"), "E409")
    clock.advance(2)
    assert (await post(api, "k1")).status_code == 202


async def test_R20_the_length_of_a_key(api: Api) -> None:
    assert (await post(api, "k" * 255)).status_code == 202
    check(await post(api, "k" * 256), "E400", "Idempotency-Key")
