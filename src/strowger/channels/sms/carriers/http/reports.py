"""What an HTTP carrier hands in: delivery receipts and incoming messages as JSON, form or query, by the configured fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from strowger.channels.sms.carriers.http import paths
from strowger.channels.sms.carriers.http.answers import MAX_ID
from strowger.channels.sms.carriers.http.config import HttpConfig, networks_of
from strowger.channels.sms.carriers.http.signing import Signature
from strowger.channels.sms.carriers.http.status_words import read_word, translate
from strowger.channels.sms.carriers.schemas import Delivery
from strowger.foundation.errors import StrowgerError
from strowger.messaging.outcomes import Incoming, Receipt

MAX_ITEMS = 1000
MAX_FIELDS = 200
MAX_NUMBER, MAX_TEXT, MAX_WORD = 30, 5000, 100


def _refused(reason: str) -> StrowgerError:
    return StrowgerError("HOOK", reason, status=400)


class HttpHook:
    """Reads the reports of one carrier."""

    def __init__(self, config: HttpConfig) -> None:
        self._config = config
        self._words = {word.strip().lower(): read_word(word, text) for word, text in config.receipt_statuses.items()}
        self.networks: Sequence[str] = networks_of(config.hook_networks)
        self.answer: str = config.hook_answer
        self._signature = Signature(config)

    def check(self, delivery: Delivery, secret: str | None, now: datetime) -> Delivery:
        """What may be believed of a delivery. Raises StrowgerError HOOK (401) when its signature does not fit."""
        return replace(delivery, fields=self._signature.check(delivery, secret, now))

    def receipts(self, delivery: Delivery, carrier_id: int, now: datetime) -> list[Receipt]:
        """The delivery receipts. Raises StrowgerError HOOK naming what is missing."""
        return [self._receipt(item, carrier_id, now) for item in _items(delivery, self._config.receipt_list)]

    def messages(self, delivery: Delivery, carrier_id: int, now: datetime) -> list[Incoming]:
        """The incoming messages. Raises StrowgerError HOOK naming what is missing."""
        return [self._message(item, carrier_id, now) for item in _items(delivery, self._config.message_list)]

    def _receipt(self, item: Any, carrier_id: int, now: datetime) -> Receipt:
        config = self._config
        operator_id = _wanted(item, config.receipt_id, MAX_ID)
        word = _wanted(item, config.receipt_status, MAX_WORD)
        err = _text(item, config.receipt_error)[:MAX_WORD]
        status, trace = translate(word, err, self._words, config.err_traces)
        return Receipt(carrier_id, operator_id, status, trace, now, {"stat": word, **({"err": err} if err else {})})

    def _message(self, item: Any, carrier_id: int, now: datetime) -> Incoming:
        config = self._config
        source = _wanted(item, config.message_from, MAX_NUMBER).removeprefix("+")
        destination = _wanted(item, config.message_to, MAX_NUMBER).removeprefix("+")
        return Incoming(carrier_id, source, destination, _text(item, config.message_text)[:MAX_TEXT], now)


def _text(item: Any, path: str) -> str:
    found = paths.as_text(paths.find(item, path)) if path else None
    return (found or "").replace("\0", "")


def _wanted(item: Any, path: str, longest: int) -> str:
    text = _text(item, path).strip()
    if not text or len(text) > longest:
        raise _refused(f"the field {path} is missing or is not 1 to {longest} characters")
    return text


def _items(delivery: Delivery, where: str) -> list[Any]:
    """The objects of a report: the list at ``where``, a list as a whole, or the one object that body and query are."""
    body = _parse(delivery)
    if isinstance(body, dict):
        body = {**delivery.fields, **body}
    elif not isinstance(body, list):
        raise _refused("the body must be an object, a list of objects or a form")
    found = paths.find(body, where) if where else body
    items = found if isinstance(found, list) else [found]
    if len(items) > MAX_ITEMS:
        raise _refused(f"at most {MAX_ITEMS} at once")
    if not items or not all(isinstance(item, dict) for item in items):
        raise _refused(f"there is no object at {where}" if where else "the report holds what is no object")
    return items


def _parse(delivery: Delivery) -> Any:
    """The body by its media type; a body without one is JSON when it looks so."""
    if not delivery.body.strip():
        return {}
    kind, body = delivery.media_type, delivery.body
    if "json" in kind or (kind != "application/x-www-form-urlencoded" and body.lstrip()[:1] in (b"{", b"[")):
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise _refused(f"the body is no JSON: {problem}") from problem
    if kind not in ("", "application/x-www-form-urlencoded", "text/plain"):
        raise _refused("the body must be JSON or a form")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError as problem:
        raise _refused("the form holds too many fields") from problem
