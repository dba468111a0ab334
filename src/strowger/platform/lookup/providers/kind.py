"""What a kind of provider is: its name, its configuration, and how it is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from strowger.foundation.http_client import GuardedClient
from strowger.platform.lookup.schemas import Finding


class ProviderDown(Exception):
    """A provider cannot be reached, refuses, or answers what cannot be read; the text is for the operator."""


class BadConfig(ValueError):
    """A configuration cannot work; ``field`` names what is wrong."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class ConfigField:
    """One field of a configuration; the secret one is sealed and never shown again."""

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    default: str = ""
    help: str = ""


Config = Mapping[str, str]
Ask = Callable[[GuardedClient, Config, Sequence[str]], Awaitable[Mapping[str, Finding]]]


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """A kind of provider. ``ask`` gives what it found by number; numbers that are missing got no answer.

    ``ask`` raises ProviderDown; ``check`` raises BadConfig. ``batch`` is how many numbers one call may hold.
    """

    name: str
    label: str
    text: str
    fields: tuple[ConfigField, ...]
    ask: Ask
    check: Callable[[Config], None]
    batch: Callable[[Config], int]
