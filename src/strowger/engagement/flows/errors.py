"""What flows refuse."""

from __future__ import annotations


class Refused(ValueError):
    """Something that a person asked for cannot be done; the text says why, ``field`` which field of the form it concerns."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


class Lost(Exception):
    """The run is not this worker's any more."""
