"""The form of a profile: its fields, and the API's parameters out of what was typed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import msgspec

from strowger.console.code import ApiCall
from strowger.console.form import Field, Form, FormState
from strowger.console.visitor import Visitor
from strowger.platform.callbacks.profiles.credentials import mask
from strowger.platform.callbacks.profiles.encryption import ALGORITHMS
from strowger.platform.callbacks.profiles.schemas import Draft, Profile
from strowger.platform.callbacks.profiles.variables import CHANNELS
from strowger.platform.callbacks.profiles.view import as_object

METHODS = (("POST", "POST"), ("PUT", "PUT"), ("GET", "GET"), ("DELETE", "DELETE"))
TYPES = (("json", "JSON"), ("form", "Form"), ("xml", "XML"), ("html", "HTML"), ("text", "Text"))
AUTHS = (("none", "None"), ("basic", "Basic: user name and password"), ("advanced", "Advanced: a token"))
HIDDEN = "…"
# What the API calls a field that the form names otherwise.
PLACES = {"enc": "enc_key", "auth": "auth_type", "retry": "retry_count"}
PARTS: Mapping[str, tuple[str, ...]] = {
    "basic": ("title", "channel", "events", "statuses"),
    "request": ("http_method", "url", "body_type", "body", "headers", "response_message"),
    "auth": ("auth_type",),
    "auth-basic": ("username", "password"),
    "auth-advanced": (
        "token_type", "auth_method", "auth_url", "request_style", "client_id", "client_secret", "scope", "resource",
        "token_path", "expiry_path", "token_header", "token_prefix", "token_headers",
    ),
    "enc": ("enc_algo",),
    "enc-on": ("enc_key", "enc_iv", "enc_iv_mode"),
    "delivery": ("retry_count", "retry_interval", "signature"),
}  # fmt: skip


def make_form(channel: str, action: str, new: bool) -> Form:
    """The form for a profile of a channel."""
    known = CHANNELS[channel]
    secret: dict[str, Any] = {"autocomplete": "off", "attrs": {"spellcheck": "false"}, "width": "half"}
    fields = [
        Field("title", "Title", required=True, min_length=3, max_length=100, autocomplete="off", placeholder="dlr main",
              help="Letters, digits, spaces, hyphens and underscores."),
        Field("channel", "Channel", "hidden", default=channel),
        Field("http_method", "HTTP method", "select", options=METHODS, default="POST", width="half"),
        Field("body_type", "Body", "select", options=TYPES, default="json", width="half"),
        Field("url", "Endpoint", "url", required=True, max_length=2000, placeholder="https://example.net/dlr",
              help="Placeholders such as <id> may stand in path and query.", attrs={"data-insert": ""}),
        Field("body", "Body template", "textarea", max_length=20_000, rows=8, attrs={"spellcheck": "false", "data-insert": ""},
              help="A value that is one placeholder keeps its type. GET and DELETE have no body: put variables into the URL."),
        Field("headers", "Custom headers", "textarea", max_length=22_000, rows=3, placeholder="x-api-key: your key",
              help="One on each line, name: value. Stored sealed; leave a masked value to keep it.",
              attrs={"spellcheck": "false", "data-insert": ""}),
        Field("response_message", "Expected answer", max_length=500,
              help="When given, a 2xx answer must hold this text to count as taken."),
        Field("auth_type", "Authentication", "select", options=AUTHS, default="none", attrs={"data-switch": "auth"}),
        Field("username", "User name", max_length=200, **secret),
        Field("password", "Password", max_length=200, help="Shown masked when it is stored.", **secret),
        Field("token_type", "Authentication type", "select", width="half", default="oauth2_client_credentials",
              options=(("oauth2_client_credentials", "OAuth 2 client credentials"), ("custom", "Custom"))),
        Field("auth_method", "HTTP method", "select", options=(("POST", "POST"), ("GET", "GET")), default="POST", width="half"),
        Field("auth_url", "Authentication URL", "url", max_length=2000, placeholder="https://login.example.net/token"),
        Field("request_style", "Request", "select", width="half", default="form", options=(
            ("form", "Form"), ("json", "JSON"), ("basic", "Basic header"))),
        Field("client_id", "Client ID", max_length=500, **secret),
        Field("client_secret", "Client secret", max_length=500, **secret),
        Field("scope", "Scope", max_length=500, width="half"),
        Field("resource", "Resource", max_length=500, width="half"),
        Field("token_path", "Token in the answer", default="access_token", max_length=200, width="half"),
        Field("expiry_path", "Life in the answer", default="expires_in", max_length=200, width="half"),
        Field("token_header", "Header", default="Authorization", max_length=100, width="half"),
        Field("token_prefix", "Prefix", max_length=50, width="half", placeholder="Bearer",
              help="Empty: what the answer's token_type says."),
        Field("token_headers", "Headers of the token request", "textarea", rows=2, max_length=22_000),
        Field("enc_algo", "Encryption", "select", options=(("", "None"), *((name, name) for name in ALGORITHMS)),
              help="Each value is encrypted on its own; names and constants stay clear.", attrs={"data-switch": "enc"}),
        Field("enc_key", "Key", max_length=64, help="16, 24 or 32 characters, as the algorithm needs.", **secret),
        Field("enc_iv", "IV", max_length=32, help="16 characters; not used when it is random.", **secret),
        Field("enc_iv_mode", "IV for each value", "select", width="half", default="",
              options=(("", "Usual for the algorithm"), ("static", "Always this IV"), ("random", "Random, before the value"))),
        Field("retry_count", "Retries", max_length=1, width="half", placeholder="9", attrs={"inputmode": "numeric"},
              help="0 to 9. Empty: ten tries over 75.6 hours."),
        Field("retry_interval", "Seconds before each", max_length=200, width="half", placeholder="30, 120, 600"),
        Field("signature", "Sign requests (Standard Webhooks and X-Signature)", "checkbox", default=True),
    ]  # fmt: skip
    if known.events:
        options = tuple((event.event, event.label, event.hint) for event in known.events)
        first = [known.names[0]] if channel != "default" else []
        fields.insert(
            2, Field("events", "Events", "checks", options=options, default=first, required=channel != "default")
        )
    if channel == "sms":
        fields.insert(3, Field("statuses", "Statuses", max_length=200, placeholder="SENT, DELIVERED, UNDELIVERED",
                               help="Which statuses of your messages are told; empty: the final ones."))  # fmt: skip
    return Form("profile", fields, "Create" if new else "Save", action, "/callbacks/profiles", code=_api_call)


def params_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The API's parameters out of the form's texts."""

    def text(name: str) -> str:
        return str(values.get(name) or "").strip()

    params: dict[str, Any] = {
        "title": text("title"), "channel": text("channel"), "http_method": text("http_method") or "POST", "url": text("url"),
        "events": list(values.get("events") or []), "body_type": text("body_type") or "json",
        "body": str(values.get("body") or ""), "headers": _lines(str(values.get("headers") or "")),
        "response_message": text("response_message"), "statuses": text("statuses"), "auth": _auth(values),
        "signature": bool(values.get("signature")),
    }  # fmt: skip
    if text("enc_algo"):
        params["enc"] = {"algo": text("enc_algo"), "key": text("enc_key"), "IV": text("enc_iv")}
        if text("enc_iv_mode"):
            params["enc"]["iv_mode"] = text("enc_iv_mode")
    else:
        params["enc"] = None
    waits = [part.strip() for part in text("retry_interval").split(",") if part.strip()]
    params["retry"] = None
    if text("retry_count") or waits:
        params["retry"] = {"count": text("retry_count") or str(len(waits)), "interval": waits}
    return params


