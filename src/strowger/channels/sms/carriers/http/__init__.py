"""The HTTP client: one carrier that is a provider's HTTP API, with an address here for its receipts and messages."""

from typing import Any
from urllib.parse import urlsplit

from strowger.channels.sms.carriers.http.config import SECRET_LIMIT, HttpConfig
from strowger.channels.sms.carriers.http.reports import HttpHook
from strowger.channels.sms.carriers.http.service import HttpCarrier
from strowger.channels.sms.carriers.loops import is_own_url
from strowger.channels.sms.carriers.schemas import Kind


def _address(config: Any) -> str:
    parts = urlsplit(config.url)
    return f"{parts.scheme}://{parts.netloc}{parts.path} ({config.method})"


KIND = Kind(
    name="http",
    title="HTTP API",
    config=HttpConfig,
    secrets=("password",),
    secret_limit=SECRET_LIMIT,
    binds=lambda config: int(config.binds),
    connect=HttpCarrier,
    address=_address,
    own=lambda config, settings: "url" if is_own_url(config.url, settings) else None,
    hook=HttpHook,
    secret_required=False,
)
