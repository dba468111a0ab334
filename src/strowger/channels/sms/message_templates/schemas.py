"""Shapes at the edges of SMS templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from strowger.channels.sms.message_templates.placeholders import Content

PURPOSES = ("TXN", "MKT", "OTP", "SI", "TXND")


class State(IntEnum):
    """States, as stored and as the API numbers them (sms.md 3.16); DRAFT is ours."""

    PENDING = 0
    APPROVED = 1
    REJECTED = 2
    DELETED = 3
    DISABLED = 4
    DRAFT = 5


@dataclass(frozen=True, slots=True)
class UsableTemplate:
    """An approved template as sending and screening need it."""

    account_id: int
    template_id: str
    content: Content
    senders: tuple[str, ...]
    purpose: str
    entity_id: str | None
    defaults: Mapping[str, str] = field(default_factory=dict)

    def complete(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a send, with sender, type and entity of the template where they are missing."""
        given = dict(params)
        if self.senders and not (given.get("sender") or given.get("from")):
            given["sender"] = self.senders[0]
        if not given.get("type"):
            given["type"] = self.purpose
        if self.entity_id and not given.get("entity_id"):
            given["entity_id"] = self.entity_id
        return given


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """A checked template, ready to be stored."""

    title: str
    content: str
    template_id: str
    purpose: str
    iso_code: str
    senders: tuple[str, ...] = ()
    entity_id: str | None = None
    language: str = "en"
    defaults: Mapping[str, str] = field(default_factory=dict)
