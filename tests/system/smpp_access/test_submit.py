"""Submissions of customers' own SMPP clients, spoken by a client that knows nothing of our wire code."""

from __future__ import annotations

import asyncio
import re
import struct
from decimal import Decimal

import pytest
from tests.system.simulators.raw_smpp_client import RawClient, cstring, tlv, udh
from tests.system.smpp_access.conftest import PHONE, Access

from strowger.channels.sms.carriers.smpp.config import SmppConfig
from strowger.channels.sms.carriers.smpp.encoding import Encoder
from strowger.messaging.statuses import Status
from strowger.platform.callbacks.profiles.service import ProfileService

SUBMIT_RESP = 0x80000004


@pytest.fixture
async def client(access: Access) -> RawClient:
    return await access.bind(await access.user())


async def test_a_submit_is_answered_with_the_id_of_a_stored_message(access: Access, client: RawClient) -> None:
    answer = await client.submitted(PHONE, b"Hello", source="ACME")
    assert (answer.command, answer.status) == (SUBMIT_RESP, 0)
    assert re.fullmatch(r"[0-9a-f-]{36}:1", answer.message_id)
    (row,) = await access.messages()
    assert answer.message_id == f"{row['request_id']}:1"
    assert (row["sender"], row["recipient"], row["body"], row["type"], row["source"]) == (
        "ACME", PHONE, "Hello", "DEFAULT", "SMPP",
    )  # fmt: skip
    assert row["status"] == Status.QUEUED
    assert len(await access.world.queued()) == 1


async def test_many_submits_in_one_write_are_all_answered(access: Access, client: RawClient) -> None:
    sequences = {client.submit(PHONE, f"n{i}".encode(), source="ACME") for i in range(90)}
    answers = [await client.next() for _ in range(90)]
    assert {a.sequence for a in answers} == sequences
    assert len({a.message_id for a in answers}) == 90
    assert {a.status for a in answers} == {0}
    assert len(await access.messages()) == 90


async def test_codings_options_and_tlvs_reach_the_message(access: Access, client: RawClient) -> None:
    tlvs = tlv(0x1400, b"1101234567890123456") + tlv(0x1401, b"1107234567890123456\0") + tlv(0x1402, b"120212345678")
    tlvs += tlv(0x1410, b"otp") + tlv(0x1411, b"spring-26") + tlv(0x9999, b"?")
    answer = await client.submitted(PHONE, "Grüße ☎".encode("utf-16-be"), source="ACME", data_coding=0x18, tlvs=tlvs)
    assert answer.status == 0
    assert (await client.submitted("+44 7700-900123"[:20], b"\xe9\x20\xfc", source="ACME", data_coding=3)).status == 0
    assert (await client.submitted("00447700900123", b"a\x00\x1b\x65", source="ACME")).status == 0
    first, second, third = await access.messages()
    assert (first["body"], first["type"], first["campaign_name"]) == ("Grüße ☎", "OTP", "spring-26")
    options = first["options"]
    assert (options["unicode"], options["flash"]) == ("1", 1)
    assert options["entity_id"] == "1101234567890123456"
    assert options["template_id"] == "1107234567890123456"
    assert options["telemarketer_id"] == "120212345678"
    assert (second["body"], second["recipient"]) == ("é ü", PHONE)
    assert (third["body"], third["recipient"]) == ("a@€", PHONE)


async def test_message_payload_and_data_sm(access: Access, client: RawClient) -> None:
    text = b"x" * 500
    assert (await client.submitted(PHONE, b"", source="ACME", tlvs=tlv(0x0424, text))).status == 0
    body = b"\0\x05\0" + cstring("ACME") + b"\x01\x01" + cstring(PHONE) + bytes((0, 1, 0)) + tlv(0x0424, b"by data")
    answer = await client.call(0x103, body)
    assert (answer.command, answer.status) == (0x80000103, 0)
    long, data = await access.messages()
    assert (long["body"], data["body"]) == ("x" * 500, "by data")
    assert answer.message_id == f"{data['request_id']}:1"
    (outcome, _) = await access.world.submit()
    assert outcome.submission.units == 4


