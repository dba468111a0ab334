"""Fields read what browsers send."""

from __future__ import annotations

from decimal import Decimal

import pytest

from strowger.console.form import Field, Form, Invalid


@pytest.mark.parametrize(
    ("field", "given", "value"),
    [
        (Field("a", "A"), ["  x "], "x"),
        (Field("a", "A", "password"), [" x "], " x "),
        (Field("a", "A", "textarea"), ["x\r\ny\0"], "x\ny"),
        (Field("a", "A", "checkbox"), ["on"], True),
        (Field("a", "A", "checkbox"), [], False),
        (Field("a", "A", "checks", options=(("x", "X"), ("y", "Y"))), ["y", "z"], ["y"]),
        (Field("a", "A", "number"), ["2.5"], Decimal("2.5")),
        (Field("a", "A", "number"), [""], None),
    ],
)
def test_value(field: Field, given: list[str], value: object) -> None:
    assert field.read(given) == value


@pytest.mark.parametrize(
    ("field", "given"),
    [
        (Field("a", "A", required=True), ["  "]),
        (Field("a", "A", max_length=3), ["xxxx"]),
        (Field("a", "A", "email"), ["nobody"]),
        (Field("a", "A", "select", options=(("x", "X"),)), ["y"]),
        (Field("a", "A", "number", least=1), ["0"]),
        (Field("a", "A", "number"), ["inf"]),
        (Field("a", "A", pattern=r"\d+"), ["x"]),
    ],
)
def test_refusal(field: Field, given: list[str]) -> None:
    with pytest.raises(Invalid):
        field.read(given)


def test_errors_make_the_status() -> None:
    form = Form("test-form", (Field("a", "A"),)).blank(None)
    assert (form.ok, form.status) == (True, 200)
    form.fail("a", "no")
    assert (form.ok, form.status) == (False, 422)
