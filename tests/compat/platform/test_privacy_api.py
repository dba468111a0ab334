"""Retention, export and erasure by API (docs/data.md, R-87 to R-89)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from strowger.foundation.database import Database
from strowger.platform.privacy.jobs import DataJobs
from tests.api_kit import Api, add_customer, running_api

PERSON, OTHER = "447700900123", "447700900456"
BLOCK = (
    "INSERT INTO blocklist_entry (account_id, channel, address, source, added_by, created_at)"
    " VALUES ($1, 'sms', $2, 'user', 'x', now())"
)


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    async with running_api(database) as api:
        for number in (PERSON, OTHER):
            await database.pool.execute(BLOCK, api.customer.account_id, number)
        yield api


async def call(api: Api, method: str, tail: str, body: Any = None, **headers: str) -> httpx.Response:
    return await api.client.request(
        method, f"{api.base}/privacy{tail}", json=body, headers=headers or api.customer.headers
    )


def data_of(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


async def export_lines(api: Api, export_id: str) -> list[dict[str, Any]]:
    assert await DataJobs(api.context).jobs[2].work() == 1  # type: ignore[func-returns-value]
    done = data_of(await call(api, "GET", f"/exports/{export_id}"))
    assert done["status"] == "ready"
    path = done["url"].removeprefix(api.context.settings.base_url)
    content = (await api.client.get(path)).content
    assert len(content) == done["size"]
    return [msgspec.json.decode(line) for line in content.splitlines()]


async def test_a_person_and_the_account_are_exported(api: Api) -> None:
    asked = data_of(await call(api, "POST", "/exports", {"subject": f"+{PERSON}"}), 202)
    assert (asked["status"], asked["of"], asked["url"]) == ("queued", "447***23", None)
    lines = await export_lines(api, asked["export_id"])
    assert [line["table"] for line in lines[1:-1]] == ["blocklist_entry"]
    assert PERSON in str(lines)
    assert OTHER not in str(lines)
    whole = await export_lines(api, data_of(await call(api, "POST", "/exports"), 202)["export_id"])
    assert OTHER in str(whole)
    assert api.customer.key not in str(whole)
    api.context.clock.advance(8 * 86_400)  # type: ignore[attr-defined]
    assert data_of(await call(api, "GET", f"/exports/{asked['export_id']}"))["status"] == "expired"


async def test_a_person_is_erased_and_no_log_of_ours_names_them(api: Api) -> None:
    made = data_of(await call(api, "POST", "/erasures", {"subject": PERSON}), 202)
    mail = data_of(await call(api, "POST", "/erasures", {"subject": "eva@example.org"}), 202)
    await api.app.state.gateway.flush()
    pool = api.context.database.pool
    noted = await pool.fetchval("SELECT string_agg(to_jsonb(r)::text, '') FROM request_log r")
    noted += await pool.fetchval("SELECT string_agg(to_jsonb(a)::text, '') FROM audit_entry a")
    assert "make_erasure" in noted or "/privacy/erasures" in noted
    assert PERSON not in noted
    assert "eva@example.org" not in noted
    assert await DataJobs(api.context).erase() == 2
    done = data_of(await call(api, "GET", f"/erasures/{made['erasure_id']}"))
    assert (done["status"], done["rows"]["blocklist_entry"], done["of"]) == ("done", 1, "447***23")
    listed = data_of(await call(api, "GET", "/erasures"))
    assert {row["erasure_id"] for row in listed} == {made["erasure_id"], mail["erasure_id"]}
    assert await pool.fetchval("SELECT address FROM blocklist_entry") == OTHER


async def test_days_are_changed_one_by_one(api: Api) -> None:
    assert set(data_of(await call(api, "GET", "/retention"))["days"].values()) == {None}
    changed = data_of(await call(api, "PATCH", "/retention", {"texts": 5, "clicks": "30"}))["days"]
    assert (changed["texts"], changed["clicks"], changed["messages"]) == (5, 30, None)
    assert data_of(await call(api, "PATCH", "/retention", {"texts": None}))["days"]["clicks"] == 30


@pytest.mark.parametrize(
    ("method", "tail", "body", "code", "field"),
    [
        ("POST", "/erasures", {"subject": "somebody"}, "DATA1", "subject"),
        ("POST", "/erasures", {}, "DATA1", "subject"),
        ("POST", "/exports", {"subject": "12"}, "DATA1", "subject"),
        ("POST", "/exports", {"subject": ["a"]}, "DATA1", "subject"),
        ("PATCH", "/retention", {"texts": 0}, "DATA3", "texts"),
        ("PATCH", "/retention", {"texts": 4000}, "DATA3", "texts"),
        ("PATCH", "/retention", {"texts": True, "clicks": 5}, "DATA3", "texts"),
        ("PATCH", "/retention", {"everything": 5}, "DATA2", "everything"),
        ("GET", "/exports/1", None, "DATA404", "export_id"),
        ("GET", "/erasures/4e6ebe2f-66d1-45fc-bde0-7d05bd544961", None, "DATA404", "erasure_id"),
    ],
)
async def test_bad_input_names_the_field_and_changes_nothing(
    api: Api, method: str, tail: str, body: Any, code: str, field: str
) -> None:
    answer = await call(api, method, tail, body)
    assert answer.json()["code"] == code, answer.text
    assert field in answer.json()["error"]
    pool = api.context.database.pool
    for table in ("erasure", "data_export", "retention"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_R55_exports_and_certificates_of_others_are_unknown_and_keys_can_be_kept_out(api: Api) -> None:
    pool = api.context.database.pool
    made = data_of(await call(api, "POST", "/exports"), 202)["export_id"]
    erased = data_of(await call(api, "POST", "/erasures", {"subject": PERSON}), 202)["erasure_id"]
    foreign = await add_customer(api.context.database, "HXEU0000000002GB", senders=())
    for tail in (f"/exports/{made}", f"/erasures/{erased}"):
        path = f"/v1/{foreign.sid}/privacy{tail}"
        assert (await api.client.get(path, headers=foreign.headers)).json()["code"] == "DATA404"
        assert (await call(api, "GET", tail, **foreign.headers)).status_code == 403
    await pool.execute("UPDATE api_key SET scopes = '[\"messages.send\"]' WHERE id = $1", api.customer.key_id)
    api.context.clock.advance(6)  # type: ignore[attr-defined]
    assert (await call(api, "POST", "/exports")).status_code == 403


async def test_an_export_whose_worker_died_is_made_by_another(api: Api) -> None:
    made = data_of(await call(api, "POST", "/exports"), 202)["export_id"]
    await api.context.database.pool.execute(
        "UPDATE data_export SET state = 'working', seen_at = $1", api.context.clock.now()
    )
    job = DataJobs(api.context).jobs[2]
    assert await job.work() == 0  # type: ignore[func-returns-value]
    api.context.clock.advance(301)  # type: ignore[attr-defined]
    await export_lines(api, made)


async def test_only_so_many_exports_at_once(api: Api) -> None:
    for _ in range(5):
        data_of(await call(api, "POST", "/exports"), 202)
    refused = await call(api, "POST", "/exports")
    assert (refused.status_code, refused.json()["code"]) == (429, "DATA429")
