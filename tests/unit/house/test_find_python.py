"""Which Python the environment is made with."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "find_python.sh"


def _find(folder: Path, stubs: dict[str, str], **environ: str) -> subprocess.CompletedProcess[str]:
    for name, does in stubs.items():
        (folder / name).write_text(f"#!/bin/sh\n{does}\n")
        (folder / name).chmod(0o755)
    environ = {"PATH": f"{folder}:/bin", **environ}
    return subprocess.run(["sh", str(SCRIPT)], env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("times", "chosen"),
    [
        ({"python3.13": 100, "python3": 80}, "python3"),
        ({"python3.13": 100, "python3": 95}, "python3.13"),
        ({"python3.12": 70, "python3.13": 100}, "python3.12"),
    ],
)
def test_the_fastest_is_taken_unless_the_difference_is_small(
    tmp_path: Path, times: dict[str, int], chosen: str
) -> None:
    stubs = {"python3.14": "exit 1", **{name: f"echo {time}" for name, time in times.items()}}
    assert _find(tmp_path, stubs).stdout.strip() == chosen


def test_the_one_that_is_asked_for_is_taken(tmp_path: Path) -> None:
    stubs = {"python3": "echo 1", "my own": "echo 100"}
    found = _find(tmp_path, stubs, PYTHON=str(tmp_path / "my own"))
    assert found.stdout.strip() == str(tmp_path / "my own")


def test_without_a_usable_one_it_says_what_is_needed(tmp_path: Path) -> None:
    found = _find(tmp_path, {"old": "exit 1"}, PYTHON="old")
    assert found.returncode == 1
    assert "Python 3.11" in found.stderr
