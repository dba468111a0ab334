"""Who may bind, how often and from where; and what ends a bind."""

from __future__ import annotations

import asyncio
import ssl
import struct

import pytest
from tests.installation import until
from tests.system.simulators.raw_smpp_client import cstring
from tests.system.smpp_access.conftest import PHONE, Access

from strowger.channels.sms.carriers.registry import KINDS, read_config
from strowger.channels.sms.carriers.smpp.connection import LinkFailed, connect
from strowger.channels.sms.smpp_access import service
from strowger.channels.sms.smpp_access.session import IDLE_SECONDS, SILENT_SECONDS, UNBOUND_SECONDS
from strowger.foundation.errors import StrowgerError
from strowger.foundation.origin import loop_mark


async def test_the_three_binds_and_what_they_may(access: Access) -> None:
    user = await access.user()
    transmitter, receiver = await access.bind(user, 2), await access.bind(user, 1)
    assert (await transmitter.submitted(PHONE, source="ACME")).status == 0
    refused = await receiver.submitted(PHONE, source="ACME")
    assert (refused.command, refused.status) == (0x80000004, 0x04)
    unbound = await access.client()
    assert (await unbound.submitted(PHONE, source="ACME")).status == 0x04
    assert (await unbound.call(0x15)).command == 0x80000015


async def test_the_answer_names_the_version_to_those_who_know_of_it(access: Access) -> None:
    user = await access.user()
    answer = await (await access.client()).bind(9, user.system_id, user.password)
    mark = (await loop_mark(access.context.database)).encode()
    assert answer.body == b"STROWGER\0\x02\x10\x00\x01\x34" + b"\x14\x13\x00\x20" + mark
    old = await access.client()
    body = cstring(user.system_id) + cstring(user.password) + cstring("") + bytes((0x33, 0, 0)) + b"\0"
    assert (await old.call(9, body)).body == b"STROWGER\0"


async def test_wrong_credentials(access: Access) -> None:
    user = await access.user()
    assert (await access.try_bind("nobody", "x")).status == 0x0F
    assert (await access.try_bind("acme", "")).status == 0x0E
    client = await access.client()
    refused = await client.bind(9, "acme", user.password.swapcase())
    assert (refused.command, refused.status, refused.body) == (0x80000009, 0x0E, b"")
    await asyncio.wait_for(client.closed.wait(), 30)
    rows = await access.database.pool.fetch("SELECT password_hash FROM smpp_user")
    assert user.password not in rows[0]["password_hash"]


async def test_who_guesses_is_shut_out_for_a_minute(access: Access) -> None:
    user = await access.user()
    for _ in range(5):
        assert (await access.try_bind("acme", "guess")).status == 0x0E
    assert (await access.try_bind("acme", user.password)).status == 0x0D
    access.world.clock.advance(61)
    assert (await access.try_bind("acme", user.password)).status == 0


async def test_binds_are_limited_over_all_processes(access: Access) -> None:
    user, other = await access.user(max_binds=2), await access.another_server()
    first = await access.bind(user)
    await access.bind(user, server=other)
    assert (await access.try_bind(user.system_id, user.password)).status == 0x0D
    assert (await first.call(6)).command == 0x80000006

    async def free() -> bool:
        return (await access.try_bind(user.system_id, user.password)).status == 0

    await until(free, 5, "room for another bind")


async def test_where_a_bind_may_come_from(access: Access) -> None:
    elsewhere = await access.user("far", networks=("203.0.113.0/24",))
    assert (await access.try_bind(elsewhere.system_id, elsewhere.password)).status == 0x0D
    here = await access.user("near", networks=("203.0.113.7", "127.0.0.0/8"))
    assert (await access.try_bind(here.system_id, here.password)).status == 0


async def test_suspended_accounts_and_disabled_users_stay_outside(access: Access) -> None:
    user = await access.user()
    await service.set_active(access.context, access.world.account, user.id, False)
    assert (await access.try_bind(user.system_id, user.password)).status == 0x0D
    await service.set_active(access.context, access.world.account, user.id, True)
    await access.database.pool.execute("UPDATE account SET state = 'suspended' WHERE id = $1", access.world.account)
    assert (await access.try_bind(user.system_id, user.password)).status == 0x408


