"""When notifications are due, and which days they are about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from strowger.platform.notifications.schedule import next_run, period

ROME, KOLKATA = ZoneInfo("Europe/Rome"), ZoneInfo("Asia/Kolkata")


@pytest.mark.parametrize(
    ("frequency", "zone", "after", "expected"),
    [
        ("daily", ROME, datetime(2026, 3, 10, 4, 59, tzinfo=UTC), datetime(2026, 3, 10, 5, tzinfo=UTC)),
        ("daily", ROME, datetime(2026, 3, 10, 5, tzinfo=UTC), datetime(2026, 3, 11, 5, tzinfo=UTC)),
        ("daily", ROME, datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 4, tzinfo=UTC)),  # summer begins
        ("daily", KOLKATA, datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 10, 0, 30, tzinfo=UTC)),
        ("weekly", ROME, datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 16, 5, tzinfo=UTC)),
        ("monthly", ROME, datetime(2026, 3, 1, 5, tzinfo=UTC), datetime(2026, 4, 1, 4, tzinfo=UTC)),
        ("monthly", ROME, datetime(2026, 12, 15, tzinfo=UTC), datetime(2027, 1, 1, 5, tzinfo=UTC)),
    ],
)
def test_next_run(frequency: str, zone: ZoneInfo, after: datetime, expected: datetime) -> None:
    assert next_run(frequency, 6, zone, after) == expected


def test_periods_are_those_that_are_over() -> None:
    assert period("daily", date(2026, 3, 1)) == (date(2026, 2, 28), date(2026, 2, 28))
    assert period("weekly", date(2026, 3, 16)) == (date(2026, 3, 9), date(2026, 3, 15))
    assert period("monthly", date(2026, 1, 1)) == (date(2025, 12, 1), date(2025, 12, 31))
