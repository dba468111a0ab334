"""The routes of the compatible SMS API, each with its description (sms.md 3.1)."""

from __future__ import annotations

from typing import Any

from strowger.channels.sms import descriptions as d
from strowger.channels.sms.batches.send import send_batch
from strowger.channels.sms.logs import messages_or_logs, pull_logs, sms_or_logs
from strowger.channels.sms.message_templates.routes import OPERATIONS as TEMPLATE_OPERATIONS
from strowger.channels.sms.schedule.changes import cancel_schedule, move_schedule
from strowger.channels.sms.send import send_messages, send_sms
from strowger.channels.sms.senders.routes import OPERATIONS as SENDER_OPERATIONS
from strowger.channels.sms.status import messages_status, one_status, sms_status
from strowger.channels.sms.v4 import routes as v4
from strowger.platform.gateway.errors import register_errors
from strowger.platform.gateway.operations import Handler, Operation
from strowger.platform.gateway.table import add_operations

register_errors("strowger.channels.sms")
BOTH = ("v1", "v2")
SEND_TEXT = (
    "Accepts one text for up to 100 recipients and answers 202 with an id for each; 202 means that it is on disk. What "
    "becomes of each message is told by callback, status and logs. Parameters may come as JSON, form, multipart or query."
)
STATUS_TEXT = "Ids that are not known come back with status NotFound; when none is known the answer is 404."

BATCH_TEXT = (
    "One message for many numbers, or a different one for each: `sms` holds up to 1,000 nodes, each with `to` and whatever it "
    "has of its own; the rest is what stands on top. A node that cannot be sent gets an id and ends NOT-SENT with a trace; the "
    "request is refused only when no node can be sent. Duplicates are kept."
)
BATCH_XML_TEXT = (
    BATCH_TEXT
    + " The body is XML with the root request (or api, xmlapi) and the same names; the answer is XML, or JSON for "
    "Accept: application/json. Document types are refused."
)
SCHEDULE_TEXT = (
    "The id of the request changes all of its messages that still wait; the id of a message changes that one. Until 5 minutes "
    "before they leave; after that, and for what was cancelled, the answer is E635."
)


def _send(family: str, handler: Handler) -> Operation:
    return Operation(
        "POST", f"/{{sid}}/{family}", f"send_{family}", f"Send messages (/{family})", SEND_TEXT, handler, d.SEND,
        codes=d.SEND_CODES, status=202, result=d.SENT, example=d.SENT_EXAMPLE, versions=BOTH, idempotent=True,
        permission="messages.send",
    )  # fmt: skip


def _get(family: str, handler: Handler) -> Operation:
    parameters = {parameter.name: parameter for parameter in (*d.SEND, *d.LOG)}
    optional = tuple(
        parameter if parameter.name not in ("to", "sender", "body") else _optional(parameter)
        for parameter in parameters.values()
    )
    return Operation(
        "GET", f"/{{sid}}/{family}", f"get_{family}", f"Send by query, or read the logs (/{family})",
        "With `to` this sends, exactly as POST does; without it, it reads the logs.", handler, optional,
        codes=(*d.SEND_CODES, *d.LOG_CODES), status=202, result=d.SENT, example=d.SENT_EXAMPLE, versions=BOTH,
        idempotent=True, also=((200, d.LOGGED, d.LOG_EXAMPLE),), permission="messages.send",
    )  # fmt: skip


def _batch(family: str, form: str) -> Operation:
    xml = form == "xml"
    return Operation(
        "POST", f"/{{sid}}/{family}/{form}", f"{family}_{form}", f"Send a batch, {form.upper()} (/{family})",
        BATCH_XML_TEXT if xml else BATCH_TEXT, send_batch, d.BATCH, codes=d.BATCH_CODES, status=202, result=d.BATCH_SENT,
        example=d.BATCH_EXAMPLE, versions=BOTH, idempotent=True, xml=True, answers_xml=xml,
        permission="messages.send",
    )  # fmt: skip


def _optional(parameter: Any) -> Any:
    return type(parameter)(parameter.name, parameter.schema, parameter.text, False, None)


def _family(family: str, send: Handler, get: Handler, status: Handler) -> list[Operation]:
    base = f"/{{sid}}/{family}"
    return [
        _send(family, send),
        _get(family, get),
        _batch(family, "json"),
        _batch(family, "xml"),
        Operation(
            "GET", f"{base}/status", f"{family}_status", f"Status of many messages (/{family})", STATUS_TEXT, status,
            (d.IDS,), codes=("E624", "E625"), result=d.STATUSES, example=d.STATUS_EXAMPLE, versions=BOTH,
            tag="Status and logs", permission="messages.read",
        ),
        Operation(
            "GET", f"{base}/logs", f"{family}_logs", f"Logs (/{family})",
            "The account's messages, newest first, over at most 7 days.", pull_logs, d.LOG_FILTERS, codes=d.LOG_CODES,
            result=d.LOGGED, example=d.LOG_EXAMPLE, versions=BOTH, tag="Status and logs", permission="messages.read",
        ),
        Operation(
            "DELETE", f"{base}/schedule/{{id}}", f"{family}_schedule_cancel", f"Cancel a scheduled request (/{family})",
            SCHEDULE_TEXT, cancel_schedule, path_parameters=(d.SCHEDULE_ID,), codes=("E625", "E635"), result=d.CHANGED,
            example=d.CANCELLED_EXAMPLE, versions=BOTH, tag="Schedule", permission="messages.send",
        ),
        Operation(
            "PUT", f"{base}/schedule/{{id}}", f"{family}_schedule_move", f"Move a scheduled request (/{family})",
            SCHEDULE_TEXT, move_schedule, (d.NEW_TIME, d.TIMEZONE), path_parameters=(d.SCHEDULE_ID,),
            codes=("E613", "E614", "E625", "E635"), result=d.CHANGED, example=d.MOVED_EXAMPLE, versions=BOTH, tag="Schedule",
            permission="messages.send",
        ),
        Operation(
            "GET", f"{base}/{{message_id}}", f"{family}_one_status", f"Status of one message (/{family})", STATUS_TEXT,
            one_status, path_parameters=(d.MESSAGE_ID,), codes=("E625",), result=d.STATUSES, example=d.STATUS_EXAMPLE,
            versions=BOTH, tag="Status and logs", permission="messages.read",
        ),
    ]  # fmt: skip


OPERATIONS = [
    *_family("messages", send_messages, messages_or_logs, messages_status),
    *_family("sms", send_sms, sms_or_logs, sms_status),
    *SENDER_OPERATIONS,
    *TEMPLATE_OPERATIONS,
]
add_operations(OPERATIONS)
routes: list[Any] = [*v4.routes]  # the gateway's mount serves the operations
