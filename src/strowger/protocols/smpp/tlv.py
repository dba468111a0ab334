"""Optional parameters: tag, length, value (SMPP 3.4 sections 3.2.4.1 and 5.3)."""

import struct
from typing import Final, Literal, NamedTuple

from strowger.protocols.smpp.errors import SmppError
from strowger.protocols.smpp.status import ESME_RINVOPTPARAMVAL, ESME_RINVOPTPARSTREAM, ESME_RINVPARLEN

Tlv = tuple[int, bytes]
Tlvs = tuple[Tlv, ...]
TlvKind = Literal["integer", "text", "octets"]


class TlvInfo(NamedTuple):
    """The name of an optional parameter, how its value reads, and the octets of an integer (0: any length)."""

    name: str
    kind: TlvKind
    size: int = 0


TLV_DEST_ADDR_SUBUNIT: Final = 0x0005
TLV_PAYLOAD_TYPE: Final = 0x0019
TLV_ADDITIONAL_STATUS_INFO_TEXT: Final = 0x001D
TLV_RECEIPTED_MESSAGE_ID: Final = 0x001E
TLV_USER_MESSAGE_REFERENCE: Final = 0x0204
TLV_SOURCE_PORT: Final = 0x020A
TLV_DESTINATION_PORT: Final = 0x020B
TLV_SAR_MSG_REF_NUM: Final = 0x020C
TLV_LANGUAGE_INDICATOR: Final = 0x020D
TLV_SAR_TOTAL_SEGMENTS: Final = 0x020E
TLV_SAR_SEGMENT_SEQNUM: Final = 0x020F
TLV_SC_INTERFACE_VERSION: Final = 0x0210
TLV_NETWORK_ERROR_CODE: Final = 0x0423
TLV_MESSAGE_PAYLOAD: Final = 0x0424
TLV_DELIVERY_FAILURE_REASON: Final = 0x0425
TLV_MORE_MESSAGES_TO_SEND: Final = 0x0426
TLV_MESSAGE_STATE: Final = 0x0427
TLV_DLT_ENTITY_ID: Final = 0x1400
TLV_DLT_TEMPLATE_ID: Final = 0x1401
TLV_DLT_TELEMARKETER_ID: Final = 0x1402
TLV_ROUTE_TYPE: Final = 0x1410
TLV_CAMPAIGN_NAME: Final = 0x1411
TLV_CALLBACK_PROFILE_ID: Final = 0x1412
TLV_INSTALLATION: Final = 0x1413

# Table 5-7, then the entries that Indian operators and this platform use in the vendor range 0x1400 to 0x3FFF.
TLV_INFO: Final[dict[int, TlvInfo]] = {
    0x0005: TlvInfo("dest_addr_subunit", "integer", 1),
    0x0006: TlvInfo("dest_network_type", "integer", 1),
    0x0007: TlvInfo("dest_bearer_type", "integer", 1),
    0x0008: TlvInfo("dest_telematics_id", "integer", 2),
    0x000D: TlvInfo("source_addr_subunit", "integer", 1),
    0x000E: TlvInfo("source_network_type", "integer", 1),
    0x000F: TlvInfo("source_bearer_type", "integer", 1),
    0x0010: TlvInfo("source_telematics_id", "integer", 1),
    0x0017: TlvInfo("qos_time_to_live", "integer", 4),
    0x0019: TlvInfo("payload_type", "integer", 1),
    0x001D: TlvInfo("additional_status_info_text", "text"),
    0x001E: TlvInfo("receipted_message_id", "text"),
    0x0030: TlvInfo("ms_msg_wait_facilities", "integer", 1),
    0x0201: TlvInfo("privacy_indicator", "integer", 1),
    0x0202: TlvInfo("source_subaddress", "octets"),
    0x0203: TlvInfo("dest_subaddress", "octets"),
    0x0204: TlvInfo("user_message_reference", "integer", 2),
    0x0205: TlvInfo("user_response_code", "integer", 1),
    0x020A: TlvInfo("source_port", "integer", 2),
    0x020B: TlvInfo("destination_port", "integer", 2),
    0x020C: TlvInfo("sar_msg_ref_num", "integer", 2),
    0x020D: TlvInfo("language_indicator", "integer", 1),
    0x020E: TlvInfo("sar_total_segments", "integer", 1),
    0x020F: TlvInfo("sar_segment_seqnum", "integer", 1),
    0x0210: TlvInfo("sc_interface_version", "integer", 1),
    0x0302: TlvInfo("callback_num_pres_ind", "integer", 1),
    0x0303: TlvInfo("callback_num_atag", "octets"),
    0x0304: TlvInfo("number_of_messages", "integer", 1),
    0x0381: TlvInfo("callback_num", "octets"),
    0x0420: TlvInfo("dpf_result", "integer", 1),
    0x0421: TlvInfo("set_dpf", "integer", 1),
    0x0422: TlvInfo("ms_availability_status", "integer", 1),
    0x0423: TlvInfo("network_error_code", "octets", 3),
    0x0424: TlvInfo("message_payload", "octets"),
    0x0425: TlvInfo("delivery_failure_reason", "integer", 1),
    0x0426: TlvInfo("more_messages_to_send", "integer", 1),
    0x0427: TlvInfo("message_state", "integer", 1),
    0x0501: TlvInfo("ussd_service_op", "octets", 1),
    0x1201: TlvInfo("display_time", "integer", 1),
    0x1203: TlvInfo("sms_signal", "integer", 2),
    0x1204: TlvInfo("ms_validity", "integer", 1),
    0x130C: TlvInfo("alert_on_message_delivery", "octets", 0),
    0x1380: TlvInfo("its_reply_type", "integer", 1),
    0x1383: TlvInfo("its_session_info", "octets", 2),
    0x1400: TlvInfo("dlt_entity_id", "octets"),
    0x1401: TlvInfo("dlt_template_id", "octets"),
    0x1402: TlvInfo("dlt_telemarketer_id", "octets"),
    0x1410: TlvInfo("route_type", "octets"),
    0x1411: TlvInfo("campaign_name", "octets"),
    0x1412: TlvInfo("callback_profile_id", "octets"),
    0x1413: TlvInfo("installation", "octets"),
}

