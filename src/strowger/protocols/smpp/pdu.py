"""The commands of SMPP 3.4 as value objects (section 4).

Strings are the octets of the wire read as Latin-1, without their terminator. Every command starts with its sequence
number and its status, so that `EnquireLinkResp(sequence)` and `DeliverSmResp(sequence, status)` read naturally.
"""

from dataclasses import dataclass
from typing import ClassVar

from strowger.protocols.gsm.udh import Concat
from strowger.protocols.smpp import constants
from strowger.protocols.smpp.tlv import (
    TLV_MESSAGE_PAYLOAD,
    TLV_SAR_MSG_REF_NUM,
    TLV_SAR_SEGMENT_SEQNUM,
    TLV_SAR_TOTAL_SEGMENTS,
    Tlvs,
    tlv_int,
    tlv_value,
)


@dataclass(frozen=True, slots=True)
class Header:
    """The part that all commands share (section 3.2.1)."""

    sequence_number: int = 0
    command_status: int = 0


@dataclass(frozen=True, slots=True)
class KnownPdu(Header):
    """A command of this module."""

    command_id: ClassVar[int]


@dataclass(frozen=True, slots=True)
class UnknownPdu(Header):
    """A command that is not in use here, submit_multi among them; a session answers generic_nack."""

    command_id: int = 0
    body: bytes = b""


Pdu = KnownPdu | UnknownPdu


@dataclass(frozen=True, slots=True)
class Bind(KnownPdu):
    """The body of all three binds (section 4.1)."""

    system_id: str = ""
    password: str = ""
    system_type: str = ""
    interface_version: int = constants.INTERFACE_VERSION_34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


@dataclass(frozen=True, slots=True)
class BindTransmitter(Bind):
    """bind_transmitter (section 4.1.1)."""

    command_id: ClassVar[int] = constants.BIND_TRANSMITTER


@dataclass(frozen=True, slots=True)
class BindReceiver(Bind):
    """bind_receiver (section 4.1.3)."""

    command_id: ClassVar[int] = constants.BIND_RECEIVER


@dataclass(frozen=True, slots=True)
class BindTransceiver(Bind):
    """bind_transceiver (section 4.1.5)."""

    command_id: ClassVar[int] = constants.BIND_TRANSCEIVER


@dataclass(frozen=True, slots=True)
class BindResp(KnownPdu):
    """The body of all three answers to a bind."""

    system_id: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class BindTransmitterResp(BindResp):
    """bind_transmitter_resp (section 4.1.2)."""

    command_id: ClassVar[int] = constants.BIND_TRANSMITTER_RESP


@dataclass(frozen=True, slots=True)
class BindReceiverResp(BindResp):
    """bind_receiver_resp (section 4.1.4)."""

    command_id: ClassVar[int] = constants.BIND_RECEIVER_RESP


@dataclass(frozen=True, slots=True)
class BindTransceiverResp(BindResp):
    """bind_transceiver_resp (section 4.1.6)."""

    command_id: ClassVar[int] = constants.BIND_TRANSCEIVER_RESP


@dataclass(frozen=True, slots=True)
class Outbind(KnownPdu):
    """outbind (section 4.1.7)."""

    command_id: ClassVar[int] = constants.OUTBIND
    system_id: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Unbind(KnownPdu):
    """unbind (section 4.2.1)."""

    command_id: ClassVar[int] = constants.UNBIND


@dataclass(frozen=True, slots=True)
class UnbindResp(KnownPdu):
    """unbind_resp (section 4.2.2)."""

    command_id: ClassVar[int] = constants.UNBIND_RESP


@dataclass(frozen=True, slots=True)
class GenericNack(KnownPdu):
    """generic_nack (section 4.3.1)."""

    command_id: ClassVar[int] = constants.GENERIC_NACK


@dataclass(frozen=True, slots=True)
class EnquireLink(KnownPdu):
    """enquire_link (section 4.11.1)."""

    command_id: ClassVar[int] = constants.ENQUIRE_LINK


@dataclass(frozen=True, slots=True)
class EnquireLinkResp(KnownPdu):
    """enquire_link_resp (section 4.11.2)."""

    command_id: ClassVar[int] = constants.ENQUIRE_LINK_RESP


@dataclass(frozen=True, slots=True)
class ShortMessage(KnownPdu):
    """The body that submit_sm and deliver_sm share (sections 4.4.1 and 4.6.1)."""

    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""
    tlvs: Tlvs = ()

    @property
    def user_data(self) -> bytes:
        """The octets of the message: short_message, or message_payload when that is empty (section 5.3.2.32)."""
        if self.short_message or not self.tlvs:
            return self.short_message
        return tlv_value(self.tlvs, TLV_MESSAGE_PAYLOAD) or b""

    @property
    def sar(self) -> Concat | None:
        """The place in a segmented message by the sar_* parameters (sections 5.3.2.22 to 5.3.2.24)."""
        return sar_concat(self.tlvs)