@pytest.mark.parametrize("how", ["udh", "sar"])
async def test_parts_that_the_client_cut_keep_their_place(access: Access, client: RawClient, how: str) -> None:
    for n in (1, 2):
        text = f"part {n}".encode()
        if how == "udh":
            answer = await client.submitted(PHONE, udh(7, 2, n) + text, source="ACME", esm_class=0x40)
        else:
            tlvs = tlv(0x020C, b"\0\x07") + tlv(0x020E, b"\x02") + tlv(0x020F, bytes((n,)))
            answer = await client.submitted(PHONE, text, source="ACME", tlvs=tlvs)
        assert answer.status == 0
    rows = await access.messages()
    assert [(row["body"], row["options"]["concat"]) for row in rows] == [("part 1", [7, 2, 1]), ("part 2", [7, 2, 2])]


async def test_ports_reach_the_message_and_the_carrier(access: Access, client: RawClient) -> None:
    """In the header, alone or beside a part's place, or as parameters."""
    ports = b"\x05\x04\x0b\x84\x23\xf0"  # to 2948, from 9200
    alone = await client.submitted(PHONE, bytes((6,)) + ports + b"alone", source="ACME", esm_class=0x40)
    part = bytes((11, 0, 3, 7, 2, 1)) + ports + b"x" * 146
    tlvs = tlv(0x020A, b"\x23\xf0") + tlv(0x020B, b"\x0b\x84")
    beside = await client.submitted(PHONE, part, source="ACME", esm_class=0x40)
    by_tlv = await client.submitted(PHONE, b"by parameter", source="ACME", tlvs=tlvs)
    assert [alone.status, beside.status, by_tlv.status] == [0, 0, 0]
    rows = await access.messages()
    assert {(row["options"]["port"], row["options"]["source_port"]) for row in rows} == {(2948, 9200)}
    sent, encoder = {}, Encoder(SmppConfig(host="127.0.0.1", port=1, system_id="x"))
    for outcome in await access.world.submit():
        assert outcome.submission.units == 1
        (written,) = encoder.encode(outcome.submission, access.world.clock.now()).parts
        sent[outcome.submission.body] = written.message
    assert sent["alone"] == bytes((6,)) + ports + b"alone"
    assert sent["x" * 146] == part
    assert sent["by parameter"] == bytes((6,)) + ports + b"by parameter"


async def test_validity_is_honoured(access: Access, client: RawClient) -> None:
    for validity in ("000000000500000R", "260101010000000+", "990000000000000R", ""):
        assert (await client.submitted(PHONE, source="ACME", validity=validity)).status == 0
    minutes = [(row["valid_until"] - row["created_at"]).total_seconds() / 60 for row in await access.messages()]
    assert minutes == [5, 60, 4320, 2880]


