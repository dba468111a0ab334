"""Adding and changing carriers with what a form or a command line gave: checked by the kind, then stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strowger.channels.sms.carriers.registry import find_kind, invalid, read_config, split_secrets, write_config
from strowger.foundation.context import Context
from strowger.messaging.routing import service as routing
from strowger.messaging.routing.schemas import CarrierRecord


async def add_carrier(
    context: Context, name: str, kind: str, fields: Mapping[str, Any], *, route_priority: int = routing.DEFAULT_PRIORITY
) -> CarrierRecord:
    """Add a carrier of a kind; ``fields`` hold configuration and secrets, numbers may be texts.

    Raises StrowgerError CARRIER-CONFIG naming the field at fault, CARRIER-NAME, CARRIER-EXISTS.
    """
    config, secret = _checked(context, kind, fields)
    calls_back = find_kind(kind).hook is not None
    return await routing.add_carrier(
        context, name, kind, config, secret, route_priority=route_priority, calls_back=calls_back
    )


async def change_carrier(context: Context, name: str, fields: Mapping[str, Any]) -> CarrierRecord:
    """Change the named fields of a carrier, keep the others. Raises as add_carrier, and CARRIER-NOT-FOUND."""
    carrier = await routing.find_carrier(context, name)
    config, secret = _checked(context, carrier.kind, {**carrier.config, **fields})
    return await routing.change_carrier(context, name, config, secret)


def hook_address(context: Context, carrier: CarrierRecord) -> str | None:
    """The address at which a carrier hands in receipts and messages, with its secret; None when it has none."""
    secret = routing.hook_secret(context, carrier)
    return f"{context.settings.base_url}/in/carriers/{carrier.id}/{secret}" if secret else None


def _checked(context: Context, kind_name: str, fields: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    kind = find_kind(kind_name)
    raw, secret = split_secrets(kind, fields)
    limit = kind.secret_limit
    if secret is not None and len(secret.encode()) > limit:
        raise invalid(kind.secrets[0], f"must not be longer than {limit} characters")
    config = read_config(kind, raw)
    own = kind.own(config, context.settings)
    if own is not None:
        raise invalid(own, "leads back to this installation: messages would go round in a loop")
    return write_config(config), secret
