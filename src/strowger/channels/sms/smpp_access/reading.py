"""From a submit_sm or data_sm to a request for the accept step; each fault has the command_status of sms.md 3.18."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from strowger.channels.sms import fields
from strowger.channels.sms.send import PRIORITIES
from strowger.channels.sms.senders.service import SENDER
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.foundation.phone import clean_number
from strowger.messaging.deliveries import OPTION
from strowger.messaging.schemas import NewRequest, Priority
from strowger.protocols.smpp import DataSm, SmppError, SubmitSm, parse_time, tlv_text
from strowger.protocols.smpp import constants as c
from strowger.protocols.smpp.status import (
    ESME_RINVDFTMSGID,
    ESME_RINVDSTADR,
    ESME_RINVESMCLASS,
    ESME_RINVEXPIRY,
    ESME_RINVMSGLEN,
    ESME_RINVOPTPARAMVAL,
    ESME_RINVSCHED,
    ESME_RINVSRCADR,
)
from strowger.protocols.smpp.text import SubmittedText, read_text
from strowger.protocols.smpp.times import RelativeTime
from strowger.protocols.smpp.tlv import (
    TLV_CALLBACK_PROFILE_ID,
    TLV_CAMPAIGN_NAME,
    TLV_DLT_ENTITY_ID,
    TLV_DLT_TELEMARKETER_ID,
    TLV_DLT_TEMPLATE_ID,
    TLV_ROUTE_TYPE,
    Tlvs,
)

SOURCE: Final = "SMPP"
TELEMARKETER = re.compile(r"[0-9A-Za-z,.:_-]{1,255}", re.ASCII)
RECEIPT_BITS: Final = c.REGISTERED_RECEIPT_MASK | c.REGISTERED_INTERMEDIATE
MAX_VALIDITY, DEFAULT_VALIDITY = timedelta(minutes=fields.MAX_VALIDITY), timedelta(minutes=fields.DEFAULT_VALIDITY)
_BY_NAME: Final = {"type": TLV_ROUTE_TYPE, "campaign_name": TLV_CAMPAIGN_NAME}


@dataclass(frozen=True, slots=True)
class Submitter:
    """Whose submission it is."""

    account_id: int
    user_id: int


def read_submission(pdu: SubmitSm | DataSm, who: Submitter, now: datetime) -> NewRequest:
    """The request that a submission makes. Raises SmppError with the status to answer."""
    sequence = pdu.sequence_number
    found = read_text(pdu)
    if len(found.text) > fields.MAX_BODY:
        raise SmppError("text too long", ESME_RINVMSGLEN, sequence, field="short_message")
    if pdu.esm_class & c.ESM_TYPE_MASK:
        raise SmppError("not a message", ESME_RINVESMCLASS, sequence, field="esm_class")
    recipient = clean_number(pdu.destination_addr, None, "") if len(pdu.destination_addr) <= 21 else None
    if recipient is None:
        raise SmppError("no international number", ESME_RINVDSTADR, sequence, field="destination_addr")
    validity = DEFAULT_VALIDITY if isinstance(pdu, DataSm) else _check_submit(pdu, now)
    type_, campaign = _words(pdu.tlvs, sequence)
    return NewRequest(
        who.account_id,
        new_uuid(),
        type_,
        _sender(pdu),
        found.text,
        [recipient],
        now,
        now + validity,
        PRIORITIES.get(type_, Priority.NORMAL),
        source=SOURCE,
        campaign_name=campaign,
        options=_options(pdu, found, who),
    )


def _sender(pdu: SubmitSm | DataSm) -> str:
    sender = pdu.source_addr.strip()
    if sender[:1] == "+" and sender[1:].isdigit():
        sender = sender[1:]
    if not SENDER.fullmatch(sender):
        raise SmppError("no sender ID", ESME_RINVSRCADR, pdu.sequence_number, field="source_addr")
    return sender


def _check_submit(pdu: SubmitSm, now: datetime) -> timedelta:
    """What only a submit_sm has; returns how long the message may be delivered."""
    sequence = pdu.sequence_number
    if pdu.sm_default_msg_id:
        raise SmppError("no predefined messages", ESME_RINVDFTMSGID, sequence, field="sm_default_msg_id")
    if pdu.schedule_delivery_time:
        raise SmppError("messages cannot be scheduled", ESME_RINVSCHED, sequence, field="schedule_delivery_time")
    given = parse_time(pdu.validity_period, ESME_RINVEXPIRY, sequence)
    if given is None:
        return DEFAULT_VALIDITY
    span = (given.after(now) if isinstance(given, RelativeTime) else given) - now
    if span <= timedelta():
        raise SmppError("over already", ESME_RINVEXPIRY, sequence, field="validity_period")
    return min(span, MAX_VALIDITY)


def _words(tlvs: Tlvs, sequence: int) -> tuple[str, str | None]:
    """Route type and campaign name."""
    if not tlvs:
        return "DEFAULT", None
    if tlv_text(tlvs, TLV_CALLBACK_PROFILE_ID):
        raise SmppError("no callback profiles", ESME_RINVOPTPARAMVAL, sequence, field="callback_profile_id")
    params: dict[str, Any] = {name: tlv_text(tlvs, tag) or None for name, tag in _BY_NAME.items()}
    try:
        return fields.read_type(params), fields.read_campaign(params)
    except StrowgerError as problem:
        raise SmppError(problem.detail or "", ESME_RINVOPTPARAMVAL, sequence, field=problem.field or "tlv") from None


def _options(pdu: SubmitSm | DataSm, found: SubmittedText, who: Submitter) -> dict[str, Any]:
    options: dict[str, Any] = {OPTION: {"user": who.user_id, "receipt": pdu.registered_delivery & RECEIPT_BITS}}
    if found.ucs2:
        options["unicode"] = "1"
    if found.flash:
        options["flash"] = 1
    if found.concat:
        options["concat"] = [found.concat.ref, found.concat.total, found.concat.n]
    if pdu.tlvs:
        _dlt(options, pdu.tlvs, pdu.sequence_number)
    return options


def _dlt(options: dict[str, Any], tlvs: Tlvs, sequence: int) -> None:
    params = {"template_id": tlv_text(tlvs, TLV_DLT_TEMPLATE_ID), "entity_id": tlv_text(tlvs, TLV_DLT_ENTITY_ID)}
    for name, text in params.items():
        if text:
            try:
                options[name] = fields.read_digits({name: text}, name, "DLT")
            except StrowgerError:
                raise SmppError("not the digits of an id", ESME_RINVOPTPARAMVAL, sequence, field=name) from None
    telemarketer = tlv_text(tlvs, TLV_DLT_TELEMARKETER_ID)
    if telemarketer:
        if not TELEMARKETER.fullmatch(telemarketer):
            raise SmppError("no telemarketer id", ESME_RINVOPTPARAMVAL, sequence, field="telemarketer_id")
        options["telemarketer_id"] = telemarketer
