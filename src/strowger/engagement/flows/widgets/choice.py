"""Choice: compares variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from strowger.console.form import Field
from strowger.engagement.flows.schemas import Problem
from strowger.engagement.flows.widgets.base import (
    MATCH,
    NO_MATCH,
    Branch,
    Choices,
    Outcome,
    Stage,
    WidgetType,
    register,
)

Condition = Literal["eq", "ne", "lt", "gt", "le", "ge"]
CONDITIONS: dict[str, str] = {
    "eq": "Equal to", "ne": "Not equal to", "lt": "Less than", "gt": "Greater than", "le": "Less than or equal",
    "ge": "Greater than or equal",
}  # fmt: skip
SIGNS = {"eq": "=", "ne": "≠", "lt": "<", "gt": ">", "le": "≤", "ge": "≥"}
MAX_DIGITS = 60


class Expression(Struct, frozen=True, omit_defaults=True):
    """``variable`` is a name without braces, ``value`` a text that may hold variables."""

    variable: Annotated[str, Meta(max_length=200)] = ""
    condition: Condition = "eq"
    value: Annotated[str, Meta(max_length=500)] = ""


class ChoiceConfig(Struct, omit_defaults=True):
    """One or two expressions; ``operator`` joins two."""

    first: Expression = Expression()
    operator: Literal["", "and", "or"] = ""
    second: Expression = Expression()


def compare(left: str, condition: str, right: str) -> bool:
    """By number when both sides are numbers, else as texts, case mattering."""
    a: Any = left
    b: Any = right
    numbers = _number(left), _number(right)
    if numbers[0] is not None and numbers[1] is not None:
        a, b = numbers
    found = {"eq": a == b, "ne": a != b, "lt": a < b, "gt": a > b, "le": a <= b, "ge": a >= b}
    return bool(found[condition])


def _number(text: str) -> Decimal | None:
    if not text.strip() or len(text) > MAX_DIGITS or not text.isascii():
        return None
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


class Choice(WidgetType[ChoiceConfig]):
    """Two ways, by one or two comparisons."""

    key, label = "choice", "Choice"
    icon = "git-branch"
    text = "Goes one of two ways by the values of variables."
    Config = ChoiceConfig
    in_webhook = False
    either = True

    def branches(self, config: ChoiceConfig) -> Sequence[Branch]:
        """Match and no match."""
        return (Branch(MATCH, "Match"), Branch(NO_MATCH, "No match"))

    def fields(self, choices: Choices) -> Sequence[Field]:
        """Two expressions."""
        conditions = tuple(CONDITIONS.items())
        joins = (("", "Only the first"), ("and", "and"), ("or", "or"))
        return (
            Field("variable", "Variable", required=True, max_length=200, help="A name such as webhook.tier or api:data.tier.",
                  attrs={"data-variable-name": True}),
            Field("condition", "Condition", "select", options=conditions, default="eq", width="half"),
            Field("value", "Value", max_length=500, width="half", attrs={"data-variables": True}),
            Field("operator", "Second expression", "select", options=joins),
            Field("variable2", "Second variable", max_length=200, attrs={"data-variable-name": True}),
            Field("condition2", "Second condition", "select", options=conditions, default="eq", width="half"),
            Field("value2", "Second value", max_length=500, width="half", attrs={"data-variables": True}),
        )  # fmt: skip

    def shown(self, config: ChoiceConfig) -> Mapping[str, Any]:
        """The expressions, flat."""
        return {
            "variable": config.first.variable, "condition": config.first.condition, "value": config.first.value,
            "operator": config.operator, "variable2": config.second.variable, "condition2": config.second.condition,
            "value2": config.second.value,
        }  # fmt: skip

    def typed(self, values: Mapping[str, Any], old: ChoiceConfig) -> ChoiceConfig:
        """Names may be typed with their braces."""
        first, second = (_bare(values[name]) for name in ("variable", "variable2"))
        return ChoiceConfig(
            Expression(first, values["condition"], values["value"]), values["operator"],
            Expression(second, values["condition2"], values["value2"]),
        )  # fmt: skip

    def texts(self, config: ChoiceConfig) -> Iterator[tuple[str, str]]:
        """The names count as texts that hold them."""
        used = [("", config.first)] + ([("2", config.second)] if config.operator else [])
        for ending, expression in used:
            if expression.variable:
                yield f"variable{ending}", f"{{{{{expression.variable}}}}}"
            yield f"value{ending}", expression.value

    def check(self, config: ChoiceConfig, choices: Choices) -> Iterator[Problem]:
        """A variable in each expression."""
        if not config.first.variable:
            yield Problem("Name the variable that is compared.", field="variable")
        if config.operator and not config.second.variable:
            yield Problem("Name the second variable.", field="variable2")

    def summary(self, config: ChoiceConfig) -> str:
        """The comparison as a formula."""
        found = [f"{e.variable} {SIGNS[e.condition]} {e.value}" for e in (config.first, config.second)]
        return f"{found[0]} {config.operator} {found[1]}" if config.operator else found[0]

    async def run(self, config: ChoiceConfig, stage: Stage) -> Outcome:
        """Compare."""
        first, left = _holds(config.first, stage)
        told = [left]
        result = first
        if config.operator:
            second, right = _holds(config.second, stage)
            told.append(right)
            result = (first and second) if config.operator == "and" else (first or second)
        return Outcome(MATCH if result else NO_MATCH, {"compared": told})


def _holds(expression: Expression, stage: Stage) -> tuple[bool, str]:
    left, right = stage.scope.text(expression.variable), stage.scope.fill(expression.value)
    return compare(left, expression.condition, right), f"{left[:200]} {SIGNS[expression.condition]} {right[:200]}"


def _bare(name: str) -> str:
    return name.strip().removeprefix("{{").removesuffix("}}").strip()


register(Choice())
