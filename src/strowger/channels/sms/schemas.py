"""Shapes at the edge of the SMS API."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class Accepted(msgspec.Struct):
    """One accepted recipient."""

    message_id: str
    recipient: str


class SendAnswer(msgspec.Struct):
    """The success envelope of a send (sms.md 2.4); unset fields were not passed and are not echoed."""

    id: str
    sender: str
    type: str
    body: str
    source: str
    created: str = msgspec.field(name="createdDateTime")
    count: int = msgspec.field(name="totalCount")
    data: list[Accepted]
    dlrurl: str | None
    error: dict[str, Any]
    flash: int | UnsetType = UNSET
    unicode: int | UnsetType = UNSET
    prefix: str | UnsetType = UNSET
    ref_custom: list[str] | UnsetType = UNSET
    template_id: str | UnsetType = UNSET
    callback_profile_id: str | UnsetType = UNSET


class StatusRow(msgspec.Struct, omit_defaults=True):
    """The status of one message; ``campaign_id`` carries the message id (sms.md 3.10)."""

    campaign_id: str
    status: str
    status_details: str
    message_id: str | UnsetType = UNSET


encode = msgspec.json.Encoder().encode
