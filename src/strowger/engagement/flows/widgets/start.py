"""Start: what begins an execution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct

from strowger.console.form import Field
from strowger.engagement.flows.schemas import START, Problem
from strowger.engagement.flows.widgets.base import DEFAULT, Branch, Choices, WidgetType, register

NO_NUMBER = ""


class Webhook(Struct, frozen=True, omit_defaults=True):
    """Executions by webhook; ``require_key``: the caller needs an API key besides the token."""

    enabled: bool = True
    require_key: bool = False


class Incoming(Struct, frozen=True, omit_defaults=True):
    """Executions by an incoming SMS to a number of the account, with ``keyword`` only those that begin with it."""

    enabled: bool = False
    number: Annotated[str, Meta(max_length=20)] = ""
    keyword: Annotated[str, Meta(max_length=40)] = ""


class StartConfig(Struct, omit_defaults=True):
    """Triggers."""

    webhook: Webhook = Webhook()
    sms: Incoming = Incoming()


class Start(WidgetType[StartConfig]):
    """The beginning of every flow."""

    key, label, text = START, "Start", "Begins the flow: by webhook, or by an incoming SMS."
    icon = "player-play"
    Config = StartConfig
    single = True

    def branches(self, config: StartConfig) -> Sequence[Branch]:
        """One, which has to lead somewhere."""
        return (Branch(DEFAULT, "Then", needed=True),)

    def fields(self, choices: Choices) -> Sequence[Field]:
        """The triggers."""
        numbers = [(number, f"+{number}") for number in choices.numbers]
        return (
            Field("webhook", "Webhook", "checkbox", help="An address that an outside system calls; shown after publishing."),
            Field("require_key", "The webhook also needs an API key", "checkbox",
                  help="Without it the token in the address is enough."),
            Field("sms", "Incoming SMS", "checkbox", help="A message to a number of the account begins the flow."),
            Field("number", "Number", "select", options=((NO_NUMBER, "Choose a number"), *numbers), width="half"),
            Field("keyword", "First word", max_length=40, width="half", pattern=r"\S*", pattern_text="One word.",
                  help="Only messages that begin with this word; empty: every message."),
        )  # fmt: skip

    def shown(self, config: StartConfig) -> Mapping[str, Any]:
        """Toggles."""
        return {
            "webhook": config.webhook.enabled, "require_key": config.webhook.require_key, "sms": config.sms.enabled,
            "number": config.sms.number, "keyword": config.sms.keyword,
        }  # fmt: skip

    def typed(self, values: Mapping[str, Any], old: StartConfig) -> StartConfig:
        """The toggles as they are stored."""
        return StartConfig(
            Webhook(values["webhook"], values["require_key"]),
            Incoming(values["sms"], values["number"], values["keyword"]),
        )

    def check(self, config: StartConfig, choices: Choices) -> Iterator[Problem]:
        """Some trigger, and a number of the account for SMS."""
        if not config.webhook.enabled and not config.sms.enabled:
            yield Problem("Switch a trigger on: nothing could start this flow.", field="webhook")
        if config.sms.enabled and config.sms.number not in choices.numbers:
            yield Problem("Choose a number of the account that receives the SMS.", field="number")

    def summary(self, config: StartConfig) -> str:
        """The triggers."""
        found = ["Webhook"] if config.webhook.enabled else []
        if config.sms.enabled:
            found.append(f"SMS {config.sms.keyword}".strip())
        return ", ".join(found)


register(Start())
