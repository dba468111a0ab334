"""SMS: a message through the same accept step as the API's (voice.md 6.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from strowger.channels.sms.batches.send import Composer, describe
from strowger.channels.sms.send import PROFILE
from strowger.console.form import Field
from strowger.engagement.flows.errors import Refused
from strowger.engagement.flows.schemas import Problem
from strowger.engagement.flows.variables import VARIABLE
from strowger.engagement.flows.widgets.base import (
    Branch,
    Choices,
    Outcome,
    Stage,
    WidgetType,
    lines_of,
    register,
)
from strowger.engagement.links.service import LinkMaker
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import format_message_id, new_uuid
from strowger.foundation.phone import clean_number
from strowger.messaging.schemas import NewRequest, Variant
from strowger.platform.features.service import check_path
from strowger.platform.gateway.operations import Call
from strowger.platform.gateway.services import check_service

SENT, FAILED = "sent", "failed"
SOURCE = "FLOW"
SERVICE = "messages"  # the part of the API whose permissions count here, too
MAX_TO, MAX_TEXT, MAX_VALUES = 10, 1000, 50
TYPES = (("TXN", "Transactional"), ("OTP", "One-time password"), ("MKT", "Marketing"))
PARTIES = ("caller", "callee")


class SmsConfig(Struct, omit_defaults=True):
    """``to`` holds ``caller``, ``callee``, numbers and variables; ``values`` are those of the template's variables."""

    to: Annotated[list[Annotated[str, Meta(max_length=210)]], Meta(max_length=MAX_TO)] = []
    sender: Annotated[str, Meta(max_length=20)] = ""
    type: Literal["TXN", "OTP", "MKT"] = "TXN"
    template_id: Annotated[str, Meta(max_length=30)] = ""
    values: Annotated[dict[str, Annotated[str, Meta(max_length=500)]], Meta(max_length=MAX_VALUES)] = {}
    body: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    profile: Annotated[str, Meta(max_length=60)] = ""


def _read_to(text: str) -> list[str]:
    found = lines_of(text.replace(",", "\n"))
    for entry in found:
        plain = entry in PARTIES or VARIABLE.fullmatch(entry)
        if not plain and clean_number(entry, None, "") is None:
            raise Refused(
                f"“{entry[:40]}” is neither caller, callee, a number with country code nor a {{{{variable}}}}.", "to"
            )
    if len(found) > MAX_TO:
        raise Refused(f"At most {MAX_TO} recipients.", "to")
    return found


def _read_values(text: str) -> dict[str, str]:
    found = {}
    for line in lines_of(text):
        name, sign, value = line.partition("=")
        if not sign or not name.strip():
            raise Refused(f"Write “{line[:40]}” as name = value.", "values")
        found[name.strip()] = value.strip()
    return found


