"""The routes of SMS templates, each with its description (sms.md 3.16)."""

from __future__ import annotations

from strowger.channels.sms.message_templates import service
from strowger.channels.sms.message_templates.api import (
    MAX_LIMIT,
    create_templates,
    delete_template,
    list_templates,
    one_template,
)
from strowger.channels.sms.message_templates.rules import MAX_CONTENT, MAX_TITLE
from strowger.channels.sms.message_templates.schemas import PURPOSES
from strowger.platform.gateway.envelope import TEXT, Schema, described, rows_of, said
from strowger.platform.gateway.operations import Operation, Parameter

TAG = "Templates"
BOTH = ("v1", "v2")
SCALAR: Schema = {"type": ["string", "integer"]}
ROW: Schema = {
    "type": "object",
    "required": ["title", "content", "sender", "purpose"],
    "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": MAX_TITLE},
        "content": {"type": "string", "minLength": 1, "maxLength": MAX_CONTENT},
        "sender": {"type": ["string", "array"], "items": TEXT},
        "purpose": {"enum": list(PURPOSES)},
        "template_id": SCALAR,
        "entity_id": SCALAR,
        "iso_code": TEXT,
        "language": TEXT,
        "defaults": {"type": "object", "additionalProperties": TEXT},
    },
}
DATA = Parameter(
    "data",
    {"type": ["array", "string"], "items": ROW, "minItems": 1, "maxItems": service.MAX_CREATED},
    "The templates: title, text, sender ID and purpose of each; in India also its template and entity id. In a form, the "
    "list as JSON text.",
    True,
    [{"title": "Order sent", "content": "Dear {name}, your order has left us.", "sender": "ACME", "purpose": "TXN"}],
)
TEMPLATE_ID = Parameter("template_id", TEXT, "The template id, or the row's id.", True, "1107000000000000001")
FILTERS = (
    Parameter("status", TEXT, '{"is": 1}: 0 Pending, 1 Approved, 2 Rejected, 3 Deleted, 4 Disabled, 5 Draft.'),
    Parameter("title", TEXT, '{"like": "order"}, or the whole title.'),
    Parameter("sender_id", TEXT, "Only templates of this sender ID."),
    Parameter("purpose", TEXT, f"Only this purpose: {', '.join(PURPOSES)}."),
    Parameter("created_at", TEXT, '{"from": "2026-01-01", "to": "2026-01-31"}.'),
    Parameter("page", SCALAR, "From 1."),
    Parameter("limit", SCALAR, f"Rows of a page, 50 unless told, at most {MAX_LIMIT}."),
)
CREATE_CODES = ("E604", "E605", "E608", "E609", "E626", "E627", "E629", "E632", "E633")
SHOWN_KEYS = ["id", "title", "content", "sender_id", "template_id", "purpose", "status", "created_at", "full_name"]
SHOWN: Schema = {"type": "object", "required": SHOWN_KEYS}
SHOWN_EXAMPLE = {
    "id": 1, "title": "Order sent", "content": "Dear {name}, your order has left us.", "sender_id": "ACME",
    "template_id": "1107000000000000001", "entity_id": "", "purpose": "TXN", "iso_code": "gb", "language": "en",
    "status": 1, "version": 1, "created_at": "2026-01-01 00:00:00+00:00", "full_name": "API",
}  # fmt: skip


def _many(keys: list[str]) -> Schema:
    return described(rows_of(*keys))


def _family(family: str) -> list[Operation]:
    path = f"/{{sid}}/{family}/template"
    return [
        Operation(
            "GET", path, f"{family}_templates", f"Templates (/{family})",
            "The account's templates, newest first. Filters are values, or objects of operators as JSON text.",
            list_templates, FILTERS, codes=("E634",), result=_many(SHOWN_KEYS),
            example={**said("MSG113", "Template list", [SHOWN_EXAMPLE]), "meta": {"page": 1, "limit": 50, "total": 1}},
            tag=TAG, empty=[], versions=BOTH, permission="channels.read",
        ),
        Operation(
            "POST", path, f"{family}_create_templates", f"Create templates (/{family})",
            "Stores templates. Outside countries with a registry the template id is made when none is given. Rows that "
            "cannot be made are told in `error` by their index (MSG112).",
            create_templates, (DATA,), codes=CREATE_CODES, result=_many(["id", "template_id", "status"]),
            example=said("MSG111", "Template(s) created successfully",
                          [{"id": 1, "template_id": "1107000000000000001", "status": 1}]),
            tag=TAG, empty=[], versions=BOTH, permission="channels.write",
        ),
        Operation(
            "GET", f"{path}/{{template_id}}", f"{family}_one_template", f"One template (/{family})",
            "One template, by its template id or its row's id.", one_template, path_parameters=(TEMPLATE_ID,),
            result=described(SHOWN), example=said("MSG113", "Template", SHOWN_EXAMPLE), tag=TAG, empty=[],
            versions=BOTH, permission="channels.read",
        ),
        Operation(
            "DELETE", f"{path}/{{template_id}}", f"{family}_delete_template", f"Delete a template (/{family})",
            "Deletes a template. Reports and history keep it.", delete_template, path_parameters=(TEMPLATE_ID,),
            codes=("E636",), result=_many([]), example=said("MSG114", "Template deleted successfully", []), tag=TAG,
            empty=[], versions=BOTH, permission="channels.write",
        ),
    ]  # fmt: skip


OPERATIONS = [*_family("messages"), *_family("sms")]
