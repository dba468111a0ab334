"""The fields of each command in their order on the wire (SMPP 3.4 section 4), read by the codec."""

from typing import Final, Literal, NamedTuple

from strowger.protocols.smpp import pdu, status

FieldKind = Literal["text", "octet", "message"]


class Field(NamedTuple):
    """One mandatory parameter: its kind, the octets it may take with its terminator, the status when it is wrong."""

    name: str
    kind: FieldKind
    limit: int
    status: int


class Layout(NamedTuple):
    """The body of a command; `error_body` is false where an answer with an error has no body."""

    fields: tuple[Field, ...] = ()
    tlvs: bool = False
    error_body: bool = True


def _text(name: str, limit: int, error: int = status.ESME_RINVPARLEN) -> Field:
    return Field(name, "text", limit, error)


def _octet(name: str) -> Field:
    return Field(name, "octet", 1, status.ESME_RINVPARLEN)


def _address(prefix: str, name: str, limit: int, error: int) -> tuple[Field, ...]:
    return _octet(f"{prefix}_ton"), _octet(f"{prefix}_npi"), _text(name, limit, error)


def _source(limit: int = 21) -> tuple[Field, ...]:
    return _address("source_addr", "source_addr", limit, status.ESME_RINVSRCADR)


def _destination(limit: int = 21) -> tuple[Field, ...]:
    return _address("dest_addr", "destination_addr", limit, status.ESME_RINVDSTADR)


_SYSTEM_ID = _text("system_id", 16, status.ESME_RINVSYSID)
_PASSWORD = _text("password", 65, status.ESME_RINVPASWD)  # section 5.2.2 says 9; carriers hand out longer ones
_SERVICE_TYPE = _text("service_type", 6, status.ESME_RINVSERTYP)
_MESSAGE_ID = _text("message_id", 65, status.ESME_RINVMSGID)
_SCHEDULE = _text("schedule_delivery_time", 17, status.ESME_RINVSCHED)
_VALIDITY = _text("validity_period", 17, status.ESME_RINVEXPIRY)
_SHORT_MESSAGE = Field("short_message", "message", 254, status.ESME_RINVMSGLEN)

_BIND = Layout(
    (
        _SYSTEM_ID,
        _PASSWORD,
        _text("system_type", 13, status.ESME_RINVSYSTYP),
        _octet("interface_version"),
        _octet("addr_ton"),
        _octet("addr_npi"),
        _text("address_range", 41),
    )
)
_BIND_RESP = Layout((_SYSTEM_ID,), tlvs=True, error_body=False)
_SHORT_MESSAGE_BODY = Layout(
    (
        _SERVICE_TYPE,
        *_source(),
        *_destination(),
        _octet("esm_class"),
        _octet("protocol_id"),
        _octet("priority_flag"),
        _SCHEDULE,
        _VALIDITY,
        _octet("registered_delivery"),
        _octet("replace_if_present_flag"),
        _octet("data_coding"),
        _octet("sm_default_msg_id"),
        _SHORT_MESSAGE,
    ),
    tlvs=True,
)
_EMPTY = Layout()

LAYOUTS: Final[dict[type[pdu.KnownPdu], Layout]] = {
    pdu.BindTransmitter: _BIND,
    pdu.BindReceiver: _BIND,
    pdu.BindTransceiver: _BIND,
    pdu.BindTransmitterResp: _BIND_RESP,
    pdu.BindReceiverResp: _BIND_RESP,
    pdu.BindTransceiverResp: _BIND_RESP,
    pdu.Outbind: Layout((_SYSTEM_ID, _PASSWORD)),
    pdu.Unbind: _EMPTY,
    pdu.UnbindResp: _EMPTY,
    pdu.GenericNack: _EMPTY,
    pdu.EnquireLink: _EMPTY,
    pdu.EnquireLinkResp: _EMPTY,
    pdu.SubmitSm: _SHORT_MESSAGE_BODY,
    pdu.DeliverSm: _SHORT_MESSAGE_BODY,
    pdu.SubmitSmResp: Layout((_MESSAGE_ID,), tlvs=True, error_body=False),
    pdu.DeliverSmResp: Layout((_MESSAGE_ID,), tlvs=True),
    pdu.DataSm: Layout(
        (
            _SERVICE_TYPE,
            *_source(65),
            *_destination(65),
            _octet("esm_class"),
            _octet("registered_delivery"),
            _octet("data_coding"),
        ),
        tlvs=True,
    ),
    pdu.DataSmResp: Layout((_MESSAGE_ID,), tlvs=True),
    pdu.QuerySm: Layout((_MESSAGE_ID, *_source())),
    pdu.QuerySmResp: Layout((_MESSAGE_ID, _text("final_date", 17), _octet("message_state"), _octet("error_code"))),
    pdu.CancelSm: Layout((_SERVICE_TYPE, _MESSAGE_ID, *_source(), *_destination())),
    pdu.CancelSmResp: _EMPTY,
    pdu.ReplaceSm: Layout(
        (
            _MESSAGE_ID,
            *_source(),
            _SCHEDULE,
            _VALIDITY,
            _octet("registered_delivery"),
            _octet("sm_default_msg_id"),
            _SHORT_MESSAGE,
        )
    ),
    pdu.ReplaceSmResp: _EMPTY,
    pdu.AlertNotification: Layout(
        (
            *_source(65),
            *_address("esme_addr", "esme_addr", 65, status.ESME_RINVPARLEN),
        ),
        tlvs=True,
    ),
}

PDU_CLASSES: Final[dict[int, type[pdu.KnownPdu]]] = {cls.command_id: cls for cls in LAYOUTS}
