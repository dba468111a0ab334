"""User agents as reports read them."""

from __future__ import annotations

import pytest

from strowger.engagement.links.agents import Agent, read_agent

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"  # noqa: E501
GALAXY = "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Mobile Safari/537.36"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0 Safari/537.36 Edg/122.0.1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (IPHONE, Agent("Safari", "17.4", "iOS", "17.4", "Apple")),
        (GALAXY, Agent("Chrome", "122.0.0.0", "Android", "14", "Samsung")),
        (EDGE, Agent("Edge", "122.0.1", "Windows", "10.0", "")),
        ("curl/8.5.0", Agent("curl", "8.5.0")),
        (None, Agent()),
        ("=HYPERLINK(1)\0" * 10_000, Agent()),
    ],
)
def test_what_an_agent_says(text: str | None, expected: Agent) -> None:
    assert read_agent(text) == expected
