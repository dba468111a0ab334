"""The routes of sender IDs, each with its description (sms.md 3.12)."""

from __future__ import annotations

from strowger.channels.sms.senders import service
from strowger.channels.sms.senders.api import MAX_LISTED, create_senders, delete_senders, list_senders
from strowger.channels.sms.senders.schemas import MAX_DESCRIPTION
from strowger.platform.gateway.envelope import TEXT, Schema, described, rows_of, said
from strowger.platform.gateway.operations import Operation, Parameter

TAG = "Sender IDs"
BOTH = ("v1", "v2")
SCALAR: Schema = {"type": ["string", "integer"]}
ROW: Schema = {
    "type": "object",
    "required": ["sender", "description", "iso_code"],
    "properties": {
        "sender": SCALAR,
        "description": {"type": "string", "maxLength": MAX_DESCRIPTION},
        "iso_code": TEXT,
        "entity_id": SCALAR,
        "purpose": {"enum": ["TXN", "MKT"]},
    },
}
DATA = Parameter(
    "data",
    {"type": ["array", "string"], "items": ROW, "minItems": 1, "maxItems": service.MAX_CREATED},
    "The sender IDs: name, description and country of each; in India also its entity id. In a form, the list as JSON text.",
    True,
    [{"sender": "ACME", "description": "Order news", "iso_code": "gb"}],
)
NAMES = Parameter(
    "sender",
    {"type": ["array", "string"], "items": SCALAR, "minItems": 1, "maxItems": service.MAX_DELETED},
    "The names to delete, for every country.",
    True,
    ["ACME"],
)
PAGE = (
    Parameter("page", SCALAR, "From 1."),
    Parameter("limit", SCALAR, f"Rows of a page, at most {MAX_LISTED}."),
)
CREATE_CODES = ("E604", "E626", "E627", "E628", "E629", "E630", "E631")


LISTED = described(rows_of("id", "identifier", "sender", "status"))
LISTED_EXAMPLE = {
    "code": "MSG110",
    "message": "Sender ID list",
    "data": [
        {
            "id": 1, "identifier": "STROWG", "sender": "STROWG", "description": "Bookings", "iso_code": "gb", "entity_id": "",
            "status": "Approved", "purpose": "TXN", "created_at": "2026-01-01 00:00:00+00:00",
        }
    ],
    "error": {},
}  # fmt: skip
CREATED_EXAMPLE = {
    "code": "MSG107",
    "message": "Sender ID(s) created successfully",
    "data": [{"id": 1, "sender": "ACME", "iso_code": "gb", "status": "Approved"}],
    "error": {},
}
DELETED_EXAMPLE = said("MSG108", "Sender ID(s) deleted successfully", [])


def _family(family: str) -> list[Operation]:
    path = f"/{{sid}}/{family}/sender"
    return [
        Operation(
            "GET", path, f"{family}_senders", f"Sender IDs (/{family})", "The sender IDs of the account, oldest first.",
            list_senders, PAGE, result=LISTED, example=LISTED_EXAMPLE, tag=TAG, empty=[], versions=BOTH,
            permission="channels.read",
        ),
        Operation(
            "POST", path, f"{family}_create_senders", f"Create sender IDs (/{family})",
            "Asks for sender IDs. Names are approved at once where no operator has to look at them, numbers when the account "
            "owns them; the others wait as Pending. Rows that cannot be made are told in `error` by their index (MSG109).",
            create_senders, (DATA,), codes=CREATE_CODES, result=described(rows_of("id", "sender", "iso_code", "status")),
            example=CREATED_EXAMPLE, tag=TAG, empty=[], versions=BOTH, permission="channels.write",
        ),
        Operation(
            "DELETE", path, f"{family}_delete_senders", f"Delete sender IDs (/{family})",
            "Deletes sender IDs for every country. Logs and reports keep their names. One that scheduled messages need is "
            "refused with 409.",
            delete_senders, (NAMES,), codes=("E630",), result=described(rows_of()), example=DELETED_EXAMPLE, tag=TAG, empty=[],
            versions=BOTH, permission="channels.write",
        ),
        Operation(
            "GET", f"/{{sid}}/{family}/identifier", f"{family}_identifier", f"Sender IDs (older path, /{family})",
            f"The same rows as /{family}/sender.", list_senders, PAGE, result=LISTED, example=LISTED_EXAMPLE, tag=TAG,
            empty=[], versions=BOTH, permission="channels.read",
        ),
    ]  # fmt: skip


OPERATIONS = [*_family("messages"), *_family("sms")]
