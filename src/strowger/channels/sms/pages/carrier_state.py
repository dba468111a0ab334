"""What the rooms of carriers share: the tones of states, and where a carrier leads."""

from __future__ import annotations

from strowger.channels.sms.carriers.registry import find_kind, read_config
from strowger.foundation.errors import StrowgerError
from strowger.messaging.routing.schemas import CarrierRecord

TONES = {"bound": "success", "throttled": "warning", "paused": "neutral", "connecting": "info", "down": "danger"}


def address_of(carrier: CarrierRecord) -> str:
    """Where a carrier leads, in the words of its kind; empty when its configuration cannot be read."""
    try:
        kind = find_kind(carrier.kind)
        return kind.address(read_config(kind, carrier.config))
    except StrowgerError:
        return ""
