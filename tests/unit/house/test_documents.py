"""Documents that are made from the code say what the code says; links between documents lead somewhere."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize("name", ["runtime", "dev", "peers"])
def test_R100_every_dependency_is_pinned_with_its_hashes(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    blocks = re.split(
        r"^(?=\S)", "".join(line for line in text.splitlines(True) if not line.startswith("#")), flags=re.MULTILINE
    )
    packages = {re.split(r"[=\[; ]", block)[0].lower(): block for block in blocks if block.strip()}
    assert [name for name, block in packages.items() if "==" not in block or "--hash=sha256:" not in block] == []
    wanted = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    names = [re.split(r"[=<>~!\[; ]", line)[0] for line in wanted if line and line[0] not in "#-"]
    asked = [re.sub(r"[._]", "-", name).lower() for name in names]
    assert [one for one in asked if one not in packages] == []


def test_R100_scripts_of_the_console_are_pinned_with_their_hashes() -> None:
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert [
        name for name, entry in locked.items() if name and not entry.get("integrity", "").startswith("sha512-")
    ] == []
