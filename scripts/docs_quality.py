"""Put the tests that show each claim into docs/quality.md: `.venv/bin/python scripts/docs_quality.py`.

Claim, words and state of a row are written by hand; the last column comes from the names of the tests.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "quality.md"
ROW = re.compile(r"^\| ([RU]-\d+) \| ([^|]+) \| ([^|]+) \|([^|]*)\|$", re.MULTILINE)
TEST = re.compile(r"def (test_\w+)\(")
CLAIM = re.compile(r"_([RUru])(\d\d+)(?=_)")


def claims_of(name: str) -> list[str]:
    """The claims that a test's name carries: test_R02_u30_words shows R-02 and U-30."""
    return [f"{area.upper()}-{number}" for area, number in CLAIM.findall(name)]


def shown() -> dict[str, list[str]]:
    """The test files, below tests/, that show each claim."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in TEST.findall(file.read_text()):
            for claim in claims_of(name):
                found[claim].add(file.relative_to(ROOT / "tests").as_posix())
    return {claim: sorted(files) for claim, files in found.items()}


def rows(text: str) -> dict[str, str]:
    """The state of each claim on the page."""
    return {claim: state.strip() for claim, _, state, _ in ROW.findall(text)}


def render(text: str) -> str:
    """The page with its last column as the tests say."""
    files = shown()

    def line(found: re.Match[str]) -> str:
        claim, words, state = found[1], found[2].strip(), found[3].strip()
        return f"| {claim} | {words} | {state} | {', '.join(f'`{one}`' for one in files.get(claim, []))} |"

    return ROW.sub(line, text)


if __name__ == "__main__":
    TARGET.write_text(render(TARGET.read_text()))
