"""Jasmin's SMPP client connector as a customer's client, and the SMSC of the library under it as a carrier (make test-peers)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.system.carriers.carrier_kit import running, submission
from tests.system.peers.program import Program, program
from tests.system.smpp_access.conftest import PHONE, Access

from strowger.messaging.outcomes import Accepted, Incoming, Receipt
from strowger.messaging.statuses import Status
from strowger.protocols.gsm import parse_udh

MINE = "4915550001"
LONG = "A long text, cut by the peer. " * 14


def submit(client: Program, text: bytes, coding: int = 0, **more: object) -> None:
    client.do(do="submit", to=PHONE, source="ACME", text=text.hex(), coding=coding, **more)


@pytest.mark.parametrize("split", ["sar", "udh"])
async def test_jasmin_submits_and_gets_receipts_and_incoming_messages(
    access: Access, split: str, tmp_path: Path
) -> None:
    user = await access.user("jasmin")
    await access.database.pool.execute("UPDATE number SET smpp_user_id = $1 WHERE msisdn = $2", user.id, MINE)
    async with program("jasmin_client", tmp_path, access.server.port, "jasmin", user.password, split) as client:
        await client.event("bound")
        submit(client, b"Hello from Jasmin", tlvs=[[0x1410, "TXN"], [0x1411, "spring"]])
        first = await client.event("submitted")
        assert first["status"] == "ESME_ROK"
        submit(client, "Привет".encode("utf-16-be"), 8)
        assert (await client.event("submitted"))["status"] == "ESME_ROK"
        submit(client, LONG.encode())
        assert (await client.event("submitted"))["status"] == "ESME_ROK"
        rows = await access.messages()
        assert (rows[0]["body"], rows[0]["type"], rows[0]["campaign_name"]) == ("Hello from Jasmin", "TXN", "spring")
        assert rows[1]["body"] == "Привет"
        parts = sorted((row["options"]["concat"][2], row["body"]) for row in rows[2:])
        assert "".join(text for _, text in parts) == LONG

        outcomes = await access.world.submit()
        reports = [access.world.receipt(outcome.parts[0].operator_id, Status.DELIVERED) for outcome in outcomes]
        await access.world.report(*reports)
        receipts = [await client.event("receipt") for _ in outcomes]
        assert {(receipt["stat"], receipt["err"]) for receipt in receipts} == {("DELIVRD", "000")}
        assert first["message_id"] in {receipt["id"] for receipt in receipts}
        await access.world.report(Incoming(access.world.carrier, PHONE, MINE, "Hi ✓", access.world.clock.now()))
        incoming = await client.event("incoming")
        assert incoming["short_message"].encode("latin-1").decode("utf-16-be") == "Hi ✓"
        assert (incoming["source_addr"], incoming["coding"]) == (PHONE, "UCS2")


async def test_jasmin_schedules_asks_and_cancels(access: Access, tmp_path: Path) -> None:
    user = await access.user("jasmin")
    async with program("jasmin_client", tmp_path, access.server.port, "jasmin", user.password, "udh") as client:
        await client.event("bound")
        submit(client, b"too soon", schedule=10)
        assert (await client.event("submitted"))["status"] == "ESME_RINVSCHED"
        submit(client, b"later", schedule=30)
        message_id = (await client.event("submitted"))["message_id"]
        client.do(do="query", message_id=message_id, source="ACME")
        assert (await client.event("state"))["message_state"] == "ENROUTE"
        client.do(do="cancel", message_id=message_id, source="ACME", to=PHONE)
        events = [await client.event(name) for name in ("cancelled", "receipt")]
        assert (events[0]["status"], events[1]["stat"]) == ("ESME_ROK", "DELETED")
        client.do(do="query", message_id=message_id, source="ACME")
        assert (await client.event("state"))["message_state"] == "DELETED"


async def test_jasmin_is_told_that_its_password_is_wrong(access: Access, tmp_path: Path) -> None:
    await access.user("jasmin")
    async with program("jasmin_client", tmp_path, access.server.port, "jasmin", "wrong", "udh") as client:
        await client.event("refused")
        assert "ESME_RINVPASWD" in (tmp_path / "jasmin.log").read_text()


async def test_a_message_centre_of_others_takes_what_we_submit_and_reports(tmp_path: Path) -> None:
    async with program("twisted_smsc", tmp_path, "strowger", "secret") as centre:
        port = (await centre.event("listening"))["port"]
        async with running(port, system_id="strowger") as run:
            run.lane.put(submission("Hello"), submission(LONG), submission("Hi ✓"))
            submits = [await centre.event("submit_sm") for _ in range(5)]
            await run.journal.until_outcomes(3)
            await run.journal.until_reports(5)
            parts = [bytes.fromhex(s["short_message"]) for s in submits if s["short_message"].startswith("050003")]
            assert b"".join(part[6:] for part in sorted(parts)).decode() == LONG
            assert all(parse_udh(part) for part in parts)
            assert "Hi ✓".encode("utf-16-be").hex() in {s["short_message"] for s in submits}
            accepted = {p.operator_id for o in run.journal.outcomes if isinstance(o, Accepted) for p in o.parts}
            assert accepted == {s["message_id"] for s in submits}
            receipts = [r for r in run.journal.reports if isinstance(r, Receipt)]
            assert {(r.operator_id, r.status) for r in receipts} == {(i, Status.DELIVERED) for i in accepted}

            centre.do(source=PHONE, to=MINE, text="Grüße".encode("utf-16-be").hex())
            await run.journal.until_reports(6)
            incoming = run.journal.reports[-1]
            assert isinstance(incoming, Incoming)
            assert (incoming.source, incoming.text) == (PHONE, "Grüße")
