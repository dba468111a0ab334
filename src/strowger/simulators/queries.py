"""query_sm and cancel_sm (SMPP 3.4 sections 4.8 and 4.9)."""

from __future__ import annotations

from datetime import UTC, datetime

from strowger.protocols.smpp import (
    NUMBER_BY_STATE,
    CancelSm,
    CancelSmResp,
    MessageState,
    QuerySm,
    QuerySmResp,
    format_time,
)
from strowger.protocols.smpp.status import ESME_RCANCELFAIL, ESME_RINVMSGID, ESME_RQUERYFAIL
from strowger.simulators.centre import Centre
from strowger.simulators.messages import ENROUTE


def answer_query(centre: Centre, system_id: str, pdu: QuerySm) -> QuerySmResp:
    """The state of a message, its final date when it has one, and the operator's error."""
    message = centre.messages.find(system_id, pdu.message_id, pdu.source_addr)
    if message is None:
        return QuerySmResp(pdu.sequence_number, ESME_RQUERYFAIL, pdu.message_id)
    end = message.end or ENROUTE
    done = format_time(datetime.fromtimestamp(message.done, UTC)) if message.done else ""
    state = NUMBER_BY_STATE[MessageState(end.stat)]
    return QuerySmResp(pdu.sequence_number, 0, pdu.message_id, done, state, end.err)


def answer_cancel(centre: Centre, system_id: str, pdu: CancelSm) -> CancelSmResp:
    """Delete a message that has not come to its end."""
    message = centre.messages.find(system_id, pdu.message_id, pdu.source_addr)
    if message is None:
        return CancelSmResp(pdu.sequence_number, ESME_RINVMSGID)
    return CancelSmResp(pdu.sequence_number, 0 if centre.cancel(message) else ESME_RCANCELFAIL)
