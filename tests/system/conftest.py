"""Fixtures of the system tier."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from strowger.simulators.smsc import SimulatedSmsc


@pytest.fixture
async def smsc() -> AsyncIterator[SimulatedSmsc]:
    """A simulated SMSC on free ports of loopback: ``smsc.port`` (SMPP) and ``smsc.http_port`` (control)."""
    async with SimulatedSmsc(http_port=0) as simulated:
        yield simulated
