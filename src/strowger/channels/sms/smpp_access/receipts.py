"""From a queued delivery to the body of its deliver_sm (SMPP 3.4 section 4.6.1, appendix B; sms.md 3.18)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from strowger.channels.sms.carriers.smpp.encoding import address_type
from strowger.channels.sms.smpp_access.numbers import STATES, err_of
from strowger.foundation.ids import format_message_id
from strowger.messaging.deliveries import DeliveryKind
from strowger.messaging.statuses import SPELLINGS, Status, is_final
from strowger.protocols.gsm import encode_text, udh_concat
from strowger.protocols.gsm.alphabet import try_encode_gsm7
from strowger.protocols.smpp import NUMBER_BY_STATE, DeliverSm, MessageState, build_pdu, build_receipt_text
from strowger.protocols.smpp.constants import (
    ESM_TYPE_INTERMEDIATE,
    ESM_TYPE_RECEIPT,
    ESM_UDHI,
    HEADER_SIZE,
    MAX_SHORT_MESSAGE,
    DataCoding,
)
from strowger.protocols.smpp.tlv import (
    TLV_MESSAGE_PAYLOAD,
    TLV_MESSAGE_STATE,
    TLV_RECEIPTED_MESSAGE_ID,
    Tlvs,
    int_tlv,
    text_tlv,
)

MAX_ADDRESS = 20


def delivery_bodies(row: Mapping[str, Any], with_tlvs: bool) -> list[bytes]:
    """What follows the header of each deliver_sm: one, or the parts of a long message for a client of SMPP 3.3.

    ``with_tlvs`` is off for such a client, which knows no optional parameters.
    """
    receipt = row["kind"] == DeliveryKind.RECEIPT
    pdus = [_receipt(row, with_tlvs)] if receipt else _incoming(row, with_tlvs)
    return [build_pdu(pdu)[HEADER_SIZE:] for pdu in pdus]


def stat_of(status: Status, final: bool) -> str:
    """The word for a status: UNKNOWN for a message whose operator never reported (SENT - NO DLR)."""
    return "UNKNOWN" if final and not is_final(status) else SPELLINGS[status].smpp


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _plain(text: str) -> str:
    """A text as the receipt shows it: every client reads ASCII."""
    return "".join(char if " " <= char <= "~" else "?" for char in text.replace("\n", " "))


def _receipt(row: Mapping[str, Any], with_tlvs: bool) -> DeliverSm:
    payload = row["payload"]
    message_id = format_message_id(row["request_id"], row["n"])
    stat = stat_of(Status(payload["status"]), payload["final"])
    text = build_receipt_text(
        message_id,
        stat,
        submit_date=_moment(payload["submitted"]),
        done_date=_moment(payload["done"]),
        err=f"{err_of(payload['trace']):03d}",
        text=_plain(payload["text"]),
    )
    tlvs: Tlvs = ()
    if with_tlvs:
        state = NUMBER_BY_STATE[STATES.get(stat, MessageState.UNKNOWN)]
        tlvs = text_tlv(TLV_RECEIPTED_MESSAGE_ID, message_id), int_tlv(TLV_MESSAGE_STATE, state)
    return DeliverSm(
        **_addresses(payload),
        esm_class=ESM_TYPE_RECEIPT if payload["final"] else ESM_TYPE_INTERMEDIATE,
        short_message=text.encode(),
        tlvs=tlvs,
    )


def _incoming(row: Mapping[str, Any], with_tlvs: bool) -> list[DeliverSm]:
    addresses, text = _addresses(row["payload"]), row["payload"]["text"]
    septets = try_encode_gsm7(text)
    octets = text.encode("utf-16-be", "replace") if septets is None else septets
    coding = DataCoding.UCS2 if septets is None else DataCoding.DEFAULT
    if len(octets) <= MAX_SHORT_MESSAGE:
        return [DeliverSm(**addresses, data_coding=coding, short_message=octets)]
    if with_tlvs:
        return [DeliverSm(**addresses, data_coding=coding, tlvs=((TLV_MESSAGE_PAYLOAD, octets),))]
    parts = encode_text(text).parts
    reference = row["request_id"].int
    return [
        DeliverSm(
            **addresses, data_coding=coding, esm_class=ESM_UDHI,
            short_message=udh_concat(reference, len(parts), n) + part,
        )
        for n, part in enumerate(parts, 1)
    ]  # fmt: skip


def _addresses(payload: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for side, name in (("source", "source"), ("dest", "destination")):
        address = _plain(payload[name])[:MAX_ADDRESS]
        ton, npi = address_type(address, "auto", "auto")
        found |= {f"{side}_addr_ton": ton, f"{side}_addr_npi": npi, f"{name}_addr": address}
    return found
