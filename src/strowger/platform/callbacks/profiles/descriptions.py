"""How the callback profile API is described: parameters, results and examples."""

from __future__ import annotations

from typing import Any

from strowger.platform.callbacks.profiles.encryption import ALGORITHMS
from strowger.platform.callbacks.profiles.schemas import BODY_TYPES, METHODS
from strowger.platform.callbacks.profiles.variables import CHANNELS
from strowger.platform.gateway import rbc
from strowger.platform.gateway.envelope import OBJECT, TEXT, Schema
from strowger.platform.gateway.operations import Parameter

WHOLE: Schema = {"type": ["integer", "string"]}
JSON: Schema = {"type": ["object", "string"]}
LIST_OF_TEXTS: Schema = {"type": ["array", "string"], "items": {"type": "string"}}
NAME = "EU_11111111-2222-4333-8444-555555555555"
DELIVERY = "019b76da-a800-7000-8000-5a1d3c9e0f42"
PROFILE_ID = Parameter("profile_id", TEXT, "The profile's id.", True, NAME)
DELIVERY_ID = Parameter("delivery_id", TEXT, "A delivery's id, as in X-Callback-Id.", True, DELIVERY)
FIELD_CODES = (
    "RBC303", "RBC304", "RBC305", "RBC306", "RBC307", "RBC308", "RBC309", "RBC311", "RBC315", "RBC316",
)  # fmt: skip
TITLE = Parameter("title", TEXT, "3 to 100 letters, digits, spaces, hyphens, underscores; unique.", True, "dlr main")
METHOD = Parameter("http_method", TEXT, f"One of {', '.join(METHODS)}.", True, "POST")
URL = Parameter("url", TEXT, "http or https; placeholders in path and query.", True, "https://example.net/dlr")
OPTIONAL = (
    Parameter("events", LIST_OF_TEXTS, "Events of the channel; left out, its first one.", example=["sms_send"]),
    Parameter("body", JSON, "The body of POST and PUT, with placeholders: an object, or a text for other types.",
              example={"id": "<id>", "status": "<status>"}),
    Parameter("body_type", TEXT, f"One of {', '.join(BODY_TYPES)}; default json."),
    Parameter("dynamic_variables", LIST_OF_TEXTS, "Variables to send, in place of `body` or, for GET and DELETE, in the query."),
    Parameter("headers", JSON, "Up to 20 headers, values up to 1024 characters, placeholders allowed."),
    Parameter("response_message", TEXT, "When given, a 2xx answer must hold this text to count as success."),
    Parameter("enc", JSON, f"`{{algo, key, IV, iv_mode}}`, values one by one; algo one of {', '.join(ALGORITHMS)}."),
    Parameter("auth", JSON, "`{type: none}`, `{type: basic, username, password}` or `{type: advanced, advanced: {...}}`."),
    Parameter("retry", JSON, "`{count, interval}`: 0 to 9 retries and the seconds before each; default ten tries over 75.6 h."),
    Parameter("statuses", LIST_OF_TEXTS, "Statuses of messages to tell; left out, the final ones."),
    Parameter("signature", {"type": ["boolean", "string", "integer"]}, "Whether requests are signed; default true."),
)  # fmt: skip
CHANNEL = Parameter("channel", TEXT, f"One of {', '.join(CHANNELS)}; default `default`. Cannot change.", example="sms")
NEW = (TITLE, METHOD, URL, CHANNEL, *OPTIONAL)


def _optional(parameter: Parameter) -> Parameter:
    return Parameter(parameter.name, parameter.schema, parameter.text, False, None)


