"""Where a redirect may lead."""

from __future__ import annotations

import pytest

from strowger.console.respond import local_path


@pytest.mark.parametrize("target", ["/", "/messages?q=1", "/a/b#c"])
def test_own_path_is_kept(target: str) -> None:
    assert local_path(target) == target


@pytest.mark.parametrize(
    "target",
    ["", None, "//evil.example", "https://evil.example", "/\\evil.example", "evil", "javascript:x", "/a\nb", "/a\\b"],
)
def test_foreign_target_becomes_home(target: str | None) -> None:
    assert local_path(target) == "/"
