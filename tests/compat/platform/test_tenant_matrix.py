"""R-55, R-58: every operation of the table, for own, foreign, unknown, parent and child accounts."""

from __future__ import annotations

import re
from typing import Any

import httpx

from strowger.platform.gateway.operations import OPERATIONS, Operation
from tests.api_kit import Api, add_customer, add_key

UNKNOWN = "HXEU9999999999GB"
PLACE = "01a214e1-9801-7000-8537-f605eab6b292"


def _path(operation: Operation, version: str, sid: str) -> str:
    path = operation.path.replace("{sid}", sid)
    return f"/{version}" + re.sub(r"\{\w+\}", PLACE, path)


async def _call(api: Api, operation: Operation, version: str, sid: str, key: str | None) -> httpx.Response:
    headers = {"api-key": key} if key else {}
    more: dict[str, Any] = {"params": {"x": "1"}} if operation.method in ("GET", "DELETE") else {"json": {"x": "1"}}
    return await api.client.request(operation.method, _path(operation, version, sid), headers=headers, **more)


def _each() -> list[tuple[Operation, str]]:
    """But for those whose path holds a secret that stands for a key: their own tests try wrong ones."""
    return [
        (operation, version) for operation in OPERATIONS if operation.admit is None for version in operation.versions
    ]


async def test_R55_every_operation_refuses_whoever_it_is_not_for(api: Api) -> None:
    """No key, an unknown one, one of another account, a child's on its parent, one whose scopes lack the permission."""
    database = api.context.database
    other = await add_customer(database, "HXEU0000000002GB")
    child = await add_customer(database, "HXEU0000000003GB")
    await database.pool.execute(
        "UPDATE account SET parent_id = $1 WHERE id = $2", api.customer.account_id, child.account_id
    )
    _, narrow = await add_key(database, api.customer.account_id, name="narrow", scopes=["nothing.at.all"])
    wrong: list[str] = []
    for operation, version in _each():
        name = f"{operation.method} {version} {operation.path}"
        sid = api.customer.sid
        for what, key in (("no key", None), ("unknown key", "A" + "0" * 32)):
            answer = await _call(api, operation, version, sid, key)
            if answer.status_code != 401:
                wrong.append(f"{name}: {what} answers {answer.status_code}")
        unknown = await _call(api, operation, version, UNKNOWN, other.key)
        for what, key in (("foreign key", other.key), ("child's key", child.key)):
            answer = await _call(api, operation, version, sid, key)
            if answer.status_code < 400 or answer.status_code != unknown.status_code or answer.text != unknown.text:
                wrong.append(f"{name}: {what} answers {answer.status_code}, an unknown account {unknown.status_code}")
        answer = await _call(api, operation, version, sid, narrow)
        if answer.status_code != 403:
            wrong.append(f"{name}: a key without {operation.permission} answers {answer.status_code}")
    assert not wrong, wrong


async def test_R55_a_parents_key_works_on_its_child_and_on_nobody_elses(api: Api) -> None:
    database = api.context.database
    child = await add_customer(database, f"{api.customer.sid}_1")
    other = await add_customer(database, "HXEU0000000002GB")
    await database.pool.execute(
        "UPDATE account SET parent_id = $1 WHERE id = $2", api.customer.account_id, child.account_id
    )
    await database.pool.execute("INSERT INTO wallet (account_id, balance) VALUES ($1, 5)", api.customer.account_id)
    await database.pool.execute(
        "INSERT INTO wallet (account_id, kind, payer_id) VALUES ($1, 'shared', $2)",
        child.account_id,
        api.customer.account_id,
    )
    wrong = []
    for operation, version in _each():
        if operation.method != "GET":
            continue
        answer = await _call(api, operation, version, child.sid, api.customer.key)
        denied = answer.status_code in (401, 403)
        if denied != operation.permission.startswith("subaccounts.") or answer.status_code >= 500:
            wrong.append(f"{operation.path}: {answer.status_code} {answer.text[:200]}")
        foreign = await _call(api, operation, version, child.sid, other.key)
        unknown = await _call(api, operation, version, UNKNOWN, other.key)
        if foreign.status_code < 400 or (foreign.status_code, foreign.text) != (unknown.status_code, unknown.text):
            wrong.append(f"{operation.path}: another's key answers {foreign.status_code}")
    assert not wrong, wrong


async def test_R58_an_id_of_somebody_else_is_as_one_that_is_not(api: Api) -> None:
    """Messages, templates and schedules made by one account, asked for by another."""
    database = api.context.database
    other = await add_customer(database, "HXEU0000000002GB")
    made = (await api.send()).json()
    found = re.search(r'"(?:id|message_id)":\s*"([^"]+:1)"', str(made).replace("'", '"'))
    request_id = found[1] if found else f"{(await api.stored())[0]['request_id']}:1"
    asked = f"/v1/{other.sid}/messages/{request_id}"
    foreign = await api.client.get(asked, headers=other.headers)
    missing = await api.client.get(f"/v1/{other.sid}/messages/{PLACE}:1", headers=other.headers)
    assert foreign.status_code == missing.status_code
    assert foreign.text.replace(request_id, "") == missing.text.replace(f"{PLACE}:1", "")