class Sms(WidgetType[SmsConfig]):
    """Sends; does not wait for delivery."""

    key, label, text = "sms", "SMS", "Sends a message; does not wait for its delivery."
    icon = "message"
    Config = SmsConfig

    def branches(self, config: SmsConfig) -> Sequence[Branch]:
        """Whether it was accepted."""
        return (Branch(SENT, "Sent"), Branch(FAILED, "Failed"))

    def fields(self, choices: Choices) -> Sequence[Field]:
        """Recipients, sender, text or template."""
        variables = {"data-variables": True}
        return (
            Field("to", "To", "textarea", rows=2, max_length=2000, placeholder="caller", attrs=variables,
                  help="caller, callee, a number or a {{variable}}; one in a line, at most 10. Empty: caller."),
            Field("sender", "Sender ID", "select", width="half",
                  options=(("", "Choose a sender"), *((s, s) for s in choices.senders))),
            Field("type", "Type", "select", options=TYPES, default="TXN", width="half"),
            Field("template_id", "Template", "select", options=(("", "None: the text below"), *choices.templates.items())),
            Field("values", "Values of the template", "textarea", rows=2, max_length=4000, attrs=variables,
                  placeholder="name = {{webhook.name}}", help="One variable of the template in a line."),
            Field("body", "Text", "textarea", rows=4, max_length=MAX_TEXT,
                  attrs={**variables, "data-sms-counter": True},
                  help="Up to 1,000 characters; type {{ for variables such as {{webhook.name}}."),
            Field("profile", "Callback profile", "select", options=(("", "None"), *choices.profiles.items())),
        )  # fmt: skip

    def shown(self, config: SmsConfig) -> Mapping[str, Any]:
        """Lists as lines."""
        return {
            "to": "\n".join(config.to), "sender": config.sender, "type": config.type, "template_id": config.template_id,
            "values": "\n".join(f"{name} = {value}" for name, value in config.values.items()), "body": config.body,
            "profile": config.profile,
        }  # fmt: skip

    def typed(self, values: Mapping[str, Any], old: SmsConfig) -> SmsConfig:
        """Lines as lists."""
        made = {**values, "to": _read_to(values["to"]), "values": _read_values(values["values"])}
        return self.read(made)

    def texts(self, config: SmsConfig) -> Iterator[tuple[str, str]]:
        """Recipients, text, values."""
        yield from (("to", entry) for entry in config.to)
        yield "body", config.body
        yield from (("values", value) for value in config.values.values())

    def check(self, config: SmsConfig, choices: Choices) -> Iterator[Problem]:
        """A sender of the account, and a text."""
        if config.sender not in choices.senders:
            yield Problem("Choose an approved sender ID.", field="sender")
        if config.template_id and config.template_id not in choices.templates:
            yield Problem("This template is not approved any more.", field="template_id")
        if not config.template_id and not config.body.strip():
            yield Problem("Write the text, or choose a template.", field="body")
        if not config.template_id and choices.needs_template:
            yield Problem("In your country a text needs an approved template.", field="template_id")
        if config.profile and config.profile not in choices.profiles:
            yield Problem("Choose a callback profile for SMS that is switched on.", field="profile")

    def summary(self, config: SmsConfig) -> str:
        """Recipients and the beginning of the text."""
        to = ", ".join(config.to) or "caller"
        return f"to {to}: {config.body[:60] or 'template ' + config.template_id}" if config.sender else ""

    async def run(self, config: SmsConfig, stage: Stage) -> Outcome:
        """Compose the request; it is stored with the step."""
        numbers, raw = self._recipients(config, stage)
        data: dict[str, Any] = {"to": numbers or raw, "sender": config.sender, "type": config.type}
        try:
            if not numbers:
                wrong = ", ".join(raw)[:200] or "nobody"
                raise StrowgerError("E601" if not raw else "E602", f"To {wrong}: not a number", field="to")
            request = await _compose(config, stage, numbers)
        except StrowgerError as problem:
            if problem.status == 503:
                raise
            return Outcome(FAILED, {**data, "problem": describe(problem)}, failed=True)
        data["text"] = request.body
        data["messages"] = [format_message_id(request.request_id, n) for n in range(1, len(numbers) + 1)]
        if left := [entry for entry in raw if entry not in numbers]:
            data["left_out"] = left
        return Outcome(SENT, data, requests=[request])

    @staticmethod
    def _recipients(config: SmsConfig, stage: Stage) -> tuple[list[str], list[str]]:
        """The numbers, each once, and what they were read from."""
        raw: list[str] = []
        for entry in config.to or ["caller"]:
            text = stage.scope.text(entry) if entry in PARTIES else stage.scope.fill(entry)
            raw.extend(part.strip()[:64] for part in text.split(",") if part.strip())
        raw = raw[:MAX_TO]
        found = (clean_number(one, None, stage.principal.country) for one in raw)
        return list(dict.fromkeys(number for number in found if number)), raw


async def _compose(config: SmsConfig, stage: Stage, numbers: list[str]) -> NewRequest:
    """The request for these numbers. Raises StrowgerError."""
    if stage.principal.parent_id is not None:
        check_service(stage.principal.settings, SERVICE)
    check_path(stage.principal.off, SERVICE)
    params: dict[str, Any] = {"sender": config.sender, "type": config.type}
    if config.template_id:
        params["template_id"] = config.template_id
        params["template_data"] = {name: stage.scope.fill(value) for name, value in config.values.items()}
    else:
        params["body"] = stage.scope.fill(config.body)
    if config.profile:
        params[PROFILE] = config.profile
    context, request_id, now = stage.context, new_uuid(), stage.now
    shortener = LinkMaker(context.settings.short_base, context.database)
    state = SimpleNamespace(context=context, shortener=shortener)
    call = Call(request_id, str(request_id), "POST", "/flow", {}, {}, stage.principal, params, state)
    composer = Composer(call, now, ZoneInfo("UTC"))
    variants: list[Variant] = []
    for n, number in enumerate(numbers, 1):
        own = not variants or composer.personal
        variants.append(await composer.compose(params, n, number) if own else variants[0])
    first = variants[0]
    return NewRequest(
        stage.principal.account_id, request_id, first.type, first.sender, first.body, numbers, now, first.valid_until,
        first.priority, source=SOURCE, options=first.options, callback=first.callback,
        each=[None if variant is first else variant for variant in variants] if composer.personal else None,
        writes=composer.links.writes(),
    )  # fmt: skip


register(Sms())
