"""A profile as the API shows it (platform.md 5.2): texts where the reference has texts, secrets masked unless revealed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from strowger.foundation.clock import utc_text
from strowger.platform.callbacks.profiles.credentials import mask
from strowger.platform.callbacks.profiles.picking import names_in, replacers_of
from strowger.platform.callbacks.profiles.schemas import Auth, Encryption, Profile, retry_of
from strowger.platform.callbacks.signing import secret_text

Show = Callable[[str], str]


def as_object(profile: Profile, reveal: bool = False) -> dict[str, Any]:
    """The profile's object; ``reveal`` shows its secrets."""
    draft = profile.draft
    show: Show = str if reveal else mask
    retries, waits = retry_of(draft.retry)
    return {
        "profile_id": profile.name,
        "title": draft.title,
        "url": draft.url,
        "http_method": draft.method,
        "headers": json_text({name: show(text) for name, text in draft.headers.items()}),
        "body_type": draft.body_type,
        "body": draft.body if isinstance(draft.body, str) else json_text(draft.body or {}),
        "status": int(profile.status),
        "created_at": utc_text(profile.created_at, "milliseconds"),
        "modified_at": utc_text(profile.modified_at, "milliseconds"),
        "enc": _encryption(draft.enc, show),
        "response_message": draft.response_message,
        "channel": draft.channel,
        "events": json_text(list(draft.events)),
        "dynamic_variables": json_text(names_in(draft)),
        "replacers": replacers_of(draft),
        "statuses": list(draft.statuses),
        "auth": _auth(draft.auth, show),
        "retry": {"count": retries, "interval": list(waits)},
        "signature": draft.signed,
        "signing_secrets": [show(secret_text(secret)) for secret in profile.secrets],
        "failing_since": utc_text(profile.failing_since, "milliseconds"),
        "disabled_at": utc_text(profile.disabled_at, "milliseconds"),
        "disabled_reason": profile.disabled_why,
    }


def json_text(value: Any) -> str:
    """JSON as a text, as the reference answers it."""
    return msgspec.json.encode(value).decode()


def _encryption(enc: Encryption | None, show: Show) -> dict[str, Any]:
    if enc is None:
        return {}
    return {"algo": enc.algo, "key": show(enc.key), "IV": enc.iv, "iv_mode": enc.iv_mode}


def _auth(auth: Auth, show: Show) -> dict[str, Any]:
    if auth.type == "basic":
        return {"type": "basic", "username": auth.username, "password": show(auth.password)}
    if auth.advanced is None:
        return {"type": "none"}
    token = auth.advanced
    block: dict[str, Any] = msgspec.to_builtins(token)
    block.update(type=token.type, auth_method=token.auth_method, request_style=token.request_style)
    block["client_secret"] = show(token.client_secret)
    if token.headers:
        block["headers"] = {name: show(text) for name, text in token.headers.items()}
    if token.token_algorithm is not None:
        block["token_algorithm"] = _encryption(token.token_algorithm, show)
    return {"type": "advanced", "advanced": block}
