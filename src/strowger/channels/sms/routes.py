"""The routes of the compatible SMS API, each with its description (sms.md 3.1)."""

from __future__ import annotations

from typing import Any

from strowger.channels.sms import descriptions as d
from strowger.channels.sms.logs import messages_or_logs, pull_logs, sms_or_logs
from strowger.channels.sms.message_templates.routes import OPERATIONS as TEMPLATE_OPERATIONS
from strowger.channels.sms.send import send_messages, send_sms
from strowger.channels.sms.senders.routes import OPERATIONS as SENDER_OPERATIONS
from strowger.channels.sms.status import messages_status, one_status, sms_status
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


def _optional(parameter: Any) -> Any:
    return type(parameter)(parameter.name, parameter.schema, parameter.text, False, None)


def _family(family: str, send: Handler, get: Handler, status: Handler) -> list[Operation]:
    base = f"/{{sid}}/{family}"
    return [
        _send(family, send),
        _get(family, get),
        Operation(
            "GET", f"{base}/status", f"{family}_status", f"Status of many messages (/{family})", STATUS_TEXT, status,
            (d.IDS,), codes=("E624", "E625"), result=d.STATUSES, example=d.STATUS_EXAMPLE, tag="Status and logs",
            permission="messages.read",
        ),
        Operation(
            "GET", f"{base}/logs", f"{family}_logs", f"Logs (/{family})",
            "The account's messages, newest first, over at most 7 days.", pull_logs, d.LOG_FILTERS, codes=d.LOG_CODES,
            result=d.LOGGED, example=d.LOG_EXAMPLE, tag="Status and logs", permission="messages.read",
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
routes: list[Any] = []  # the gateway's mount serves the operations