BAD = {
    "no text": ({"text": b""}, 0x01),
    "half a character": ({"text": b"abc", "data_coding": 8}, 0x01),
    "octets outside GSM": ({"text": b"\xff\xfe"}, 0x45),
    "half a surrogate pair": ({"text": b"\xd8\x3d", "data_coding": 8}, 0x45),
    "NUL": ({"text": b"a\0b", "data_coding": 3}, 0x45),
    "binary": ({"text": b"ab", "data_coding": 4}, 0x45),
    "text twice": ({"text": b"ab", "tlvs": tlv(0x0424, b"cd")}, 0xC1),
    "too long": ({"text": b"", "tlvs": tlv(0x0424, b"x" * 1601)}, 0x01),
    "header without parts": ({"text": b"\x05\x04\x02\0\0\0x", "esm_class": 0x40}, 0x43),
    "header of 8-bit ports": ({"text": b"\x04\x04\x02\xf0\xf1x", "esm_class": 0x40}, 0x43),
    "header of pictures": ({"text": b"\x03\x12\x01\0x", "esm_class": 0x40}, 0x43),
    "ported part too long": (
        {"text": bytes((11, 0, 3, 7, 2, 1, 5, 4, 11, 132, 35, 240)) + b"x" * 147, "esm_class": 0x40},
        0x01,
    ),
    "header longer than the text": ({"text": b"\x30abc", "esm_class": 0x40}, 0x43),
    "part too long": ({"text": udh(1, 2, 1) + b"x" * 154, "esm_class": 0x40}, 0x01),
    "a receipt": ({"text": b"id:1 stat:DELIVRD", "esm_class": 0x04}, 0x43),
    "no number": ({"to": "nobody"}, 0x0B),
    "short number": ({"to": "123"}, 0x0B),
    "no country": ({"to": "999999999999999"}, 0x0B),
    "empty source": ({"source": ""}, 0x0A),
    "long source": ({"source": "ABCDEFGHIJKLM"}, 0x0A),
    "foreign sender": ({"source": "NOTMINE"}, 0x401),
    "scheduled too near": ({"schedule": "000000001400000R"}, 0x61),
    "scheduled too far": ({"schedule": "000400000000000R"}, 0x61),
    "scheduled in the past": ({"schedule": "250101010000000+"}, 0x61),
    "scheduled at no time": ({"schedule": "tomorrow"}, 0x61),
    "over before it leaves": ({"schedule": "000001000000000R", "validity": "260101120000000+"}, 0x62),
    "validity that is none": ({"validity": "tomorrow"}, 0x62),
    "validity in the past": ({"validity": "250101010000000+"}, 0x62),
    "no digits in a DLT id": ({"tlvs": tlv(0x1401, b"11072345678901234x")}, 0xC4),
    "unknown type": ({"tlvs": tlv(0x1410, b"GOLD")}, 0x407),
    "campaign with a blank": ({"tlvs": tlv(0x1411, b"a b")}, 0xC4),
    "callback profile that is none": ({"tlvs": tlv(0x1412, b"EU_1")}, 0xC4),
    "callback profile that is not there": (
        {"tlvs": tlv(0x1412, b"EU_" + b"00000000-0000-4000-8000-000000000001")},
        0xC4,
    ),
    "no port": ({"tlvs": tlv(0x020B, b"\x01\0\0")}, 0xC4),
    "broken TLV": ({"tlvs": b"\x14\x01\x00\x09ab"}, 0xC0),
}


async def test_bad_submissions_are_refused_with_their_status_and_change_nothing(
    access: Access, client: RawClient
) -> None:
    for name, (given, status) in BAD.items():
        values = {"to": PHONE, "text": b"hi", "source": "ACME", **given}
        answer = await client.submitted(values.pop("to"), values.pop("text"), **values)  # type: ignore[arg-type]
        assert (answer.command, answer.status, answer.body) == (SUBMIT_RESP, status, b""), name
    assert await access.messages() == []
    assert (await client.submitted(PHONE, source="ACME")).status == 0, "the session goes on"


async def test_over_window_and_over_pace_is_throttled(access: Access) -> None:
    narrow = await access.bind(await access.user("narrow", window=3))
    for i in range(8):
        narrow.submit(PHONE, f"{i}".encode(), source="ACME")
    statuses = [(await narrow.next()).status for _ in range(8)]
    assert sorted(statuses) == [0, 0, 0, 0x58, 0x58, 0x58, 0x58, 0x58]
    slow = await access.bind(await access.user("slow", tps=2))
    assert [(await slow.submitted(PHONE, source="ACME")).status for _ in range(3)] == [0, 0, 0x58]
    access.world.clock.advance(0.5)
    assert [(await slow.submitted(PHONE, source="ACME")).status for _ in range(2)] == [0, 0x58]
    assert len(await access.messages()) == 6


