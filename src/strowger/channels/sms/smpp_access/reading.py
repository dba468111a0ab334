"""From a submit_sm or data_sm to a request for the accept step; each fault has the command_status of sms.md 3.18."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from strowger.channels.sms import fields
from strowger.channels.sms.schedule.times import check_due
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
    STATUS_ROUTE_NOT_ENABLED,
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
    """Whose submission it is, and for how many days the installation keeps messages, which bounds its schedules."""

    account_id: int
    user_id: int
    retention_days: int


def read_submission(pdu: SubmitSm | DataSm, who: Submitter, now: datetime) -> NewRequest:
    """The request that a submission makes, but for the callback profile that it may name. Raises SmppError with the status
    to answer.
    """
    sequence = pdu.sequence_number
    found = read_text(pdu)
    if len(found.text) > fields.MAX_BODY:
        raise SmppError("text too long", ESME_RINVMSGLEN, sequence, field="short_message")
    if pdu.esm_class & c.ESM_TYPE_MASK:
        raise SmppError("not a message", ESME_RINVESMCLASS, sequence, field="esm_class")
    recipient = clean_number(pdu.destination_addr, None, "") if len(pdu.destination_addr) <= 21 else None
    if recipient is None:
        raise SmppError("no international number", ESME_RINVDSTADR, sequence, field="destination_addr")
    due_at, valid_until = (None, now + DEFAULT_VALIDITY) if isinstance(pdu, DataSm) else _times(pdu, who, now)
    type_, campaign = _words(pdu.tlvs, sequence)
    return NewRequest(
        who.account_id,
        new_uuid(),
        type_,
        _sender(pdu),
        found.text,
        [recipient],
        now,
        valid_until,
        PRIORITIES.get(type_, Priority.NORMAL),
        source=SOURCE,
        campaign_name=campaign,
        options=_options(pdu, found, who),
        due_at=due_at,
    )


def _sender(pdu: SubmitSm | DataSm) -> str:
    sender = pdu.source_addr.strip()
    if sender[:1] == "+" and sender[1:].isdigit():
        sender = sender[1:]
    if not SENDER.fullmatch(sender):
        raise SmppError("no sender ID", ESME_RINVSRCADR, pdu.sequence_number, field="source_addr")
    return sender


def _times(pdu: SubmitSm, who: Submitter, now: datetime) -> tuple[datetime | None, datetime]:
    """When the message is to leave (None: at once) and until when it may be delivered.

    A relative validity counts from the moment at which the message leaves, as in the HTTP API.
    """
    sequence = pdu.sequence_number
    if pdu.sm_default_msg_id:
        raise SmppError("no predefined messages", ESME_RINVDFTMSGID, sequence, field="sm_default_msg_id")
    due_at = _due_at(pdu, who, now)
    leaves = due_at or now
    given = parse_time(pdu.validity_period, ESME_RINVEXPIRY, sequence)
    if given is None:
        return due_at, leaves + DEFAULT_VALIDITY
    span = (given.after(leaves) if isinstance(given, RelativeTime) else given) - leaves
    if span <= timedelta():
        raise SmppError("over already", ESME_RINVEXPIRY, sequence, field="validity_period")
    return due_at, leaves + min(span, MAX_VALIDITY)


def _due_at(pdu: SubmitSm, who: Submitter, now: datetime) -> datetime | None:
    sequence = pdu.sequence_number
    given = parse_time(pdu.schedule_delivery_time, ESME_RINVSCHED, sequence)
    if given is None:
        return None
    moment = given.after(now) if isinstance(given, RelativeTime) else given.astimezone(UTC)
    try:
        return check_due(moment, now, who.retention_days)
    except StrowgerError as problem:
        detail = problem.detail or ""
        raise SmppError(detail, ESME_RINVSCHED, sequence, field="schedule_delivery_time") from None


def named_profile_of(pdu: SubmitSm | DataSm) -> str:
    """The callback profile that a submission names; empty when it names none."""
    return (tlv_text(pdu.tlvs, TLV_CALLBACK_PROFILE_ID) or "") if pdu.tlvs else ""


def _words(tlvs: Tlvs, sequence: int) -> tuple[str, str | None]:
    """Route type and campaign name. A type that there is not is answered like one that the account has not (sms.md 3.18)."""
    if not tlvs:
        return "DEFAULT", None
    params: dict[str, Any] = {name: tlv_text(tlvs, tag) or None for name, tag in _BY_NAME.items()}
    try:
        return fields.read_type(params), fields.read_campaign(params)
    except StrowgerError as problem:
        refused = STATUS_ROUTE_NOT_ENABLED if problem.code == "E608" else ESME_RINVOPTPARAMVAL
        raise SmppError(problem.detail or "", refused, sequence, field=problem.field or "tlv") from None


def _options(pdu: SubmitSm | DataSm, found: SubmittedText, who: Submitter) -> dict[str, Any]:
    options: dict[str, Any] = {OPTION: {"user": who.user_id, "receipt": pdu.registered_delivery & RECEIPT_BITS}}
    if found.ucs2:
        options["unicode"] = "1"
    if found.flash:
        options["flash"] = 1
    if found.concat:
        options["concat"] = [found.concat.ref, found.concat.total, found.concat.n]
    if found.ports and found.ports.destination:
        options["port"] = found.ports.destination
        if found.ports.source:
            options["source_port"] = found.ports.source
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
