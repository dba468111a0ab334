"""How the SMS API is described: its parameters, results and examples (sms.md 3.2, 3.10, 3.11)."""

from __future__ import annotations

from strowger.channels.sms.fields import (
    FIRST_PORT,
    LAST_PORT,
    MAX_BODY,
    MAX_RECIPIENTS,
    MAX_REFERENCE,
    MAX_REFERENCES,
    MAX_SOURCE,
    MAX_VALIDITY,
    TYPES,
)
from strowger.platform.gateway.envelope import INTEGER, TEXT, Schema, described, said
from strowger.platform.gateway.operations import Parameter

SWITCH: Schema = {"enum": [0, 1, "0", "1", True, False]}
REFERENCE: Schema = {"type": ["string", "integer"], "maxLength": MAX_REFERENCE}
EXAMPLE_ID = "019b76da-a800-7000-8000-5a1d3c9e0f42"
NUMBER = "447700900123"

TO = Parameter(
    "to",
    {
        "type": ["string", "integer", "array"],
        "minLength": 1,
        "items": {"type": ["string", "integer"]},
        "minItems": 1,
        "maxItems": MAX_RECIPIENTS,
    },
    "Recipients in international form, + optional; up to 100, separated by commas or as a list. Duplicates are sent to once.",
    required=True,
    example=NUMBER,
)
SENDER = Parameter(
    "sender", {"type": ["string", "integer"]}, "A sender ID of the account; `from` is the same.", True, "STROWG"
)
FROM = Parameter("from", {"type": ["string", "integer"]}, "The same as `sender`.")
BODY = Parameter(
    "body",
    {"type": ["string", "integer"], "minLength": 1, "maxLength": MAX_BODY},
    f"The text, up to {MAX_BODY} characters and 10 parts; not needed with `template_id`.",
    False,
    "Your table is ready.",
)
TIMEZONE = Parameter("timezone", TEXT, "Zone of a time without offset, like Europe/London. Default: the account's.")
NEW_TIME = Parameter("time", TEXT, "The new time, ISO 8601 with offset.", True, "2026-02-01T09:00:00+00:00")
SCHEDULE_ID = Parameter("id", TEXT, "The id of a request, or of one of its messages.", True, EXAMPLE_ID)
COMMON = (
    Parameter("type", {"type": "string"}, f"Route: {', '.join(sorted(TYPES))}. Default DEFAULT.", example="TXN"),
    Parameter("source", {"type": "string", "maxLength": MAX_SOURCE}, "Origin shown in logs. Default API."),
    Parameter("ref", REFERENCE, "Your reference, returned in callbacks."),
    Parameter("ref1", REFERENCE, "Your second reference."),
    Parameter("ref2", REFERENCE, "Your third reference."),
    Parameter(
        "ref_custom",
        {"type": ["string", "array"], "items": {"type": ["string", "integer"]}, "maxItems": MAX_REFERENCES},
        "Up to 10 references as a list; in a form as its text, single or double quotes.",
    ),
    Parameter("prefix", {"type": ["string", "integer"]}, "Country calling code for numbers that lack one: +91."),
    Parameter("unicode", {"enum": [0, 1, "0", "1", True, False, "Auto"]}, "1: UCS-2, 0: GSM-7, Auto (default)."),
    Parameter("flash", SWITCH, "1: shown at once and not stored (class 0)."),
    Parameter(
        "port",
        {"type": ["string", "integer"], "minimum": FIRST_PORT, "maximum": LAST_PORT},
        "Application port on the handset: the message goes to the program there, not to the inbox. Shortens what a part holds.",
    ),
    Parameter(
        "validity",
        {"type": ["string", "integer"], "minimum": 1, "maximum": MAX_VALIDITY},
        "Minutes after which an undelivered message expires. Default 2880.",
    ),
    Parameter("dlr", SWITCH, "0: ask the operator for no receipt; the final status stays Sent."),
    Parameter(
        "callback",
        {"type": ["string", "object"]},
        "Where to report the final status: a URL, or an object with url, method, header, payload, retry, events.",
        example="https://example.net/dlr",
    ),
    Parameter(
        "callback_profile_id",
        {"type": "string"},
        "A saved callback profile of the channel SMS, `<POD>_<uuid>`; it wins over `callback`.",
    ),
    Parameter("campaign_name", {"type": "string", "maxLength": 100}, "Groups requests in reports: letters, digits, _ and -."),
    Parameter(
        "template_id",
        {"type": ["string", "integer"]},
        "Template id, 12 to 30 digits; without `body` its approved text is sent.",
    ),
    Parameter(
        "template_data",
        {"type": ["object", "array", "string"]},
        "Values of the template's variables: by name, as var1, var2 ... for {#var#}, or a list in order; JSON text in a form.",
    ),
    Parameter("variables", {"type": ["object", "array", "string"]}, "The same as `template_data`."),
    Parameter("entity_id", {"type": ["string", "integer"]}, "Principal entity id, 12 to 19 digits; kept with the message."),
    Parameter("channel", {"type": "string"}, "SMS, in any case."),
    Parameter("time", TEXT, "When to send, ISO 8601 with offset: 15 minutes to 3 months ahead.", example=None),
    TIMEZONE,
    Parameter(
        "url_data",
        {"type": ["object", "string"]},
        "Short links: an object with shorten_url, url (takes the place of {URL} in the text), slug, track_user, expiry, "
        "callback_url or callback_profile_id (of channel url_shortener). Without url and {URL} each link of the text is shortened. "
        "<short link>/{kadvanced} in a text becomes a link of the recipient's own.",
    ),
)  # fmt: skip
SEND = (TO, SENDER, FROM, BODY, *COMMON)
NODE: Schema = {
    "type": "object",
    "required": ["to"],
    "properties": {
        "to": {"type": ["string", "integer"], "minLength": 1},
        "from": {"type": ["string", "integer"]},
        "body": {"type": ["string", "integer"], "maxLength": MAX_BODY},
    },
}
BATCH = (
    Parameter(
        "sms",
        {"type": ["array", "string", "object"], "items": NODE, "minItems": 1, "maxItems": 1000},
        "The nodes, up to 1,000. Of its own a node may have to, from, body, type, template_id, entity_id, unicode, flash, time, "
        "validity, dlr, ref, ref1, ref2, ref_custom, prefix, url_data, callback and callback_profile_id.",
        True,
        [{"to": NUMBER, "body": "Your table is ready, Ada."}, {"to": "447700900124"}],
    ),
    Parameter("from", {"type": ["string", "integer"]}, "A sender ID of the account; `sender` is the same.", example="STROWG"),
    Parameter("sender", {"type": ["string", "integer"]}, "The same as `from`."),
    Parameter("body", {"type": ["string", "integer"], "maxLength": MAX_BODY}, "The text of nodes that have none.",
              example="Your table is ready."),
    *COMMON,
)  # fmt: skip
SEND_CODES = (
    "E601", "E602", "E603", "E604", "E605", "E606", "E607", "E608", "E609", "E610", "E611", "E612", "E613", "E614", "E615",
    "E616", "E617", "E618", "E619", "E620", "E621", "E622", "E626", "E627",
)  # fmt: skip
SENT: Schema = {
    "type": "object",
    "required": ["id", "sender", "type", "body", "source", "createdDateTime", "totalCount", "data", "dlrurl", "error"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "sender": TEXT,
        "type": TEXT,
        "body": TEXT,
        "source": TEXT,
        "createdDateTime": TEXT,
        "totalCount": {"type": "integer"},
        "data": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message_id", "recipient"],
                "properties": {"message_id": TEXT, "recipient": TEXT},
            },
        },
        "dlrurl": {"type": ["string", "null"]},
        "error": {"type": "object"},
        "flash": {"type": "integer"},
        "unicode": {"type": "integer"},
        "prefix": TEXT,
        "ref_custom": {"type": "array", "items": TEXT},
        "template_id": TEXT,
        "callback_profile_id": TEXT,
        "time": TEXT,
    },
}
BATCH_CODES = (*(code for code in SEND_CODES if code not in ("E601", "E602")), "E623")
BATCH_SENT: Schema = {
    **SENT, "properties": {**SENT["properties"], "sender": {"type": ["string", "null"]}, "body": {"type": ["string", "null"]}},
}  # fmt: skip
SENT_EXAMPLE = {
    "id": EXAMPLE_ID,
    "sender": "STROWG",
    "type": "TXN",
    "body": "Your table is ready.",
    "source": "API",
    "createdDateTime": "2026-01-01 00:00:00+00:00",
    "totalCount": 1,
    "data": [{"message_id": f"{EXAMPLE_ID}:1", "recipient": NUMBER}],
    "dlrurl": "https://example.net/dlr",
    "error": {},
}
BATCH_EXAMPLE = {
    **SENT_EXAMPLE,
    "totalCount": 2,
    "data": [
        {"message_id": f"{EXAMPLE_ID}:1", "recipient": NUMBER},
        {"message_id": f"{EXAMPLE_ID}:2", "recipient": "447700900124"},
    ],
    "dlrurl": None,
}
CHANGED = described(
    {
        "type": "object",
        "required": ["id", "status", "totalCount"],
        "properties": {"id": TEXT, "status": TEXT, "time": TEXT, "totalCount": INTEGER},
    }
)
MOVED_EXAMPLE = said(
    "MSG115", "Schedule changed successfully",
    {"id": EXAMPLE_ID, "status": "Scheduled", "time": "2026-02-01 09:00:00+00:00", "totalCount": 1},
)  # fmt: skip
CANCELLED_EXAMPLE = said(
    "MSG115", "Schedule cancelled successfully", {"id": EXAMPLE_ID, "status": "Cancelled", "totalCount": 1}
)
IDS = Parameter(
    "message_ids",
    {"type": ["string", "array"], "items": TEXT, "minLength": 1},
    "Up to 100 message ids, separated by commas; an id without :n means all messages of that request.",
    True,
    f"{EXAMPLE_ID}:1",
)
MESSAGE_ID = Parameter("message_id", TEXT, "A message id, or the id of a request.", True, f"{EXAMPLE_ID}:1")
STATUSES: Schema = {
    "type": "object",
    "required": ["data", "error"],
    "properties": {
        "data": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["campaign_id", "status", "status_details"],
                "properties": {"campaign_id": TEXT, "message_id": TEXT, "status": TEXT, "status_details": TEXT},
            },
        },
        "error": {"type": "object"},
    },
}
STATUS_EXAMPLE = {
    "data": [{"campaign_id": f"{EXAMPLE_ID}:1", "status": "Delivered", "status_details": "DELIVERED"}],
    "error": {},
}
LOG = (
    Parameter("from_date", TEXT, "ISO date or date-time, at most 90 days back. Default today.", example="2026-01-01"),
    Parameter("to_date", TEXT, "ISO date (inclusive) or date-time, at most 7 days later.", example="2026-01-02"),
    Parameter("status", TEXT, "Only messages of this status."),
    Parameter("status_trace", TEXT, "Only messages with this trace."),
    Parameter("id", TEXT, "Only this message or request."),
    Parameter("direction", {"type": "string"}, "MT (sent) or MO (received)."),
    Parameter("page", {"type": ["string", "integer"]}, "From 1."),
    Parameter("limit", {"type": ["string", "integer"]}, "Rows of a page, 50 unless told, at most 500."),
)
LOG_FILTERS = (
    *LOG,
    Parameter("type", {"type": "string"}, "Only messages of this type."),
    Parameter("sender", {"type": ["string", "integer"]}, "Only messages of this sender."),
    Parameter("to", {"type": ["string", "integer"]}, "Only messages to this number."),
    Parameter("campaign_name", TEXT, "Only messages of this campaign."),
)
LOG_CODES = ("E634",)
LOGGED: Schema = {
    "type": "object",
    "required": ["data", "meta", "error"],
    "properties": {
        "data": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message_id", "id", "sender", "recipient", "type", "body", "status", "status_details"],
            },
        },
        "meta": {
            "type": "object",
            "required": ["page", "limit", "total"],
            "properties": {name: {"type": "integer"} for name in ("page", "limit", "total")},
        },
        "error": {"type": "object"},
    },
}
LOG_EXAMPLE = {
    "data": [
        {
            "message_id": f"{EXAMPLE_ID}:1", "id": EXAMPLE_ID, "direction": "MT", "sender": "STROWG", "recipient": NUMBER,
            "type": "TXN", "body": "Your table is ready.", "status": "Delivered", "status_details": "DELIVERED", "units": 1,
            "sms_length": 20, "country": "GB", "network": None, "source": "API", "campaign_name": None, "template_id": None,
            "ref": None, "ref1": None, "ref2": None, "createdDateTime": "2026-01-01 00:00:00+00:00",
            "sentDateTime": "2026-01-01 00:00:00+00:00", "deliveredDateTime": "2026-01-01 00:00:03+00:00",
        }
    ],
    "meta": {"page": 1, "limit": 50, "total": 1},
    "error": {},
}  # fmt: skip
