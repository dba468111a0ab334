"""How the sub-accounts API is described: its parameters, results and examples (platform.md 3)."""

from __future__ import annotations

from strowger.platform.gateway.envelope import TEXT, Schema
from strowger.platform.gateway.operations import Parameter
from strowger.platform.gateway.services import SERVICES

AMOUNT: Schema = {"type": ["number", "string"]}
EMAILS: Schema = {"type": "array", "items": TEXT, "maxItems": 10}
SWITCH: Schema = {"type": ["boolean", "string", "integer"]}
SID = Parameter("subaccount_sid", TEXT, "The sub-account's SID.", True, "HXEU0000000001GB_1")
NAME = Parameter(
    "account_name", {"type": "string", "maxLength": 160}, "Letters, digits and spaces; unique.", True, "Store Nord"
)
ALERT = (
    Parameter("low_balance_alert", SWITCH, "Tell when the balance falls under a limit; only assigned."),
    Parameter("low_balance_alert_limit", AMOUNT, "The limit; needed with the alert. `lba_limit` is the same."),
    Parameter("low_balance_alert_emails", EMAILS, "Who is told; needed with the alert. `lba_emails` is the same."),
)
MONTHLY = Parameter(
    "monthly_limit",
    {"type": ["integer", "string"]},
    "What a shared account may use in a month; empty: no limit of its own.",
)
MARGIN = Parameter("margin", AMOUNT, "Per cent put on the parent's prices, 0 to 1000. Default 0.")
IP_CONFIG = Parameter(
    "ip_config_name", {"type": ["string", "null"], "maxLength": 80},
    "Named set of addresses, yours or its own, from which its keys work, those made later included. Empty: none.",
    example="office",
)  # fmt: skip
CREATE = (
    NAME,
    Parameter("email", {"type": "string", "format": "email"}, "Address of its owner; unique.", True, "nord@shop.example"),
    Parameter("is_invited", SWITCH, "Mail the owner an invitation, valid for 72 hours. Default true."),
    Parameter("country_iso_code", TEXT, "Two letters; suits the installation's region.", True, "GB"),
    Parameter(
        "channels", {"type": "array", "items": {"enum": sorted(SERVICES)}, "minItems": 1}, "Services to enable.", True, ["sms"]
    ),
    Parameter(
        "subaccount_credit_type", {"enum": ["assigned", "shared"]}, "Own balance, or the postpaid parent's monthly limit.",
        True, "assigned",
    ),
    Parameter("credit_amount", AMOUNT, "Credit moved from the parent; needed when assigned, may be 0.", example=0),
    *ALERT,
    MONTHLY,
    MARGIN,
    IP_CONFIG,
)  # fmt: skip
CHANGE = (
    Parameter(NAME.name, NAME.schema, NAME.text, example="Store Nord"),
    Parameter("credit_amount", AMOUNT, "The new balance; the difference is moved from or to the parent."),
    *ALERT,
    MONTHLY,
    MARGIN,
    IP_CONFIG,
)
LIST = (
    Parameter("page", {"type": ["string", "integer"]}, "From 1."),
    Parameter("limit", {"type": ["string", "integer"]}, "Rows of a page, 25 unless told, at most 100."),
    Parameter("status", {"enum": ["invited", "active", "suspended", "deleted"]}, "Only these; deleted ones only so."),
    Parameter("search", TEXT, "Only those whose name holds this."),
    Parameter("reveal_key", SWITCH, "1: keys in clear, for a key that may change sub-accounts."),
)
REVEAL = (LIST[-1],)
AMOUNT_FIELD = Parameter("amount", AMOUNT, "Up to two decimals; negative withdraws to the parent.", True, 500)
CREATE_CODES = tuple(
    f"RBC{number}" for number in
    (2316, 2317, 2318, 2319, 2320, 2321, 2322, 2323, 2326, 2328, 2329, 2330, 2331, 2332, 2333, 2334, 2335, 2336, 2337, 2338,
     2340, 2341, 2345, 2346, 2348, 2352, 2353, 2354, 2355, 2356, 2357, 2360, 2362, 2363)
)  # fmt: skip
CHANGE_CODES = tuple(
    f"RBC{number}" for number in
    (2316, 2317, 2318, 2319, 2323, 2331, 2332, 2333, 2334, 2335, 2336, 2340, 2341, 2352, 2353, 2354, 2355, 2356, 2358, 2359,
     2360, 2361, 2362, 2363)
)  # fmt: skip
ONE_CODES = ("RBC2323", "RBC2358", "RBC2360")
STATE_CODES = (*ONE_CODES, "RBC2359")
RECHARGE_CODES = (*STATE_CODES, "RBC2316", "RBC2317", "RBC2318", "RBC2349", "RBC2350", "RBC2354")
OBJECT: Schema = {
    "type": "object",
    "required": ["account_name", "email", "status", "sid", "api_key", "channels", "subaccount_credit_type", "balance"],
    "properties": {
        **dict.fromkeys(("account_name", "email", "status", "sid", "api_key", "subaccount_credit_type"), TEXT),
        "channels": {"type": "array", "items": TEXT},
        "low_balance_alert": {"type": "boolean"},
        "balance": {"type": ["number", "null"]},
        "ip_config_name": {"type": ["string", "null"]},
    },
}


EXAMPLE = {
    "account_name": "Store Nord", "email": "nord@shop.example", "status": "invited", "sid": "HXEU0000000001GB_1",
    "api_key": "A00000000000000000000000000000000", "channels": ["sms"], "low_balance_alert": True,
    "subaccount_credit_type": "assigned", "balance": 1200.5, "ip_config_name": "office", "country_iso_code": "GB",
    "currency_code": "EUR", "margin": 0, "created_at": "2026-01-01T00:00:00+00:00", "low_balance_alert_limit": 100,
    "low_balance_alert_emails": ["nord@shop.example"],
}  # fmt: skip
RECHARGED: Schema = {
    "type": "object",
    "required": ["sid", "balance", "parent_balance"],
    "properties": {"sid": TEXT, "balance": {"type": "number"}, "parent_balance": {"type": "number"}},
}
