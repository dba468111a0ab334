"""Fixtures of the carriers' system tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from carrier_kit import ScriptedSmsc


@pytest.fixture
async def centre() -> AsyncIterator[ScriptedSmsc]:
    """A message centre that accepts everything until the test says otherwise."""
    async with ScriptedSmsc() as scripted:
        yield scripted