@dataclass(frozen=True, slots=True)
class SubmitSm(ShortMessage):
    """submit_sm (section 4.4.1)."""

    command_id: ClassVar[int] = constants.SUBMIT_SM


@dataclass(frozen=True, slots=True)
class DeliverSm(ShortMessage):
    """deliver_sm (section 4.6.1)."""

    command_id: ClassVar[int] = constants.DELIVER_SM


@dataclass(frozen=True, slots=True)
class MessageIdResp(KnownPdu):
    """An answer that carries a message id."""

    message_id: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class SubmitSmResp(MessageIdResp):
    """submit_sm_resp (section 4.4.2)."""

    command_id: ClassVar[int] = constants.SUBMIT_SM_RESP


@dataclass(frozen=True, slots=True)
class DeliverSmResp(MessageIdResp):
    """deliver_sm_resp (section 4.6.2); its message id is not used."""

    command_id: ClassVar[int] = constants.DELIVER_SM_RESP


@dataclass(frozen=True, slots=True)
class DataSm(KnownPdu):
    """data_sm (section 4.7.1)."""

    command_id: ClassVar[int] = constants.DATA_SM
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0
    tlvs: Tlvs = ()

    @property
    def user_data(self) -> bytes:
        """The octets of the message, from message_payload."""
        return tlv_value(self.tlvs, TLV_MESSAGE_PAYLOAD) or b""

    @property
    def sar(self) -> Concat | None:
        """The place in a segmented message by the sar_* parameters."""
        return sar_concat(self.tlvs)


@dataclass(frozen=True, slots=True)
class DataSmResp(MessageIdResp):
    """data_sm_resp (section 4.7.2)."""

    command_id: ClassVar[int] = constants.DATA_SM_RESP


@dataclass(frozen=True, slots=True)
class QuerySm(KnownPdu):
    """query_sm (section 4.8.1)."""

    command_id: ClassVar[int] = constants.QUERY_SM
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""


@dataclass(frozen=True, slots=True)
class QuerySmResp(KnownPdu):
    """query_sm_resp (section 4.8.2)."""

    command_id: ClassVar[int] = constants.QUERY_SM_RESP
    message_id: str = ""
    final_date: str = ""
    message_state: int = 0
    error_code: int = 0


@dataclass(frozen=True, slots=True)
class CancelSm(KnownPdu):
    """cancel_sm (section 4.9.1)."""

    command_id: ClassVar[int] = constants.CANCEL_SM
    service_type: str = ""
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""


@dataclass(frozen=True, slots=True)
class CancelSmResp(KnownPdu):
    """cancel_sm_resp (section 4.9.2)."""

    command_id: ClassVar[int] = constants.CANCEL_SM_RESP


@dataclass(frozen=True, slots=True)
class ReplaceSm(KnownPdu):
    """replace_sm (section 4.10.1)."""

    command_id: ClassVar[int] = constants.REPLACE_SM
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""


@dataclass(frozen=True, slots=True)
class ReplaceSmResp(KnownPdu):
    """replace_sm_resp (section 4.10.2)."""

    command_id: ClassVar[int] = constants.REPLACE_SM_RESP


@dataclass(frozen=True, slots=True)
class AlertNotification(KnownPdu):
    """alert_notification (section 4.12.1)."""

    command_id: ClassVar[int] = constants.ALERT_NOTIFICATION
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    esme_addr_ton: int = 0
    esme_addr_npi: int = 0
    esme_addr: str = ""
    tlvs: Tlvs = ()


def sar_concat(tlvs: Tlvs) -> Concat | None:
    """Read the sar_* parameters; None when one is missing or the numbers make no sense."""
    if not tlvs:
        return None
    ref = tlv_int(tlvs, TLV_SAR_MSG_REF_NUM)
    total = tlv_int(tlvs, TLV_SAR_TOTAL_SEGMENTS)
    n = tlv_int(tlvs, TLV_SAR_SEGMENT_SEQNUM)
    if ref is None or total is None or n is None or not 1 <= n <= total:
        return None
    return Concat(ref, total, n)


__all__ = [
    "AlertNotification",
    "Bind",
    "BindReceiver",
    "BindReceiverResp",
    "BindResp",
    "BindTransceiver",
    "BindTransceiverResp",
    "BindTransmitter",
    "BindTransmitterResp",
    "CancelSm",
    "CancelSmResp",
    "DataSm",
    "DataSmResp",
    "DeliverSm",
    "DeliverSmResp",
    "EnquireLink",
    "EnquireLinkResp",
    "GenericNack",
    "Header",
    "KnownPdu",
    "MessageIdResp",
    "Outbind",
    "Pdu",
    "QuerySm",
    "QuerySmResp",
    "ReplaceSm",
    "ReplaceSmResp",
    "ShortMessage",
    "SubmitSm",
    "SubmitSmResp",
    "Unbind",
    "UnbindResp",
    "UnknownPdu",
    "sar_concat",
]
