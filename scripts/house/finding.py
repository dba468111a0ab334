"""What a rule answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule is broken; ``path`` is relative to the root, with forward slashes."""

    path: str
    line: int
    rule: str
    sentence: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {'warning: ' if self.warning else ''}{self.rule}: {self.sentence}"
