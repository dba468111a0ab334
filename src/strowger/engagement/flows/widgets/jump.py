"""Jump: on to another widget, or another flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from strowger.console.form import Field
from strowger.engagement.flows.schemas import Problem
from strowger.engagement.flows.widgets.base import Branch, Choices, Outcome, Place, Stage, WidgetType, register

LIMIT = "limit"
MAX_JUMPS = 20


class JumpConfig(Struct, omit_defaults=True):
    """The target: a widget of the same flow, or the beginning of another published one."""

    kind: Literal["widget", "flow"] = "widget"
    widget: Annotated[str, Meta(max_length=40)] = ""
    flow: int = 0
    most: Annotated[int, Meta(ge=1, le=MAX_JUMPS)] = 10


class Jump(WidgetType[JumpConfig]):
    """The only way back."""

    key, label = "jump", "Jump"
    icon = "corner-down-right"
    text = "Goes on at another widget, also at an earlier one, or in another flow."
    Config = JumpConfig

    def branches(self, config: JumpConfig) -> Sequence[Branch]:
        """Where it goes when it has jumped often enough."""
        return (Branch(LIMIT, "After the last jump"),)

    def fields(self, choices: Choices) -> Sequence[Field]:
        """Target and limit."""
        widgets = [(w.id, w.name or w.id) for w in choices.definition.widgets]
        flows = [
            (str(key), f"{name}{'' if open_ else ' (not published)'}")
            for key, (name, open_) in choices.flows.items()
            if key != choices.flow_id
        ]
        kinds = (("widget", "A widget of this flow"), ("flow", "Another flow"))
        return (
            Field("kind", "Go to", "radio", required=True, default="widget", options=kinds),
            Field("widget", "Widget", "select", options=(("", "Choose a widget"), *widgets), width="half"),
            Field("flow", "Flow", "select", options=(("", "Choose a flow"), *flows), width="half"),
            Field("most", "Jumps in one execution", "number", required=True, default=10, least=1, most=MAX_JUMPS),
        )

    def shown(self, config: JumpConfig) -> Mapping[str, Any]:
        """As they are."""
        return {"kind": config.kind, "widget": config.widget, "flow": str(config.flow or ""), "most": config.most}

    def typed(self, values: Mapping[str, Any], old: JumpConfig) -> JumpConfig:
        """As they are."""
        return JumpConfig(values["kind"], values["widget"], int(values["flow"] or 0), int(values["most"]))

    def check(self, config: JumpConfig, choices: Choices) -> Iterator[Problem]:
        """The target exists."""
        if config.kind == "widget" and choices.definition.find(config.widget) is None:
            yield Problem("Choose the widget to go to.", field="widget")
        if config.kind == "flow" and (
            config.flow == choices.flow_id or not choices.flows.get(config.flow, ("", False))[1]
        ):
            yield Problem("Choose another flow that is published.", field="flow")

    def summary(self, config: JumpConfig) -> str:
        """The target."""
        return f"to {config.widget}" if config.kind == "widget" else f"to flow {config.flow}"

    async def run(self, config: JumpConfig, stage: Stage) -> Outcome:
        """Count, and go."""
        jumps = stage.run.vars.setdefault("jumps", {})
        key = f"{stage.run.at_flow}:{stage.widget.id}"
        done = int(jumps.get(key, 0))
        if done >= config.most:
            return Outcome(LIMIT, {"jumps": done})
        jumps[key] = done + 1
        if config.kind == "widget":
            place = Place(stage.run.at_flow, stage.run.at_revision, config.widget)
            return Outcome("jump", {"jump": done + 1, "widget": config.widget}, to=place)
        found = await stage.published(config.flow)
        if found is None:
            return Outcome(LIMIT, {"problem": f"Flow {config.flow} is not published."}, failed=True)
        return Outcome("jump", {"jump": done + 1, "flow": config.flow}, to=found)


register(Jump())
