"""What a sub-account is made of: reading requests (platform.md 3.2, 3.4, 3.5), and its shape in answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import phonenumbers

from strowger.foundation.errors import StrowgerError
from strowger.foundation.money import ZERO
from strowger.platform.gateway.services import SERVICES

ASSIGNED, SHARED = "assigned", "shared"
MAX_CONFIG_NAME = 80
MAX_NAME, MAX_EMAILS, MAX_SUBACCOUNTS = 160, 10, 5_000
MAX_AMOUNT, MAX_MONTHLY, MAX_MARGIN = Decimal(10**11), 10**9, Decimal(1000)
NAME = re.compile(r"[^\W_]+(?: [^\W_]+)*")
EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,}")
ALIASES = {
    "lba_limit": "low_balance_alert_limit",
    "lba_emails": "low_balance_alert_emails",
    "monthly_usage_limit": "monthly_limit",
}
CHANGEABLE = ("account_name", "credit_amount", "monthly_limit", "margin", "ip_config_name")
FIXED = ("email", "channels", "country_iso_code", "subaccount_credit_type")
TRUE, FALSE = {"1", "true", "on", "yes"}, {"0", "false", "off", "no", ""}
Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Alert:
    """A low-balance alert: under which balance, and who is told."""

    limit: Decimal
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewSubaccount:
    """A checked wish for a sub-account."""

    name: str
    email: str
    is_invited: bool
    country: str
    channels: tuple[str, ...]
    credit_type: str
    credit: Decimal = ZERO
    alert: Alert | None = None
    monthly_limit: int | None = None
    margin: Decimal = ZERO
    ip_config: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """A checked change; what is None (or not in ``given``) stays."""

    given: frozenset[str]
    name: str = ""
    credit: Decimal | None = None
    alert: Alert | None = None
    monthly_limit: int | None = None
    margin: Decimal = ZERO
    ip_config: str = ""


def _refuse(code: str, field: str, detail: str | None = None) -> StrowgerError:
    return StrowgerError(code, detail, field=field)


def with_aliases(params: Params) -> dict[str, Any]:
    """Parameters under their names of the reference."""
    return {ALIASES.get(name, name): value for name, value in params.items()}


def read_switch(params: Params, name: str, default: bool) -> bool:
    """A yes or no. Raises E400."""
    value = params.get(name)
    if value is None or isinstance(value, bool):
        return default if value is None else value
    text = str(value).strip().lower()
    if text not in TRUE | FALSE:
        raise _refuse("E400", name, "Must be true or false")
    return text in TRUE


def _number(value: Any, code: str, field: str, places: int = 6) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _refuse(code, field)
    try:
        number = Decimal(str(value).strip())
        fits = number.is_finite() and abs(number) < MAX_AMOUNT and number == number.quantize(Decimal(1).scaleb(-places))
    except InvalidOperation:
        raise _refuse(code, field) from None
    if not fits:
        raise _refuse(code, field, f"At most {places} decimals")
    return number


def read_name(params: Params) -> str:
    """The account's name. Raises RBC2355."""
    name = params.get("account_name")
    if not isinstance(name, str) or not NAME.fullmatch(name.strip()) or len(name.strip()) > MAX_NAME:
        raise _refuse("RBC2355", "account_name")
    return name.strip()


def read_email(value: Any) -> str:
    """An e-mail address in lower case. Raises RBC2320."""
    if not isinstance(value, str) or not EMAIL.fullmatch(value.strip()):
        raise _refuse("RBC2320", "email", "Must be an e-mail address")
    return value.strip().lower()


def read_country(params: Params, pod: str) -> str:
    """An ISO country that suits the installation's pod. Raises RBC2328, RBC2329, RBC2330."""
    value = params.get("country_iso_code")
    if value is None or value == "":
        raise _refuse("RBC2330", "country_iso_code")
    country = value.strip().upper() if isinstance(value, str) else ""
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise _refuse("RBC2328" if pod in ("eu", "na") else "RBC2329", "country_iso_code")
    if pod == "in" and country != "IN":
        raise _refuse("RBC2329", "country_iso_code", "This installation serves India")
    return country