@pytest.mark.parametrize("how", ["disable", "rotate", "remove"])
async def test_a_bind_ends_when_its_user_may_not_bind_any_more(access: Access, how: str) -> None:
    user = await access.user()
    client = await access.bind(user)
    account, context = access.world.account, access.context
    if how == "disable":
        await service.set_active(context, account, user.id, False)
    elif how == "rotate":
        renewed = await service.rotate_password(context, account, user.id)
        assert renewed.password != user.password
    else:
        await service.remove_user(context, account, user.id)
    unbind = await client.next()
    assert unbind.command == 6
    client.send(0x80000006, sequence=unbind.sequence)
    await asyncio.wait_for(client.closed.wait(), 30)
    if how == "rotate":
        await access.bind(renewed)


async def test_limits_that_change_count_for_binds_that_stand(access: Access) -> None:
    user = await access.user(tps=1)
    client = await access.bind(user)
    assert [(await client.submitted(PHONE, source="ACME")).status for _ in range(2)] == [0, 0x58]
    await service.change_user(
        access.context, access.world.account, user.id, label="", networks=(), limits=service.Limits(tps=0)
    )

    async def open_wide() -> bool:
        return (await client.submitted(PHONE, source="ACME")).status == 0

    await until(open_wide, 5, "the new limit")


async def test_silence_is_asked_about_and_ends(access: Access) -> None:
    client, stranger = await access.bind(await access.user()), await access.client()
    await stranger.call(0x15)
    access.world.clock.advance(UNBOUND_SECONDS + 1)
    await access.server.tick()
    await asyncio.wait_for(stranger.closed.wait(), 30)
    assert not client.closed.is_set()
    access.world.clock.advance(SILENT_SECONDS)
    await access.server.tick()
    asked = await client.next()
    assert asked.command == 0x15
    client.send(0x80000015, sequence=asked.sequence)
    assert (await client.call(0x15)).command == 0x80000015
    access.world.clock.advance(IDLE_SECONDS + 1)
    await access.server.tick()
    await asyncio.wait_for(client.closed.wait(), 30)


async def test_by_tls(access: Access) -> None:
    user = await access.user()
    trust = ssl.create_default_context(cafile=str(access.settings.data_dir / "tls.pem"))
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", access.server.tls_port, ssl=trust, server_hostname="localhost"
    )
    body = cstring(user.system_id) + cstring(user.password) + cstring("") + bytes((0x34, 0, 0)) + b"\0"
    writer.write(struct.pack(">IIII", 16 + len(body), 9, 0, 1) + body)
    answer = await asyncio.wait_for(reader.readexactly(16), 30)
    assert struct.unpack(">IIII", answer)[1:3] == (0x80000009, 0)
    (live,) = await service.live_users(access.context, access.world.account)
    assert [(bind["mode"], bind["tls"]) for bind in live.binds] == [("transceiver", True)]
    writer.close()


async def test_what_people_see_of_binds(access: Access) -> None:
    client = await access.bind(await access.user(window=7))
    await client.submitted(PHONE, source="ACME")
    await client.submitted(PHONE, source="NOTMINE")
    access.world.clock.advance(1)
    await access.server.tick()
    (live,) = await service.live_users(access.context, access.world.account)
    (bind,) = live.binds
    assert bind["address"].startswith("127.0.0.1:")
    figures = bind["counters"]
    assert (figures["submitted"], figures["refused"], figures["window_used"]) == (1, 1, 0)
    assert live.user.last_address == bind["address"]
    assert await service.live_users(access.context, await access.another_account()) == []


async def test_system_ids_are_unique_and_of_their_form(access: Access) -> None:
    await access.user("acme")
    stranger = await access.another_account()
    for system_id in ("acme", "a", "sixteen-letters-", "a b c", "-abc", "äbc"):
        with pytest.raises(StrowgerError) as refused:
            await access.user(system_id, account=stranger)
        assert refused.value.field == "system_id"
    for limit in ({"window": 0}, {"max_binds": 65}, {"tps": -1}):
        with pytest.raises(StrowgerError) as refused:
            await access.user("other", **limit)
        assert refused.value.field in limit
    with pytest.raises(StrowgerError):
        await service.rotate_password(access.context, stranger, 1)


async def test_a_carrier_that_leads_back_to_us_is_not_bound(access: Access) -> None:
    user = await access.user()
    config = read_config(KINDS["smpp"], {"host": "127.0.0.1", "port": access.server.port, "system_id": user.system_id})
    ours = await loop_mark(access.context.database)
    with pytest.raises(LinkFailed, match="our own SMPP server"):
        await connect(config, user.password, "trx", lambda _: None, ours)
    other = await connect(config, user.password, "trx", lambda _: None, "of another installation")
    await other.unbind()
