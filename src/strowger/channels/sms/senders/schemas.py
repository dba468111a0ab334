"""Shapes at the edges of sender IDs."""

from __future__ import annotations

from dataclasses import dataclass

STATES = ("Pending", "Approved", "Rejected", "Disabled", "Deleted")
PURPOSES = ("TXN", "MKT")
MAX_DESCRIPTION, MAX_SAMPLE, MAX_REASON = 255, 1600, 500


@dataclass(slots=True)
class NewSender:
    """A checked sender ID, ready to be stored; ``iso_code`` None means every country."""

    sender: str
    iso_code: str | None
    description: str = ""
    purpose: str | None = None
    entity_id: str | None = None
    sample: str | None = None
    status: str = "Pending"
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class MadeSender:
    """What storing gave: the row's id, and its status."""

    id: int
    sender: str
    iso_code: str | None
    status: str