_TAG_LENGTH = struct.Struct(">HH")


def parse_tlvs(frame: bytes, position: int, sequence_number: int = 0) -> Tlvs:
    """Read optional parameters from a position to the end, keeping their order and the unknown ones."""
    tlvs: list[Tlv] = []
    size = len(frame)
    while position < size:
        if position + 4 > size:
            raise _truncated(position, sequence_number)
        tag, length = _TAG_LENGTH.unpack_from(frame, position)
        end = position + 4 + length
        if end > size:
            raise SmppError(
                f"value of 0x{tag:04X} truncated",
                ESME_RINVOPTPARSTREAM,
                sequence_number,
                field="tlv",
                position=position,
            )
        tlvs.append((tag, frame[position + 4 : end]))
        position = end
    return tuple(tlvs)


def _truncated(position: int, sequence_number: int) -> SmppError:
    return SmppError("truncated", ESME_RINVOPTPARSTREAM, sequence_number, field="tlv", position=position)


def build_tlvs(tlvs: Tlvs, sequence_number: int = 0) -> bytes:
    """Write optional parameters one after the other."""
    out = []
    for tag, value in tlvs:
        if len(value) > 0xFFFF or not 0 <= tag <= 0xFFFF:
            raise SmppError(f"0x{tag:04X} out of range", ESME_RINVPARLEN, sequence_number, field="tlv")
        out.append(_TAG_LENGTH.pack(tag, len(value)) + value)
    return b"".join(out)


def tlv_value(tlvs: Tlvs, tag: int) -> bytes | None:
    """Give the octets of the first parameter with this tag."""
    for found, value in tlvs:
        if found == tag:
            return value
    return None


def tlv_int(tlvs: Tlvs, tag: int) -> int | None:
    """Read an integer of any width; None when it is absent or empty."""
    value = tlv_value(tlvs, tag)
    return int.from_bytes(value, "big") if value else None


def tlv_text(tlvs: Tlvs, tag: int) -> str | None:
    """Read a string up to its terminator, which may be missing."""
    value = tlv_value(tlvs, tag)
    return None if value is None else value.partition(b"\0")[0].decode("latin-1")


def int_tlv(tag: int, value: int) -> Tlv:
    """Make an integer parameter of the width of its tag; an unlisted tag takes as few octets as will do."""
    info = TLV_INFO.get(tag)
    size = (info.size if info else 0) or max(1, (value.bit_length() + 7) // 8)
    if not 0 <= value < 1 << 8 * size:
        raise SmppError(f"{value} does not fit {size} octets", ESME_RINVOPTPARAMVAL, field=tlv_name(tag))
    return tag, value.to_bytes(size, "big")


def text_tlv(tag: int, text: str) -> Tlv:
    """Make a string parameter: with terminator when the specification says C-octet string, else without."""
    info = TLV_INFO.get(tag)
    try:
        value = text.encode("latin-1")
    except UnicodeEncodeError:
        raise SmppError("not an octet string", ESME_RINVOPTPARAMVAL, field=tlv_name(tag)) from None
    return tag, value + b"\0" if info and info.kind == "text" else value


def tlv_name(tag: int) -> str:
    """Name a tag for logs; an unlisted one is its number."""
    info = TLV_INFO.get(tag)
    return info.name if info else f"0x{tag:04X}"
