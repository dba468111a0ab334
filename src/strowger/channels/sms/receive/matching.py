"""Which configuration an incoming message belongs to: the longest keyword that it begins with (sms.md 7.8). Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from strowger.channels.sms.receive.schemas import MAX_KEYWORD, Configuration, Found

CAPTURE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
LONGEST_CAPTURE = 160  # characters of a message that a capture keeps
GAP = "{}"


class BadKeyword(ValueError):
    """A keyword cannot be used; the message is for people."""


def collapse(text: str) -> str:
    """A text without space around it, with single spaces in it, and with composed characters."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def fold(text: str) -> str:
    """A text as it is compared: collapsed, without regard to case."""
    return "".join(map(str.casefold, collapse(text)))


def check_keyword(text: str) -> str:
    """The keyword or pattern as it is kept. Raises BadKeyword."""
    keyword = collapse(text)
    if not keyword:
        raise BadKeyword("A keyword is needed, unless this is the default configuration.")
    if len(keyword) > MAX_KEYWORD:
        raise BadKeyword(f"At most {MAX_KEYWORD} characters.")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cn", "Co") for character in keyword):
        raise BadKeyword("It holds a character that cannot be typed.")
    pattern = Pattern.of(keyword)
    if any("{" in literal or "}" in literal for literal in pattern.literals):
        raise BadKeyword("Braces stand around a name only, as in “BOOK {date}”.")
    if not pattern.literals[0].strip():
        raise BadKeyword("A pattern begins with a word, as in “BOOK {date}”.")
    if any(not literal for literal in pattern.literals[1:-1]):
        raise BadKeyword("Something must stand between two names.")
    if len(set(pattern.names)) != len(pattern.names):
        raise BadKeyword("Each name may stand once.")
    return keyword


def names_of(keyword: str) -> tuple[str, ...]:
    """The names that a pattern captures."""
    return tuple(CAPTURE.findall(keyword))


def key_of(keyword: str) -> str:
    """What is unique among the keywords of a number: patterns that differ in their names only are the same."""
    return fold(CAPTURE.sub(GAP, keyword))


def fill(text: str, captured: Mapping[str, str]) -> str:
    """A reply with what was captured in the places of the names; other braces stay."""
    return CAPTURE.sub(lambda found: captured.get(found[1], found[0]), text)


def _is_letter(character: str) -> bool:
    """Letters, and the marks that belong to the letter before them."""
    return unicodedata.category(character)[0] in "LM"


@dataclass(frozen=True, slots=True)
class Text:
    """A message as it is compared; ``places`` leads from each folded character back to the collapsed text."""

    plain: str
    folded: str
    places: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Text:
        """Fold a message, character by character."""
        plain = collapse(text)
        pieces = [character.casefold() for character in plain]
        places = [place for place, piece in enumerate(pieces) for _ in piece]
        return cls(plain, "".join(pieces), (*places, len(plain)))

    def ends_word(self, place: int) -> bool:
        """Whether no word goes on at a place."""
        return place >= len(self.folded) or not _is_letter(self.folded[place])

    def between(self, start: int, end: int) -> str:
        """What stands there, as it was written."""
        return self.plain[self.places[start] : self.places[end]].strip()[:LONGEST_CAPTURE]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A keyword with names: ``literals`` are the folded pieces around them, one more than there are names."""

    literals: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, keyword: str) -> Pattern:
        """Read a keyword."""
        pieces = CAPTURE.split(keyword)
        return cls(tuple("".join(map(str.casefold, piece)) for piece in pieces[::2]), tuple(pieces[1::2]))

    @property
    def weight(self) -> int:
        """How long it is without its names."""
        return sum(map(len, self.literals))

    def match(self, text: Text) -> dict[str, str] | None:
        """What a message holds in the places of the names; None when it does not fit. Takes one pass over the text."""
        if not text.folded.startswith(self.literals[0]):
            return None
        place, captured = len(self.literals[0]), {}
        for name, literal in zip(self.names, self.literals[1:], strict=True):
            end = text.folded.find(literal, place + 1) if literal else len(text.folded)
            if end <= place:
                return None
            value = text.between(place, end)
            if not value:
                return None
            captured[name], place = value, end + len(literal)
        return captured if not self.literals[-1] or text.ends_word(place) else None


@dataclass(slots=True)
class KeywordTable:
    """The configurations of one number, made for looking up: no message is compared with each keyword."""

    default: Configuration | None = None
    plain: dict[str, Configuration] = field(default_factory=dict)
    patterns: list[tuple[Pattern, Configuration]] = field(default_factory=list)
    longest: int = 0

    @classmethod
    def of(cls, configurations: Iterable[Configuration]) -> KeywordTable:
        """Sort configurations into a table."""
        table = cls()
        for one in configurations:
            keyword = one.draft.keyword
            if not keyword:
                table.default = one
            elif names_of(keyword):
                table.patterns.append((Pattern.of(keyword), one))
            else:
                folded = fold(keyword)
                table.plain[folded] = one
                table.longest = max(table.longest, len(folded))
        table.patterns.sort(key=lambda pair: -pair[0].weight)
        return table

    def find(self, message: str) -> Found | None:
        """The configuration of the longest keyword that the message begins with, else the default one.

        Of a pattern and a keyword of the same length the pattern counts.
        """
        text = Text.of(message)
        word = self._word(text)
        for pattern, configuration in self.patterns:
            if word is not None and pattern.weight < word[0]:
                break
            captured = pattern.match(text)
            if captured is not None:
                return Found(configuration, captured)
        chosen = word[1] if word is not None else self.default
        return Found(chosen) if chosen is not None else None

    def _word(self, text: Text) -> tuple[int, Configuration] | None:
        for length in range(min(self.longest, len(text.folded)), 0, -1):
            found = self.plain.get(text.folded[:length])
            if found is not None and text.ends_word(length):
                return length, found
        return None
