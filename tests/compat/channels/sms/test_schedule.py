"""Scheduled sends, and moving and cancelling them (sms.md 3.8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from strowger.foundation.ids import new_uuid
from tests.api_kit import SENDER, Api, add_customer

NOW = datetime(2026, 1, 1, tzinfo=UTC)  # the frozen clock's
TOMORROW = "2026-01-02T12:58:00+04:30"


async def change(api: Api, method: str, name: str, **params: Any) -> httpx.Response:
    path = f"{api.base}/{params.pop('family', 'messages')}/schedule/{name}"
    return await api.client.request(method, path, json=params or None, headers=api.customer.headers)


async def queue(api: Api) -> list[Any]:
    return await api.context.database.pool.fetch("SELECT * FROM submission ORDER BY request_id, n")


async def test_a_scheduled_send_is_answered_like_any_other_plus_its_time(api: Api) -> None:
    answer = await api.send(to="447700900123,447700900124", time=TOMORROW, validity=60)
    assert answer.status_code == 202
    body = answer.json()
    assert body["time"] == TOMORROW
    assert body["error"] == {}
    due = datetime(2026, 1, 2, 8, 28, tzinfo=UTC)
    rows = await api.stored()
    assert [(row["status"], row["trace"]) for row in rows] == [(10, "SCHEDULED")] * 2
    assert {row["valid_until"] for row in rows} == {due + timedelta(minutes=60)}
    assert {(row["due_at"], row["expires_at"]) for row in await queue(api)} == {(due, due + timedelta(minutes=60))}
    status = (await api.client.get(f"{api.base}/sms/{body['id']}", headers=api.customer.headers)).json()
    assert {row["status"] for row in status["data"]} == {"Scheduled"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"time": "2026-01-02T12:58:00+04:30"}, "2026-01-02T08:28:00+00:00"),
        ({"time": "2026-01-02T12:58:00Z"}, "2026-01-02T12:58:00+00:00"),
        ({"time": "2026-01-02T12:58:00.250-0800"}, "2026-01-02T20:58:00.250000+00:00"),
        ({"time": "2026-01-02 12:58:00"}, "2026-01-02T12:58:00+00:00"),
        ({"time": "2026-01-02 12:58:00", "timezone": "Asia/Kolkata"}, "2026-01-02T07:28:00+00:00"),
        ({"time": "2026-01-02T12:58", "timezone": "Europe/Berlin"}, "2026-01-02T11:58:00+00:00"),
        ({"time": "2026-01-02T12:58:00+05:30", "timezone": "America/New_York"}, "2026-01-02T07:28:00+00:00"),
    ],
)
async def test_times_in_every_spelling(api: Api, given: dict[str, str], expected: str) -> None:
    assert (await api.send(**given)).status_code == 202
    (row,) = await queue(api)
    assert row["due_at"] == datetime.fromisoformat(expected)


async def test_a_time_without_offset_is_local_to_the_account(api: Api) -> None:
    await api.context.database.pool.execute("UPDATE account SET time_zone = 'Asia/Kolkata'")
    assert (await api.send(time="2026-01-02 12:58:00")).status_code == 202
    (row,) = await queue(api)
    assert row["due_at"] == datetime(2026, 1, 2, 7, 28, tzinfo=UTC)


async def test_an_unescaped_plus_of_the_offset_is_understood(api: Api) -> None:
    form = f"to=447700900123&sender={SENDER}&body=x&time=2026-01-02T12:58:00+04:30"
    headers = {**api.customer.headers, "content-type": "application/x-www-form-urlencoded"}
    assert (await api.client.post(f"{api.base}/sms", content=form, headers=headers)).status_code == 202
    (row,) = await queue(api)
    assert row["due_at"] == datetime(2026, 1, 2, 8, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "code"),
    [
        ("2026-01-01T00:15:00+00:00", None),
        ("2026-01-01T00:14:59+00:00", "E614"),
        ("2026-04-01T00:00:00+00:00", None),
        ("2026-04-01T00:00:01+00:00", "E614"),
        ("2025-12-31T00:00:00+00:00", "E614"),
        ("9999-12-31T23:59:59-12:00", "E613"),
        ("tomorrow", "E613"),
        ("2026-01-02", "E613"),
        ("2026-13-02T10:00:00Z", "E613"),
        (["2026-01-02T10:00:00Z"], "E613"),
        ("1767312000", "E613"),
    ],
)
async def test_from_15_minutes_to_3_months_ahead(api: Api, time: object, code: str | None) -> None:
    answer = await api.send(time=time)
    assert answer.status_code == (202 if code is None else 400)
    if code:
        assert answer.json()["code"] == code
        assert answer.json()["error"]["time"]
        assert await api.stored() == []


async def test_a_zone_that_does_not_exist_is_refused(api: Api) -> None:
    answer = await api.send(time="2026-01-02 10:00:00", timezone="Mars/Phobos")
    assert answer.json()["code"] == "E613"
    assert "timezone" in answer.json()["error"]
    assert (await api.send(time="2026-01-02 10:00:00", timezone="../../etc/passwd")).json()["code"] == "E613"


@pytest.mark.parametrize("family", ["messages", "sms"])
async def test_moving_moves_every_message_and_its_validity(api: Api, family: str) -> None:
    body = (await api.send(to="447700900123,447700900124", time=TOMORROW, validity=30)).json()
    answer = await change(api, "PUT", body["id"], time="2026-02-01T09:00:00+00:00", family=family)
    assert answer.status_code == 200
    assert answer.json() == {
        "code": "MSG115",
        "message": "Schedule changed successfully",
        "data": {"id": body["id"], "status": "Scheduled", "time": "2026-02-01 09:00:00+00:00", "totalCount": 2},
        "error": {},
    }
    due = datetime(2026, 2, 1, 9, tzinfo=UTC)
    assert {(row["due_at"], row["expires_at"]) for row in await queue(api)} == {(due, due + timedelta(minutes=30))}
    assert {row["valid_until"] for row in await api.stored()} == {due + timedelta(minutes=30)}


async def test_cancelling_ends_the_messages_once(api: Api) -> None:
    body = (await api.send(to="447700900123,447700900124", time=TOMORROW, callback="https://example.net/dlr")).json()
    first, second = await change(api, "DELETE", body["id"]), await change(api, "DELETE", body["id"])
    assert (first.status_code, first.json()["code"], first.json()["data"]["totalCount"]) == (200, "MSG115", 2)
    assert (second.status_code, second.json()["code"]) == (409, "E635")
    assert [(row["status"], row["trace"]) for row in await api.stored()] == [(72, "CALL-CANCELLED")] * 2
    assert await queue(api) == []
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM callback") == 0
    moved = await change(api, "PUT", body["id"], time="2026-02-01T09:00:00+00:00")
    assert (moved.status_code, moved.json()["code"]) == (409, "E635")


async def test_a_cancelled_message_is_called_back_to_whom_asks_for_that(api: Api) -> None:
    target = {"url": "https://example.net/dlr", "events": ["CANCELLED"]}
    body = (await api.send(time=TOMORROW, callback=target)).json()
    await change(api, "DELETE", body["id"])
    (row,) = await api.context.database.pool.fetch("SELECT variables FROM callback")
    assert (row["variables"]["status"], row["variables"]["status_trace"]) == ("CANCELLED", "CALL-CANCELLED")


async def test_one_message_of_a_request_can_be_cancelled(api: Api) -> None:
    body = (await api.send(to="447700900123,447700900124", time=TOMORROW)).json()
    answer = await change(api, "DELETE", f"{body['id']}:2")
    assert answer.json()["data"]["totalCount"] == 1
    assert [row["status"] for row in await api.stored()] == [10, 72]


async def test_two_cancels_at_the_same_time_are_one(api: Api) -> None:
    import asyncio

    body = (await api.send(to=",".join(str(447700900100 + i) for i in range(50)), time=TOMORROW)).json()
    answers = await asyncio.gather(*(change(api, "DELETE", body["id"]) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def test_until_five_minutes_before_it_leaves(api: Api) -> None:
    body = (await api.send(time="2026-01-01T01:00:00Z")).json()
    api.context.clock.advance(55 * 60)  # type: ignore[attr-defined]
    for method, params in (("DELETE", {}), ("PUT", {"time": "2026-02-01T09:00:00Z"})):
        answer = await change(api, method, body["id"], **params)
        assert (answer.status_code, answer.json()["code"]) == (409, "E635")
    assert [row["status"] for row in await api.stored()] == [10]


@pytest.mark.parametrize("time", ["", None, "soon", "2026-01-01T00:05:00Z", "2027-01-01T00:00:00Z"])
async def test_a_bad_new_time_changes_nothing(api: Api, time: str | None) -> None:
    body = (await api.send(time=TOMORROW)).json()
    before = await queue(api)
    answer = await change(api, "PUT", body["id"], time=time)
    assert answer.json()["code"] in ("E613", "E614")
    assert await queue(api) == before


async def test_a_foreign_schedule_is_as_unknown_as_one_that_never_was(api: Api) -> None:
    other = await add_customer(api.context.database, "HXEU0000000002GB", senders=())
    body = (await api.send(time=TOMORROW)).json()
    for method, params in (("DELETE", None), ("PUT", {"time": "2026-02-01T09:00:00Z"})):
        answers = [
            await api.client.request(
                method, f"/v1/{other.sid}/messages/schedule/{name}", json=params, headers=other.headers
            )
            for name in (body["id"], str(new_uuid()), "nonsense")
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text for answer in answers}) == 1
    assert [row["status"] for row in await api.stored()] == [10]


async def test_what_was_sent_at_once_is_no_schedule(api: Api) -> None:
    body = (await api.send()).json()
    answer = await change(api, "DELETE", body["id"])
    assert answer.status_code == 404
    assert (await api.stored())[0]["request_id"] == UUID(body["id"])
