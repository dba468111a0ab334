"""Documents that are made from the code say what the code says; links between documents lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_settings_page_is_up_to_date() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "docs_settings.py"))
    assert (ROOT / "docs" / "settings.md").read_text() == made["render"](), "run scripts/docs_settings.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_dependency_is_explained() -> None:
    explained = (ROOT / "docs" / "dependencies.md").read_text()
    names = [
        line.split()[0]
        for file in ("runtime.in", "dev.in")
        for line in (ROOT / "requirements" / file).read_text().splitlines()
        if line and not line.startswith(("#", "-"))
    ]
    names += re.findall(r'^    "([^"]+)":', (ROOT / "package.json").read_text(), re.MULTILINE)
    assert [name for name in names if f"`{name}`" not in explained] == []
