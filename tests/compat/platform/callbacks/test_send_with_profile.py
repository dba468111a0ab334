"""``callback_profile_id`` of a send (sms.md 4.2, E616)."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from strowger.platform.callbacks.profiles.schemas import ProfileStatus
from strowger.platform.callbacks.profiles.service import ProfileService
from tests.api_kit import Api, add_customer

PROFILE = {
    "title": "dlr main", "channel": "sms", "http_method": "POST", "url": "http://127.0.0.1:9999/dlr", "body": {"id": "<id>"},
}  # fmt: skip


async def _make(api: Api, account: int = 0, **params: Any) -> Any:
    return await ProfileService(api.context).create(account or api.customer.account_id, {**PROFILE, **params})


@pytest.mark.parametrize("family", ["messages", "sms"])
async def test_a_send_names_a_profile_which_wins_over_an_inline_callback(api: Api, family: str) -> None:
    profile = await _make(api)
    body = {"to": "447700900123", "sender": "STROWG", "body": "Hi", "callback_profile_id": profile.name,
            "callback": "https://other.example/"}  # fmt: skip
    answer = await api.client.post(f"{api.base}/{family}", data=body, headers=api.customer.headers)
    assert answer.status_code == 202
    assert answer.json()["dlrurl"] == "http://127.0.0.1:9999/dlr"
    assert answer.json().get("callback_profile_id") == (profile.name if family == "sms" else None)
    [row] = await api.stored()
    assert row["callback"] == {"profile": str(profile.id)}


async def test_E616_unknown_disabled_foreign_or_of_another_channel(api: Api) -> None:
    service = ProfileService(api.context)
    disabled = await _make(api, title="off")
    await service.set_status(api.customer.account_id, disabled.id, ProfileStatus.DISABLED, "by hand")
    failing = await _make(api, title="failing")
    await service.set_status(api.customer.account_id, failing.id, ProfileStatus.FAILING, "failing")
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    foreign = await _make(api, other.account_id)
    whatsapp = await _make(api, title="wha", channel="whatsapp")
    incoming = await _make(api, title="mos", events=["sms_mo"])
    names = [f"EU_{uuid4()}", "nonsense", 7, disabled.name, foreign.name, whatsapp.name, incoming.name]
    for name in names:
        answer = await api.send(callback_profile_id=name)
        assert answer.status_code == 400, name
        assert answer.json()["code"] == "E616"
        assert "callback_profile_id" in answer.json()["error"]
    assert await api.stored() == []
    assert (await api.send(callback_profile_id=failing.name)).status_code == 202


async def test_a_profile_works_from_the_moment_it_is_made_and_not_after_it_is_disabled(api: Api) -> None:
    assert (await api.send(callback_profile_id=f"EU_{uuid4()}")).status_code == 400
    api.context.clock.advance(2)  # type: ignore[attr-defined]
    profile = await _make(api)
    assert (await api.send(callback_profile_id=profile.name)).status_code == 202
    await ProfileService(api.context).set_status(api.customer.account_id, profile.id, ProfileStatus.DISABLED, "x")
    for _ in range(100):
        if (await api.send(callback_profile_id=profile.name)).status_code == 400:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the disabled profile is still taken")