CHANGE = tuple(_optional(parameter) for parameter in (TITLE, METHOD, URL, *OPTIONAL))
LIMIT = Parameter("limit", WHOLE, "Rows of a page, 25 unless told, at most 100.")
OFFSET = Parameter("offset", WHOLE, "Rows to pass over.")
FROM = Parameter("from", TEXT, "ISO date or date-time.", example="2026-01-01")
TO = Parameter("to", TEXT, "ISO date (inclusive) or date-time.", example="2026-01-02")
LIST = (
    LIMIT, OFFSET, Parameter("title", TEXT, "Part of the title, at least 3 characters."),
    Parameter("channel", TEXT, "Only profiles of this channel."),
    Parameter("status", WHOLE, "1 active, 2 switched off by its failures, 3 disabled."),
    Parameter("http_method", TEXT, "Only profiles of this method."), _optional(FROM), _optional(TO),
)  # fmt: skip
REVEAL = Parameter(
    "reveal", {"type": ["integer", "string", "boolean"]}, "1: show secrets; a key with scopes needs callbacks.secrets."
)
COPY_TITLE = Parameter("title", TEXT, "The copy's title; left out, the old one with `copy`.")
TEST_EVENT = Parameter("event", TEXT, "The event to make up; left out, the profile's first one.")
OVERLAP = Parameter("overlap_hours", WHOLE, "Hours for which the old secret signs as well: 0 to 168, default 24.")
DELIVERIES = (
    Parameter("status", TEXT, "waiting, failed, dropped (several with commas), or delivered."),
    _optional(FROM), _optional(TO), LIMIT, OFFSET,
)  # fmt: skip
RETRIGGER = (
    Parameter("delivery_ids", LIST_OF_TEXTS, "Up to 1000 deliveries; left out, all that fit."),
    Parameter("status", TEXT, "failed, dropped or both; default both."), _optional(FROM), _optional(TO),
)  # fmt: skip
SPAN = (_optional(FROM), _optional(TO))
DEFAULT = (
    Parameter("event", TEXT, "The event, for example sms_send.", True, "sms_send"),
    Parameter("callback_profile_id", TEXT, "The profile; empty clears the default.", example=NAME),
)


def _envelope(data: Schema) -> Schema:
    shown = rbc.envelope(data)
    return {**shown, "properties": {**shown["properties"], "meta": OBJECT}}


def _example(data: Any, message: str, status: int = 200) -> dict[str, Any]:
    return rbc.body(data, status, "RBC024", message)


