"""The dynamic variables of every channel and event, as data (platform.md 7)."""

from __future__ import annotations

from importlib import resources

import msgspec

SYSTEM = ("account_id", "callback_profile_id", "event", "event_id", "event_time")


class Event(msgspec.Struct, frozen=True):
    """One kind of event: its name in the API, what it is called, its variables and those of the usual body."""

    event: str
    label: str
    hint: str
    variables: tuple[str, ...]
    usual: tuple[str, ...]


class Channel(msgspec.Struct, frozen=True):
    """A channel as the console offers it (``label``), and its events."""

    channel: str
    label: str
    name: str
    events: tuple[Event, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its events."""
        return tuple(event.event for event in self.events)


_READ = msgspec.json.decode(
    resources.files("strowger.platform.callbacks.profiles").joinpath("variables.json").read_bytes(),
    type=list[Channel],
)
CHANNELS: dict[str, Channel] = {channel.channel: channel for channel in _READ}
EVENTS: dict[str, Event] = {event.event: event for channel in _READ for event in channel.events}


def usual_body(events: tuple[str, ...]) -> dict[str, str]:
    """The body that a profile of these events begins with."""
    names = dict.fromkeys(name for event in events for name in EVENTS[event].usual)
    return {name: f"<{name}>" for name in names}
