"""A process loads what its work needs: memory is counted by the process, and there may be many."""

from __future__ import annotations

import subprocess
import sys

import pytest

NOT_NEEDED = {"litestar", "jinja2", "rich", "yaml", "python_calamine", "xlsxwriter", "prometheus_client", "markdown_it"}


@pytest.mark.parametrize("process", ["worker", "smpp"])
def test_processes_without_pages_load_no_web_server(process: str) -> None:
    code = f"import strowger.{process}, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert f"strowger.{process}" in loaded
    assert set(loaded) & NOT_NEEDED == set()


def test_workers_know_what_is_remembered_of_pages_without_loading_them() -> None:
    code = (
        "import strowger.worker, sys; from strowger.console import things; from strowger.wiring import wire; wire();"
        " assert 'litestar' not in sys.modules; known = set(things._things); assert known;"
        " import strowger.app; print(set(things._things) - known)"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert found.strip() == "set()"
