"""R-59 and R-60, generated from the operations: what is read-only cannot be set, what is secret is never read back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from strowger.foundation.clock import FrozenClock
from strowger.foundation.database import Database
from strowger.platform.accounts import keys
from strowger.platform.billing.repository import open_wallet
from strowger.platform.billing.service import recharge
from strowger.platform.gateway.operations import OPERATIONS, Operation
from tests.api_kit import Api, client_of, running_api
from tests.database.platform.billing.conftest import NOW

MARK = "R59MARK"
# Tables that say what was sent, whatever came of it.
SAYING = {"request_log", "audit_entry", "audit_change", "idempotency_key"}
COLUMNS = """
SELECT c.relname AS name, a.attname AS column FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped
  AND a.atttypid IN ('text'::regtype, 'jsonb'::regtype, 'json'::regtype, 'text[]'::regtype)
"""


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    async with running_api(database) as api:
        await database.run(lambda c: open_wallet(c, api.customer.account_id, Decimal(0)))
        await database.run(lambda c: recharge(c, api.customer.account_id, Decimal(1000), "opening", NOW))
        yield api


def _answered(operation: Operation) -> dict[str, Any]:
    """The fields of the object that an operation answers, by its example."""
    data = operation.example.get("data") if isinstance(operation.example, dict) else None
    data = data[0] if isinstance(data, list) and data else data
    return data if isinstance(data, dict) else {}


async def _named(api: Api) -> list[str]:
    """Where the mark was stored."""
    found, pool = [], api.context.database.pool
    for row in await pool.fetch(COLUMNS):
        if row["name"] in SAYING:
            continue
        where = f'SELECT EXISTS (SELECT FROM "{row["name"]}" WHERE "{row["column"]}"::text LIKE \'%{MARK}%\')'
        if await pool.fetchval(where):
            found.append(f"{row['name']}.{row['column']}")
    return found


async def test_R59_fields_that_an_answer_has_and_a_request_has_not_are_not_taken_from_a_request(api: Api) -> None:
    tried = 0
    for operation in OPERATIONS:
        if operation.method == "GET" or operation.files or operation.xml:
            continue
        given = {p.name: p.example for p in operation.parameters if p.example is not None}
        taken = {p.name for p in operation.parameters}
        fixed = {name: f"{MARK} {name}" for name in _answered(operation) if name not in taken}
        fixed |= {"account_id": f"{MARK} 2", "parent_id": f"{MARK} 3"}
        path = operation.path.replace("{sid}", api.customer.sid)
        for parameter in operation.path_parameters:
            path = path.replace("{" + parameter.name + "}", str(parameter.example or "x"))
        answer = await api.client.request(
            operation.method, f"/{operation.versions[0]}{path}", json={**given, **fixed}, headers=api.customer.headers
        )
        assert answer.status_code < 500, (operation.name, answer.text)
        tried += len(fixed)
    assert tried > 150
    assert await _named(api) == []


async def test_R59_no_operation_reads_a_secret_back(api: Api) -> None:
    """Every GET, after secrets of each kind were stored: a profile's password, client secret and key, the callback secret."""
    profile = {
        "title": "secrets", "channel": "sms", "http_method": "POST", "url": "http://127.0.0.1:9999/x", "body": {"id": "<id>"},
        "headers": {"Authorization": "Bearer kumquat-header"},
        "auth": {"type": "basic", "username": "ada", "password": "kumquat-password"},
        "enc": {"algo": "AES-128-CFB", "key": "kumquat-key-0123", "IV": "fedcba9876543210"},
    }  # fmt: skip
    made = await api.client.post(f"{api.base}/callback/profiles", json=profile, headers=api.customer.headers)
    assert made.status_code == 201, made.text
    ids = {"profile_id": made.json()["data"]["profile_id"], "id": made.json()["data"]["profile_id"]}
    seen = 0
    for operation in OPERATIONS:
        if operation.method != "GET":
            continue
        path = operation.path.replace("{sid}", api.customer.sid)
        for parameter in operation.path_parameters:
            path = path.replace("{" + parameter.name + "}", str(ids.get(parameter.name) or parameter.example or "x"))
        answer = await api.client.get(f"/{operation.versions[0]}{path}", headers=api.customer.headers)
        assert answer.status_code < 500, (operation.name, answer.text)
        assert "kumquat" not in answer.text, operation.name
        assert api.customer.key not in answer.text, operation.name
        seen += answer.status_code == 200
    assert seen > 15


async def test_R60_a_key_is_scoped_bound_to_networks_ends_and_tells_of_its_use(api: Api) -> None:
    context, account = api.context, api.customer.account_id
    made = await keys.create_key(
        context, account, "CRM", networks=["203.0.113.0/24"], scopes=["messages.read"], rate=50, created_by=None
    )
    row = await context.database.pool.fetchrow("SELECT * FROM api_key WHERE id = $1", made.id)
    assert row is not None
    assert made.key not in str(dict(row)), "hashed for the look-up, sealed for who knows the password"
    headers, url = {"api-key": made.key}, f"{api.base}/messages/sender"
    async with client_of(api.app, "203.0.113.9") as inside, client_of(api.app, "198.51.100.1") as outside:
        assert (await outside.get(url, headers=headers)).status_code == 403
        assert (await inside.get(f"{api.base}/messages/logs", headers=headers)).status_code != 401
        sent = await inside.post(f"{api.base}/messages", json={"to": "447700900123"}, headers=headers)
        assert sent.status_code == 403
        await api.app.state.gateway.flush()
        used = await context.database.pool.fetchrow(
            "SELECT last_used_at, last_used_ip FROM api_key WHERE id = $1", made.id
        )
        assert used is not None
        assert used["last_used_ip"] == "203.0.113.9"
        assert used["last_used_at"] is not None
        await context.database.pool.execute("UPDATE api_key SET expires_at = $1", context.clock.now())
        assert isinstance(context.clock, FrozenClock)
        context.clock.advance(6)
        assert (await inside.get(url, headers=headers)).status_code == 401
