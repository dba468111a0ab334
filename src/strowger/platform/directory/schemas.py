"""Shapes of the directory, and its limits (console.md 5.10, 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MAX_CONTACTS, MAX_TAGS, MAX_FIELDS = 1_000_000, 1_000, 50
MAX_NAME, MAX_PLACE, MAX_VALUE, MAX_TAG, MAX_FIELD = 100, 60, 500, 50, 50
COLOURS = {
    "neutral": "Grey",
    "info": "Blue",
    "success": "Green",
    "warning": "Amber",
    "danger": "Red",
    "accent": "Violet",
}
SOURCES = {
    "manual": "Console", "api": "API", "import": "Import", "blocklist": "Blocklist", "auto": "Automatic blocklist",
    "message": "Incoming message", "campaign": "Campaign",
}  # fmt: skip
MOBILE = "mobile"
# What each contact has besides its number, its tags and custom fields.
TEXTS = ("name", "email", "city", "state", "country")


class Kind(StrEnum):
    """What a custom field holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field of an account's own; ``key`` is what contacts keep its value under."""

    id: int
    name: str
    kind: str

    @property
    def key(self) -> str:
        """The name under which contacts keep the value."""
        return str(self.id)


@dataclass(frozen=True, slots=True)
class Label:
    """A tag. ``criteria`` is the filter of a dynamic one."""

    id: int
    name: str
    colour: str
    criteria: str | None = None
    created_by: str = ""
    created_at: datetime | None = None
    contacts: int = 0


@dataclass(frozen=True, slots=True)
class Values:
    """What is written about a contact. ``fields`` are texts by the keys of custom fields."""

    mobile: str
    name: str = ""
    email: str = ""
    city: str = ""
    state: str = ""
    country: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as it stands, with its tags and the channels on which it is blocked."""

    id: int
    mobile: str
    name: str
    email: str
    city: str
    state: str
    country: str
    fields: Mapping[str, str]
    source: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    tags: list[int]
    blocked: list[str]

    @property
    def path(self) -> str:
        """The contact's page."""
        return f"/directory/contacts/{self.id}"

    @property
    def title(self) -> str:
        """What it is called: name, else number."""
        return self.name or f"+{self.mobile}"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A contact as something to send to: ``fields`` are its values by name (name, email, city, state, country and the
    account's own fields), empty ones included, so that each can be a variable of a text."""

    number: str
    name: str
    fields: Mapping[str, str]
