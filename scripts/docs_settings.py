"""Write docs/settings.md from the schema of the settings: `.venv/bin/python scripts/docs_settings.py`."""

from __future__ import annotations

from pathlib import Path

from strowger.foundation.settings import describe_settings

TARGET = Path(__file__).resolve().parent.parent / "docs" / "settings.md"
HEAD = """# Settings

Settings come from the environment and are read once, when a process starts. A value that cannot be read ends the command with
one line that names the variable and what it must be. This page is made from the code by `scripts/docs_settings.py`; a test
compares the two.

| Variable | Default | Meaning |
|---|---|---|
"""


def render() -> str:
    """The page as text."""
    rows = [(name, f"`{default}`" if default else "empty", doc) for name, default, doc in describe_settings()]
    return HEAD + "".join(f"| `{name}` | {default} | {doc.replace('<', '&lt;')} |\n" for name, default, doc in rows)


if __name__ == "__main__":
    TARGET.write_text(render())
