"""docs/quality.md says which tests show which claims, and what it says is so."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MADE = runpy.run_path(str(ROOT / "scripts" / "docs_quality.py"))
TEXT = (ROOT / "docs" / "quality.md").read_text()


def test_the_page_names_the_tests_that_there_are() -> None:
    assert MADE["render"](TEXT) == TEXT, "run scripts/docs_quality.py"


def test_every_claim_of_a_test_has_its_row_and_every_state_its_tests() -> None:
    states, shown = MADE["rows"](TEXT), MADE["shown"]()
    assert sorted(set(shown) - set(states)) == []
    assert set(states.values()) <= {"in", "partly", "not yet"}
    assert [claim for claim, state in states.items() if (state == "not yet") == (claim in shown)] == []
    order = [(claim[0], int(claim[2:])) for claim in states]
    assert order == sorted(order)


def test_the_claims_of_a_name_are_read() -> None:
    assert MADE["claims_of"]("test_R02_u30_R101_words_of_40_R5") == ["R-02", "U-30", "R-101"]
