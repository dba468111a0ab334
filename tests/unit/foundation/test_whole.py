"""One reader of whole numbers for forms, parameters, callbacks and v4."""

from __future__ import annotations

import pytest

from strowger.foundation.whole import whole_of


@pytest.mark.parametrize("value", ["3", " 3 ", "003", 3])
def test_what_stands_for_a_number_is_read(value: object) -> None:
    assert whole_of(value, 0, 5) == 3


@pytest.mark.parametrize(
    "value",
    ["", "-1", "6", "3.0", "٣", "²", "0x3", "1_0", "9" * 50, "0" * 20, -1, 6, 10**40, 3.0, True, None, [3], b"3"],
)
def test_whatever_else_is_sent_is_none(value: object) -> None:
    assert whole_of(value, 0, 5) is None
