"""Shapes of receiving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict

MAX_KEYWORD = 30
MAX_CONFIGURATIONS = 1_000  # of one number
MAX_FORWARDS = 5  # of each kind
MAX_REPLY = 1_600
MAX_REPLY_MINUTES = 7 * 24 * 60
SUBSCRIBE, UNSUBSCRIBE = "subscribe", "unsubscribe"
CONSENTS = ("", SUBSCRIBE, UNSUBSCRIBE)
# What may keep the platform from answering or forwarding; each is explained on the page of the logs.
NOT_A_PERSON, OWN_NUMBER, TOO_OFTEN, UNCHANGED, WORD, NO_MAIL, NO_TAG = (
    "not-a-person", "own-number", "too-often", "unchanged", "word", "no-mail", "no-tag",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """What a configuration does. ``keyword`` empty: the number's default configuration.

    ``callback`` is a target as it is stored (Target.to_json), ``reply_sender`` empty stands for the number itself.
    ``reply_template`` and ``reply_entity`` name the reply in a content registry (India).
    """

    keyword: str = ""
    expires_at: datetime | None = None
    reply_text: str = ""
    reply_sender: str = ""
    reply_minutes: int = 0
    forward_numbers: tuple[str, ...] = ()
    forward_emails: tuple[str, ...] = ()
    callback: dict[str, Any] | None = None
    smpp_user_id: int | None = None
    consent: str = ""
    reply_template: str = ""
    reply_entity: str = ""
    tag_id: int | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration at work."""

    id: int
    draft: Draft

    def is_expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.draft.expires_at is not None and self.draft.expires_at <= now


@dataclass(frozen=True, slots=True)
class Found:
    """The configuration that a message matched, and what its pattern captured."""

    configuration: Configuration
    captured: Mapping[str, str] = field(default_factory=dict)


class Done(TypedDict, total=False):
    """What was done for a message, as ``receive_log.done`` keeps it. A reason (``why``) stands where nothing was done."""

    word: str  # stop, start or help, when the message was one of the account's words
    expired: bool
    reply: dict[str, str]  # {"id": request} or {"why": reason}
    sms: dict[str, Any]  # {"id": request, "to": [numbers]} or {"why": reason}
    mails: list[dict[str, str]]  # {"id": mail, "to": address} or {"to": address, "why": reason}
    consent: str
    tag: dict[str, Any]  # {"id": tag, "name": text} that was given or taken, or {"why": reason}
    callback: bool  # the configuration's own receiver was called
    smpp: int  # the SMPP user it was queued for