def read_channels(value: Any) -> tuple[str, ...]:
    """Services to enable. Raises RBC2337, RBC2338."""
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise _refuse("RBC2337", "channels")
    found = tuple(dict.fromkeys(item.strip().lower() for item in value))
    for item in found:
        if item not in SERVICES:
            raise _refuse("RBC2338", "channels", item[:40])
    return found


def read_alert(params: Params) -> Alert | None:
    """The low-balance alert, or None when it is off. Raises RBC2319, RBC2333, RBC2335, RBC2336, RBC2340, RBC2341."""
    if not read_switch(params, "low_balance_alert", False):
        return None
    limit, emails = params.get("low_balance_alert_limit"), params.get("low_balance_alert_emails")
    if limit is None or limit == "" or emails is None or emails == []:
        missing = "low_balance_alert_limit" if limit is None or limit == "" else "low_balance_alert_emails"
        raise _refuse("RBC2319", missing)
    amount = _number(limit, "RBC2333", "low_balance_alert_limit")
    if amount < 0:
        raise _refuse("RBC2333", "low_balance_alert_limit")
    if not isinstance(emails, list) or not all(isinstance(item, str) for item in emails):
        raise _refuse("RBC2336", "low_balance_alert_emails")
    if len(emails) > MAX_EMAILS:
        raise _refuse("RBC2340", "low_balance_alert_emails")
    cleaned = [item.strip().lower() for item in emails]
    for item in cleaned:
        if not EMAIL.fullmatch(item):
            raise _refuse("RBC2335", "low_balance_alert_emails", item[:100])
    if len(set(cleaned)) < len(cleaned):
        raise _refuse("RBC2341", "low_balance_alert_emails")
    return Alert(amount, tuple(cleaned))


def read_monthly_limit(params: Params) -> int | None:
    """The monthly limit, None for none. Raises RBC2331, RBC2332."""
    value = params.get("monthly_limit")
    if value is None or value == "":
        return None
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"-?\d{1,12}", text, re.ASCII) or not -1 < int(text) <= MAX_MONTHLY:
        raise _refuse("RBC2332", "monthly_limit")
    if int(text) == 0:
        raise _refuse("RBC2331", "monthly_limit")
    return int(text)


def read_margin(params: Params) -> Decimal:
    """The margin in per cent. Raises RBC2362."""
    value = params.get("margin")
    if value is None or value == "":
        return ZERO
    margin = _number(value, "RBC2362", "margin", 4)
    if not 0 <= margin <= MAX_MARGIN:
        raise _refuse("RBC2362", "margin")
    return margin


def read_ip_config(params: Params) -> str:
    """The name of an IP configuration, "" for none. Raises RBC2363."""
    value = params.get("ip_config_name")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MAX_CONFIG_NAME or "\0" in value:
        raise _refuse("RBC2363", "ip_config_name")
    return value.strip()


def _read_credit(params: Params) -> Decimal:
    credit = _number(params["credit_amount"], "RBC2334", "credit_amount")
    if credit < 0:
        raise _refuse("RBC2334", "credit_amount")
    return credit


def _given(params: Params, *names: str) -> bool:
    return any(params.get(name) not in (None, "") for name in names)


def _check_kind(params: Params, credit_type: str) -> None:
    """Refuse what does not go with the credit type. Raises RBC2352, RBC2353, RBC2354."""
    if credit_type == ASSIGNED:
        if _given(params, "monthly_limit"):
            raise _refuse("RBC2353", "monthly_limit")
        return
    if _given(params, "credit_amount"):
        raise _refuse("RBC2354", "credit_amount")
    alert_on = read_switch(params, "low_balance_alert", False)
    if alert_on or _given(params, "low_balance_alert_limit", "low_balance_alert_emails"):
        raise _refuse("RBC2352", "low_balance_alert")