async def test_what_is_not_ours_to_do_is_refused(access: Access, client: RawClient) -> None:
    assert (await client.call(0x21, b"")).status == 0x03, "submit_multi"
    replace = cstring("x") + b"\0\0" + cstring("ACME") + b"\0\0\0\0\x00"
    assert (await client.call(0x07, replace)).status == 0x03, "replace_sm"
    nack = await client.call(0x5555, b"")
    assert (nack.command, nack.status) == (0x80000000, 0x03)
    assert (await client.bind()).status == 0x05
    client.writer.write(struct.pack(">IIII", 7, 4, 0, 9))
    last = await client.next()
    assert (last.command, last.status) == (0x80000000, 0x02)
    await asyncio.wait_for(client.closed.wait(), 30)


async def test_sync_checks_answer_compliance_failures_at_submit(access: Access, client: RawClient) -> None:
    await access.world.set_account(allowed_countries=["DE"])
    await access.server.renew()
    assert (await client.submitted(PHONE, source="ACME")).status == 0, "told by a receipt later"
    await access.world.set_account(allowed_countries=["DE"], smpp_sync_checks=True)
    await access.server.renew()
    assert (await client.submitted(PHONE, source="ACME")).status == 0x404
    assert (await client.submitted("4917012345678", source="ACME")).status == 0
    await access.database.pool.execute("UPDATE account SET state = 'suspended' WHERE id = $1", access.world.account)
    await access.server.renew()
    assert (await client.submitted("4917012345678", source="ACME")).status == 0x408


async def test_without_credits_a_submit_is_answered_0x400_when_asked(access: Access, client: RawClient) -> None:
    three = tlv(0x0424, b"x" * 400)  # parts, of 0.05 each
    await access.database.pool.execute("UPDATE wallet SET balance = 0.12 WHERE account_id = $1", access.world.account)
    assert (await client.submitted(PHONE, b"", source="ACME", tlvs=three)).status == 0, "told by a receipt later"
    await access.world.set_account(smpp_sync_checks=True)
    await access.server.renew()
    assert (await client.submitted(PHONE, b"", source="ACME", tlvs=three)).status == 0x400
    assert (await client.submitted(PHONE, b"", source="ACME", tlvs=tlv(0x0424, b"x" * 300))).status == 0
    assert (await client.submitted(PHONE, b"", source="ACME", tlvs=three, schedule="000001000000000R")).status == 0
    assert await access.world.balance() == Decimal("0.12"), "nothing is reserved at submit"


async def test_a_named_callback_profile_is_told_of_the_message(access: Access, client: RawClient) -> None:
    service = ProfileService(access.context)
    given = {
        "title": "dlr",
        "channel": "sms",
        "http_method": "POST",
        "url": "http://127.0.0.1:9009/",
        "body": {"id": "<id>"},
    }
    mine, foreign = [
        await service.create(account, given) for account in (access.world.account, await access.another_account())
    ]
    await access.server.renew()
    assert (await client.submitted(PHONE, source="ACME", tlvs=tlv(0x1412, foreign.name.encode()))).status == 0xC4
    answer = await client.submitted(PHONE, source="ACME", tlvs=tlv(0x1412, mine.name.encode()))
    assert answer.status == 0
    (outcome,) = await access.world.submit()
    await access.world.report(access.world.receipt(outcome.parts[0].operator_id, Status.DELIVERED))
    rows = await access.database.pool.fetch("SELECT * FROM callback")
    assert [(row["profile_id"], row["account_id"]) for row in rows] == [(mine.id, access.world.account)]


async def test_nothing_is_answered_while_the_store_is_away(access: Access, client: RawClient) -> None:
    await access.database.pool.execute("ALTER TABLE message RENAME TO hidden")
    assert (await client.submitted(PHONE, source="ACME")).status == 0x08
    await access.database.pool.execute("ALTER TABLE hidden RENAME TO message")
    assert (await client.submitted(PHONE, source="ACME")).status == 0
