"""A small index over sections: words by their stems, ranked by where and how often they stand, found while they are typed."""

from __future__ import annotations

import bisect
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from strowger.platform.guides.library import Section

_WORD = re.compile(r"[a-z0-9]+(?:[-_'][a-z0-9]+)*", re.IGNORECASE)
STOP_WORDS = "a an and are as at be by do does for from how i in is it my of on or that the this to what when where which why with"
STOP = frozenset(STOP_WORDS.split())
TITLE_WEIGHT, HEADING_WEIGHT, K, B = 6.0, 4.0, 1.4, 0.6
PREFIXES, MOST_WORDS = 60, 12
EXCERPT = 160
ENDINGS = (  # each with the letters that must be left
    ("ations", 5), ("ation", 5), ("ings", 4), ("ing", 4), ("ies", 3), ("ied", 3), ("es", 4), ("ed", 4), ("s", 3),
)  # fmt: skip


def stem(word: str) -> str:
    """A word without its English ending: callbacks, callback."""
    word = word.lower().replace("'", "")
    for ending, least in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            return word[: -len(ending)] + ("y" if ending in ("ies", "ied") else "")
    return word.rstrip("e") if len(word) > 4 else word


def words_of(text: str) -> list[str]:
    """The stems of a text in order; a joined word counts whole and in its parts."""
    found = []
    for match in _WORD.finditer(text):
        word = match[0]
        parts = re.split(r"[-_']", word)
        found.append(stem(word))
        if len(parts) > 1:
            found += [stem(part) for part in parts if part]
    return found


@dataclass(frozen=True, slots=True)
class Hit:
    """What was found: the section, and a piece of its text as (words, whether they were looked for)."""

    section: Section
    excerpt: tuple[tuple[str, bool], ...]


class Index:
    """Sections that can be searched."""

    def __init__(self, sections: Iterable[Section]) -> None:
        self.sections = list(sections)
        self._where: dict[str, dict[int, float]] = defaultdict(dict)
        lengths = []
        for number, section in enumerate(self.sections):
            words = Counter[str]()
            for text, weight in ((section.title, TITLE_WEIGHT), (section.heading, HEADING_WEIGHT), (section.text, 1.0)):
                for word in words_of(text):
                    words[word] += weight  # type: ignore[assignment]
            for word, weight in words.items():
                self._where[word][number] = weight
            lengths.append(len(section.text))
        usual = sum(lengths) / len(lengths) if lengths else 1
        self._norm = [1 - B + B * length / max(usual, 1) for length in lengths]
        self._words = sorted(self._where)

    def _forms(self, word: str, typed: bool) -> dict[str, float]:
        """The stems that a word of the question stands for; the last one may be unfinished."""
        whole = stem(word)
        found = {whole: 1.0} if whole in self._where else {}
        if typed and len(word) > 1:
            start = word.lower()
            at = bisect.bisect_left(self._words, start)
            for other in self._words[at : at + PREFIXES]:
                if not other.startswith(start):
                    break
                found.setdefault(other, len(start) / len(other) * 0.8)
        return found

    def find(self, text: str, most: int = 20) -> list[Hit]:
        """Sections that hold every word of a text, the best first; the last word may be the beginning of one."""
        asked = [match[0] for match in _WORD.finditer(text)][:MOST_WORDS]
        wanted = [word for word in asked if word.lower() not in STOP] or asked
        scores: dict[int, float] | None = None
        forms_of_all: set[str] = set()
        for place, word in enumerate(wanted):
            forms = self._forms(word, place == len(wanted) - 1)
            forms_of_all.update(forms)
            found: dict[int, float] = defaultdict(float)
            for form, likeness in forms.items():
                where = self._where[form]
                rare = math.log(1 + len(self.sections) / len(where))
                for number, weight in where.items():
                    score = likeness * rare * weight * (K + 1) / (weight + K * self._norm[number])
                    found[number] = max(found[number], score)
            scores = found if scores is None else {n: scores[n] + s for n, s in found.items() if n in scores}
        ranked = sorted((scores or {}).items(), key=lambda pair: (-pair[1], pair[0]))[:most]
        return [Hit(self.sections[number], excerpt(self.sections[number].text, forms_of_all)) for number, _ in ranked]


def excerpt(text: str, forms: set[str]) -> tuple[tuple[str, bool], ...]:
    """A piece of the text around the first word that was looked for."""
    text = " ".join(text.split())
    marks = [match for match in _WORD.finditer(text) if forms.intersection(words_of(match[0]))]
    start = max(0, (marks[0].start() if marks else 0) - EXCERPT // 3)
    if start:
        start = text.find(" ", start) + 1
    end = min(len(text), start + EXCERPT)
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + 1)
    pieces: list[tuple[str, bool]] = [("… ", False)] if start else []
    at = start
    for match in marks:
        if match.start() < at or match.end() > end:
            continue
        pieces += [(text[at : match.start()], False), (match[0], True)]
        at = match.end()
    pieces.append((text[at:end] + (" …" if end < len(text) else ""), False))
    return tuple(piece for piece in pieces if piece[0])


def sections_of(pairs: Sequence[tuple[str, str]], title: str, path: str, kind: str) -> list[Section]:
    """Terms with their meanings as sections."""
    return [Section(title, term, path, f"{term} {meaning}", kind) for term, meaning in pairs]