TEXTS = (
    "profile_id", "title", "url", "http_method", "headers", "body_type", "body", "created_at", "modified_at",
    "response_message", "channel", "events", "dynamic_variables",
)  # fmt: skip
PROFILE: Schema = {
    "type": "object",
    "required": [
        "profile_id", "title", "url", "http_method", "headers", "body_type", "body", "status", "created_at", "modified_at",
        "enc", "response_message", "channel", "events", "dynamic_variables", "replacers",
    ],
    "properties": {
        **dict.fromkeys(TEXTS, TEXT),
        "status": {"type": "integer"}, "enc": {"type": "object"}, "replacers": {"type": "object"},
        "statuses": {"type": "array"}, "auth": {"type": "object"}, "retry": {"type": "object"},
        "signature": {"type": "boolean"}, "signing_secrets": {"type": "array"},
        "failing_since": {"type": ["string", "null"]}, "disabled_at": {"type": ["string", "null"]},
        "disabled_reason": {"type": ["string", "null"]},
    },
}  # fmt: skip
PROFILE_EXAMPLE = {
    "profile_id": NAME, "title": "dlr main", "url": "https://example.net/dlr", "http_method": "POST", "headers": "{}",
    "body_type": "json", "body": '{"id":"<id>","status":"<status>"}', "status": 1,
    "created_at": "2026-01-05T10:11:12.000Z", "modified_at": "2026-01-05T10:11:12.000Z", "enc": {}, "response_message": "",
    "channel": "sms", "events": '["sms_send"]', "dynamic_variables": '["id","status"]',
    "replacers": {"id": "<id>", "status": "<status>"}, "statuses": [], "auth": {"type": "none"},
    "retry": {"count": 2, "interval": [30, 120]}, "signature": True, "signing_secrets": ["****8="], "failing_since": None,
    "disabled_at": None, "disabled_reason": None,
}  # fmt: skip
ONE, ONE_EXAMPLE = _envelope(PROFILE), _example(PROFILE_EXAMPLE, "Profile fetched successfully")
MANY = _envelope({"type": "array", "items": PROFILE})
MANY_EXAMPLE = {
    **_example([PROFILE_EXAMPLE], "Profiles fetched successfully"), "meta": {"total": 1, "limit": 25, "offset": 0},
}  # fmt: skip
DONE, DONE_EXAMPLE = _envelope(OBJECT), _example({}, "Done")
DELETED = _envelope({"type": "object", "required": ["profileId"]})
DELETED_EXAMPLE = _example({"profileId": NAME}, "Profile deleted successfully")
TESTED = _envelope({"type": "object", "required": ["delivery_id", "outcome", "http_status", "request", "response"]})
TESTED_EXAMPLE = _example(
    {
        "delivery_id": DELIVERY, "outcome": "delivered", "http_status": 200, "error": None, "duration_ms": 41,
        "request": {"method": "POST", "url": "https://example.net/dlr", "headers": {}, "body": '{"id":"..."}'},
        "response": {"headers": {}, "body": "ok"},
    },
    "Test event sent",
)  # fmt: skip
ROTATED = _envelope({"type": "object", "required": ["profile_id", "signing_secret"]})
ROTATED_EXAMPLE = _example({"profile_id": NAME, "signing_secret": "whsec_..."}, "Signing secret replaced")
FAILED: Schema = {
    "type": "object",
    "required": ["code", "message", "data", "error", "status"],
    "properties": {
        "code": TEXT, "message": TEXT, "data": {"type": "object"}, "status": {"type": "integer"},
        "error": {"type": "array", "items": {"type": "object", "additionalProperties": TEXT}},
    },
}  # fmt: skip
DELIVERED = _envelope({"type": "array", "items": {"type": "object", "required": ["delivery_id", "status", "attempts"]}})
DELIVERED_EXAMPLE = _example(
    [
        {
            "delivery_id": DELIVERY, "profile_id": NAME, "event": "sms_send", "reference": f"{DELIVERY}:1", "method": "POST",
            "url": "https://example.net/dlr", "attempts": 10, "status": "failed", "last_error": "http_503",
            "created_at": "2026-01-05T10:11:12.000Z", "next_attempt_at": None,
        }
    ],
    "Deliveries fetched successfully",
)  # fmt: skip
COUNTED = _envelope({"type": "object", "required": ["retriggered"]})
COUNTED_EXAMPLE = _example({"retriggered": 1}, "Deliveries are sent again")
REPORTED = _envelope({"type": "array", "items": {"type": "object", "required": ["date", "calls", "success", "failed"]}})
REPORTED_EXAMPLE = _example(
    [
        {
            "date": "2026-01-05", "profile_id": NAME, "title": "dlr main", "endpoint_host": "https://example.net:443",
            "calls": 120, "success": 118, "failed": 1, "retried": 1, "dropped": 0, "avg_ms": 43, "p95_ms": 100,
            "top_http_code": 200,
        }
    ],
    "Report fetched successfully",
)  # fmt: skip
LISTED = _envelope({"type": "array", "items": {"type": "object", "required": ["channel", "label", "events"]}})
LISTED_EXAMPLE = _example(
    [
        {
            "channel": "sms", "label": "SMS - callback dynamic variables and types from SMS",
            "events": [{"event": "sms_send", "label": "SMS Send", "variables": ["id", "status"]}],
        }
    ],
    "Variables fetched successfully",
)  # fmt: skip
DEFAULTED, DEFAULTED_EXAMPLE = _envelope(OBJECT), _example({"sms_send": NAME}, "Defaults fetched successfully")
