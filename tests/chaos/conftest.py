"""Fixtures of the chaos tier: one installation and one receiver of callbacks for each module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.installation import Installation, installation
from tests.receiver import Receiver, receiver


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[Installation]:
    """A running installation."""
    async with installation() as made:
        yield made


@pytest.fixture(scope="module")
async def customer() -> AsyncIterator[Receiver]:
    """A receiver of callbacks."""
    async with receiver() as made:
        yield made