def _auth(values: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(values.get("auth_type") or "none")
    if kind == "basic":
        return {"type": kind, "username": values.get("username") or "", "password": values.get("password") or ""}
    if kind != "advanced":
        return {"type": "none"}
    names = PARTS["auth-advanced"]
    block = {
        name: values.get(name) or "" for name in names if name not in ("token_type", "token_headers", "token_prefix")
    }
    block["type"] = values.get("token_type") or "oauth2_client_credentials"
    block["headers"] = _lines(str(values.get("token_headers") or ""))
    if values.get("token_prefix"):
        block["token_prefix"] = values["token_prefix"]
    return {"type": "advanced", "advanced": block}


def _lines(text: str) -> dict[str, str]:
    """``name: value`` on each line; a line without a colon is a name that the service refuses."""
    pairs = (line.partition(":") for line in text.splitlines() if line.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _api_call(values: Mapping[str, Any], visitor: Visitor, base_url: str) -> ApiCall:
    """The same as a call; what is secret stays out of it."""
    params = {name: value for name, value in params_of(values).items() if value not in (None, "", [], {})}
    if params["http_method"] in ("GET", "DELETE"):
        params.pop("body", None)
    for block, name in ((params.get("auth"), "password"), (params.get("enc"), "key")):
        if isinstance(block, dict) and block.get(name):
            block[name] = HIDDEN
    advanced = params.get("auth", {}).get("advanced")
    if advanced:
        params["auth"]["advanced"] = {name: value for name, value in advanced.items() if value}
        if advanced.get("client_secret"):
            params["auth"]["advanced"]["client_secret"] = HIDDEN
    if params["auth"] == {"type": "none"}:
        del params["auth"]
    if params.get("body_type") == "json":
        del params["body_type"]
        with contextlib.suppress(msgspec.DecodeError):
            params["body"] = msgspec.json.decode(params.get("body", ""))
    return ApiCall("POST", f"{base_url}/v1/{visitor.sid}/callback/profiles", json=params)


def values_of(profile: Profile) -> dict[str, Any]:
    """What the form shows of a stored profile, secrets masked."""
    draft: Draft = profile.draft
    shown = as_object(profile)
    values: dict[str, Any] = {
        "title": draft.title, "channel": draft.channel, "events": list(draft.events), "statuses": ", ".join(draft.statuses),
        "http_method": draft.method, "url": draft.url, "body_type": draft.body_type, "body": _pretty(draft.body),
        "headers": "\n".join(f"{name}: {mask(value)}" for name, value in draft.headers.items()),
        "response_message": draft.response_message, "signature": draft.signed, "auth_type": draft.auth.type,
        "username": draft.auth.username, "password": mask(draft.auth.password),
    }  # fmt: skip
    if draft.auth.advanced is not None:
        block = shown["auth"]["advanced"]
        for name in PARTS["auth-advanced"]:
            values[name] = block.get(name, "")
        values["token_type"] = block["type"]
        values["token_headers"] = "\n".join(f"{name}: {value}" for name, value in block.get("headers", {}).items())
        for name, usual in (
            ("token_path", "access_token"),
            ("expiry_path", "expires_in"),
            ("token_header", "Authorization"),
        ):
            values[name] = values[name] or usual
    if draft.enc is not None:
        enc = shown["enc"]
        values.update(enc_algo=enc["algo"], enc_key=enc["key"], enc_iv=enc["IV"], enc_iv_mode=enc["iv_mode"])
    if draft.retry:
        values["retry_count"] = str(draft.retry["count"])
        values["retry_interval"] = ", ".join(str(wait) for wait in draft.retry["interval"])
    return values


def _pretty(body: Any) -> str:
    if body is None or isinstance(body, str):
        return body or ""
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode()


def place_of(field: str | None, form: FormState) -> str:
    """The form's field for a refused parameter; "" puts it into the summary."""
    place = PLACES.get(field or "", field or "")
    return place if any(item.name == place for item in form.form.fields) else ""