def read_new(params: Params, pod: str, parent_kind: str) -> NewSubaccount:
    """A wish for a sub-account of a prepaid or postpaid parent. Raises the codes of platform.md 3.7."""
    if not params:
        raise StrowgerError("RBC2318")
    params = with_aliases(params)
    name, email = read_name(params), read_email(params.get("email"))
    if _given(params, "customer_type_id"):
        raise _refuse("RBC2321", "customer_type_id")
    country, channels = read_country(params, pod), read_channels(params.get("channels"))
    credit_type = params.get("subaccount_credit_type")
    if credit_type not in (ASSIGNED, SHARED):
        raise _refuse("RBC2346", "subaccount_credit_type")
    if credit_type == SHARED and parent_kind != "postpaid":
        raise _refuse("RBC2348", "subaccount_credit_type")
    _check_kind(params, credit_type)
    invited, margin = read_switch(params, "is_invited", True), read_margin(params)
    config = read_ip_config(params)
    if credit_type == SHARED:
        limit = read_monthly_limit(params)
        return NewSubaccount(name, email, invited, country, channels, SHARED, ZERO, None, limit, margin, config)
    if not _given(params, "credit_amount"):
        raise _refuse("RBC2345", "credit_amount")
    return NewSubaccount(
        name,
        email,
        invited,
        country,
        channels,
        ASSIGNED,
        _read_credit(params),
        read_alert(params),
        None,
        margin,
        config,
    )


def read_changes(params: Params, credit_type: str) -> Changes:
    """A change of a sub-account; only what is passed changes. Raises the codes of platform.md 3.7."""
    if not params:
        raise StrowgerError("RBC2318")
    params = with_aliases(params)
    for name in FIXED:
        if name in params:
            raise _refuse("RBC2361", name)
    _check_kind(params, credit_type)
    given: set[str] = {name for name in CHANGEABLE if name in params}
    alert = None
    if {"low_balance_alert", "low_balance_alert_limit", "low_balance_alert_emails"} & params.keys():
        given.add("low_balance_alert")
        alert = read_alert({"low_balance_alert": True, **params})
    if not given:
        raise StrowgerError("RBC2318", "Nothing that can be changed is in it")
    return Changes(
        frozenset(given),
        read_name(params) if "account_name" in given else "",
        _read_credit(params) if "credit_amount" in given else None,
        alert,
        read_monthly_limit(params),
        read_margin(params),
        read_ip_config(params),
    )


def read_amount(params: Params) -> Decimal:
    """The amount of a recharge; negative withdraws. Raises RBC2318, RBC2350."""
    if not params:
        raise StrowgerError("RBC2318")
    amount = _number(params.get("amount"), "RBC2350", "amount", 2)
    if not amount:
        raise _refuse("RBC2350", "amount")
    return amount


def mask_key(hint: str | None) -> str:
    """A key as it is shown: its first and last characters."""
    return f"A…{hint}" if hint else ""


def public_object(row: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
    """A sub-account as the API answers it (platform.md 3.3). ``key`` is its key in clear where that may be shown."""
    shared = row["credit_type"] == SHARED
    found: dict[str, Any] = {
        "account_name": row["name"],
        "email": row["email"],
        "status": row["status"],
        "sid": row["sid"],
        "api_key": key or mask_key(row["key_hint"]),
        "channels": row["channels"],
        "low_balance_alert": row["low_balance_alert"],
        "subaccount_credit_type": row["credit_type"],
        "balance": None if shared else float(row["balance"]),
        "ip_config_name": row["ip_config_name"],
        "country_iso_code": row["country"],
        "currency_code": row["currency"],
        "margin": float(row["margin"]),
        "created_at": row["created_at"].isoformat(timespec="seconds"),
    }
    if shared:
        found |= {"usage": float(row["month_usage"]), "monthly_limit": _whole(row["month_limit"])}
    if row["low_balance_alert"]:
        found |= {"low_balance_alert_limit": float(row["low_at"] or 0), "low_balance_alert_emails": row["alert_emails"]}
    return found


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else int(value)
