"""What the directory refuses; codes and their words stand in errors.json."""

from __future__ import annotations

from strowger.foundation.errors import StrowgerError


class Refused(StrowgerError):
    """A refusal in words for people; ``field`` names the field of the form or the parameter that it concerns."""

    def __init__(self, code: str, text: str, field: str = "") -> None:
        super().__init__(code, text, field=field or None)
        self.text = text


def no_contact() -> Refused:
    """The account has no such contact."""
    return Refused("DIR404", "There is no such contact.", "contact")


def no_tag(field: str = "tag") -> Refused:
    """The account has no such tag."""
    return Refused("DIR405", "There is no such tag.", field)
