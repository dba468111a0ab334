"""The demo pages of the kit, on the site of each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jinja2 import ChoiceLoader, DictLoader

from strowger.console.templates import environment
from tests.browser.console.demo import PAGES, TEMPLATES


@pytest.fixture
def site_pages() -> Iterator[list[Any]]:
    env = environment()
    own = env.loader
    assert own is not None
    env.loader = ChoiceLoader([own, DictLoader(TEMPLATES)])
    yield PAGES
    env.loader = own
