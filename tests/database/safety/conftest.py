"""Fixtures of tests about data that must not be lost."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from strowger.foundation.database import Database
from tests.api_kit import Api, running_api


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    """The public API with one customer."""
    async with running_api(database) as api:
        yield api
