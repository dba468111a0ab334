"""The SMPP page: users are made, changed, switched and removed; what is bound and waits is seen; only by whom it concerns."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from strowger.channels.sms.smpp_access import service
from strowger.foundation.ids import new_uuid
from strowger.foundation.workers import WorkerLease
from tests.database.channels.sms.test_carrier_pages import Desk, desk

__all__ = ["desk"]
TYPED = {
    "system_id": "ledger-7",
    "label": "Billing",
    "max_binds": "2",
    "window": "20",
    "tps": "0",
    "networks": "10.0.0.0/8",
}


async def users(desk: Desk) -> list[Any]:
    return list(await desk.context.database.pool.fetch("SELECT * FROM smpp_user ORDER BY id"))


@pytest.fixture
async def user(desk: Desk) -> service.NewUser:
    return await service.create_user(desk.context, desk.account, "ledger-7", label="Billing")


async def test_a_user_is_created_and_its_password_shown_once(desk: Desk, tmp_path: Path) -> None:
    empty = (await desk.get("/smpp")).text
    assert "No SMPP users yet" in empty
    assert "localhost" in empty
    assert "2775" in empty
    assert "2779" in empty
    made = await desk.post("/smpp/new", **TYPED)
    assert made.status_code == 200
    (row,) = await users(desk)
    assert (row["system_id"], row["max_binds"], row["window_size"], row["tps"]) == ("ledger-7", 2, 20, 0)
    found = re.search(r"smsc-password = (\w{8})", made.text)
    assert found is not None
    assert found[1] not in row["password_hash"]
    shown = (await desk.get("/smpp")).text
    assert "ledger-7" in shown
    assert "0 of 2" in shown
    assert found[1] not in shown


async def test_bad_input_names_the_field_and_changes_nothing(desk: Desk) -> None:
    bad = {"system_id": "a b", "max_binds": "0", "window": "1001", "tps": "-1", "networks": "everywhere"}
    for field, value in bad.items():
        answer = await desk.post("/smpp/new", **{**TYPED, field: value})
        assert answer.status_code == 422
        assert f'id="create-smpp-user-{field}-error"' in answer.text, field
    assert await users(desk) == []
    await desk.post("/smpp/new", **TYPED)
    taken = await desk.post("/smpp/new", **TYPED)
    assert "is taken" in taken.text
    assert len(await users(desk)) == 1


async def test_a_user_is_changed_switched_rotated_and_removed(desk: Desk, user: service.NewUser) -> None:
    at = f"/smpp/{user.id}"
    assert "Billing" in (await desk.get(at)).text
    await desk.post(at, label="New", max_binds="3", window="30", tps="7", networks="")
    (row,) = await users(desk)
    assert (row["label"], row["max_binds"], row["window_size"], row["tps"]) == ("New", 3, 30, 7)
    await desk.post(f"{at}/off")
    assert [row["active"] for row in await users(desk)] == [False]
    assert "Disabled" in (await desk.get("/smpp")).text
    await desk.post(f"{at}/on")
    rotated = await desk.post(f"{at}/rotate")
    assert "Password rotated" in rotated.text
    (after,) = await users(desk)
    assert after["active"]
    assert after["password_hash"] != row["password_hash"]
    await desk.post(f"{at}/remove")
    assert await users(desk) == []


async def test_binds_and_queue_are_seen(desk: Desk, user: service.NewUser) -> None:
    lease, now = WorkerLease(desk.context.database, "smpp"), desk.context.clock.now()
    worker = await lease.start()
    execute = desk.context.database.pool.execute
    await execute(
        "INSERT INTO smpp_bind (account_id, user_id, worker_id, mode, address, tls, since, counters)"
        " VALUES ($1, $2, $3, 'transceiver', '203.0.113.9:4711', true, $4, $5)",
        desk.account, user.id, worker, now, {"window_used": 3, "tps_now": 12.5, "submitted": 1234},
    )  # fmt: skip
    await execute(
        "INSERT INTO smpp_delivery (account_id, user_id, kind, request_id, n, payload, due_at, expires_at)"
        " VALUES ($1, $2, 0, $3, 1, '{}', $4, $5)",
        desk.account, user.id, new_uuid(), now, now + timedelta(hours=72),
    )  # fmt: skip
    state = (await desk.get("/smpp/state")).text
    for words in ("203.0.113.9:4711 (TLS)", "3 / 10", "12.5", "1 delivery waits for ledger-7"):
        assert words in state, words
    await lease.stop()
    assert "Nobody is bound" in (await desk.get("/smpp/state")).text, "a dead process holds no binds"


async def test_the_check_at_submit_is_a_setting_of_the_account(desk: Desk) -> None:
    query = "SELECT settings ->> 'smpp_sync_checks' FROM account WHERE id = $1"
    await desk.post("/smpp/checks", wanted="on")
    assert await desk.context.database.pool.fetchval(query, desk.account) == "true"
    await desk.post("/smpp/checks")
    assert await desk.context.database.pool.fetchval(query, desk.account) == "false"


async def test_a_number_names_a_user_of_its_own_account(desk: Desk, user: service.NewUser) -> None:
    await desk.context.database.pool.execute(
        "INSERT INTO number (account_id, msisdn) VALUES ($1, '447700900001')", desk.account
    )
    assert "ledger-7" in (await desk.get("/numbers/447700900001")).text
    fields = {"label": "", "callback": "", "method": "POST"}
    await desk.post("/numbers/447700900001", **fields, smpp_user=str(user.id))
    query = "SELECT smpp_user_id FROM number"
    assert await desk.context.database.pool.fetchval(query) == user.id
    refused = await desk.post("/numbers/447700900001", **fields, smpp_user=str(user.id + 1))
    assert refused.status_code == 422
    assert await desk.context.database.pool.fetchval(query) == user.id


async def test_nobody_elses_users(desk: Desk, user: service.NewUser) -> None:
    await desk.sit_down("mallory")
    assert "ledger-7" not in (await desk.get("/smpp")).text
    assert "ledger-7" not in (await desk.get("/smpp/state")).text
    before = await users(desk)
    assert (await desk.get(f"/smpp/{user.id}")).status_code == 404
    for act in ("", "/on", "/off", "/rotate", "/remove"):
        assert (await desk.post(f"/smpp/{user.id}{act}", **TYPED)).status_code == 404
    assert (await desk.get("/smpp/99999999999999999999")).status_code == 404
    assert await users(desk) == before


async def test_readers_look_only(desk: Desk, user: service.NewUser) -> None:
    await desk.sit_down("bob", role="expert-read", account_id=desk.account)
    seen = (await desk.get("/smpp")).text
    assert "ledger-7" in seen
    assert "/rotate" not in seen
    for path in ("/smpp/new", f"/smpp/{user.id}", f"/smpp/{user.id}/remove", "/smpp/checks"):
        assert (await desk.post(path, **TYPED)).status_code == 403
    assert len(await users(desk)) == 1
