"""The texts of forwarded messages: as a mail and as an SMS."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

from strowger.foundation.mail import Letter
from strowger.messaging.notify import local_time
from strowger.messaging.rules import Received

LONGEST = 1_530  # characters of a forwarded SMS


def minutes(number: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)


def printable(text: str) -> str:
    """A text on one line without control characters, as it may stand in a subject."""
    return "".join(c if unicodedata.category(c)[0] != "C" else " " for c in " ".join(text.split())).strip()


def shown(number: str) -> str:
    """A number in international form; names and short codes as they are."""
    return f"+{number}" if number.isascii() and number.isdigit() and len(number) > 7 else printable(number)[:40]


def forwarded(one: Received) -> str:
    """The text of an SMS that passes a message on."""
    text = f"From {shown(one.source)}: {one.text}"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def letter_of(one: Received, keyword: str, zone: str, now: datetime) -> Letter:
    """The mail that passes a message on."""
    about = f" ({printable(keyword)})" if keyword else ""
    return Letter(
        f"SMS from {shown(one.source)} to {shown(one.destination)}{about}",
        (
            one.text,
            f"From {shown(one.source)} to {shown(one.destination)}, received {local_time(now, zone)} ({zone}).",
            f"Message id {one.message_id}.",
        ),
    )
