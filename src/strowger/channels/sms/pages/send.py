"""Sending from the console: the same code as the API's, with a counter, a preview and the price before it goes."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec

from strowger.channels.sms import fields
from strowger.channels.sms.link_texts import AUTOMATIC, TRACKED
from strowger.channels.sms.message_templates.schemas import UsableTemplate
from strowger.channels.sms.pages.send_template import NAMES, api_parameters, chosen, text_of, value_fields
from strowger.channels.sms.pages.send_template import pages as choosing
from strowger.channels.sms.pipeline import unicode_mode
from strowger.channels.sms.screening.repository import settings as account_settings
from strowger.channels.sms.send import send_sms
from strowger.channels.sms.senders import repository
from strowger.console import menu, palette
from strowger.console.code import ApiCall
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.foundation.phone import number_facts
from strowger.platform.billing import repository as billing
from strowger.platform.billing.service import PriceList, terms_of
from strowger.platform.gateway.errors import ERRORS
from strowger.platform.gateway.keys import Principal
from strowger.platform.gateway.operations import Call
from strowger.protocols.gsm import UnicodeMode, normalise_newlines, not_gsm7, sms_length

menu.register("", "Send", "/send", "send", 10, key="s")
palette.register_action("Send a message", "/send", "send")

MAX_SENDERS = 500
MAX_UNITS = 10
MAX_NAMED, MAX_MEASURED = 12, 20_000
TYPES = (
    ("TXN", "Transactional", "Orders, alerts, appointments"),
    ("OTP", "One-time password", "Leaves before everything else; one recipient"),
    ("MKT", "Marketing", "Offers and news"),
)
ENCODINGS = (("Auto", "Automatic"), ("0", "GSM 7-bit, other characters replaced"), ("1", "Unicode"))
# What the API calls a field that the form names otherwise.
PLACES = {"from": "sender", "number": "to", "timezone": "time"}


def _form(senders: list[Any], template: UsableTemplate | None = None, country: str = "") -> Form:
    purposes = {template.purpose} - {kind for kind, _, _ in TYPES} if template else set()
    types = (*(t[:2] for t in TYPES), *((purpose, purpose) for purpose in purposes))
    own = tuple((row["sender"], row["sender"]) for row in senders if row["status"] == "Approved")
    default = next((row["sender"] for row in senders if row["is_default"]), own[0][0] if own else "")
    return Form(
        "send",
        (
            Field("sender", "From", "select", required=True, options=own, default=default, width="half"),
            Field("type", "Type", "select", options=types, default="TXN", width="half"),
            Field("to", "To", "textarea", required=True, rows=2, max_length=4000, placeholder="447700900123",
                  help="Up to 100 numbers in international form, separated by commas or lines.",
                  attrs={"inputmode": "tel", "spellcheck": "false"}),
            Field("template", "Template", "hidden", max_length=100),
            Field("variables", "Variables", "hidden", max_length=3),
            Field("body", "Text", "textarea", required=template is None, rows=5, max_length=20000),
            *value_fields(template, country),
            Field("time", "Send at", "datetime-local", width="half",
                  help="15 minutes to 3 months ahead, in your time zone; empty: at once."),
            Field("callback", "Callback URL", "url", placeholder="https://example.net/dlr?id={id}&status={status}",
                  help="Called when the outcome is known."),
            Field("unicode", "Encoding", "select", options=ENCODINGS, default="Auto", width="half"),
            Field("validity", "Valid for (minutes)", "number", least=1, most=4320, width="half", placeholder="2880"),
            Field("ref", "Your reference", max_length=150, width="half"),
            Field("campaign_name", "Campaign", max_length=100, width="half", pattern=r"[\w\-]*",
                  pattern_text="Letters, digits, _ and - only."),
            Field("flash", "Flash: shows at once and is not stored on the handset", "checkbox", default=False),
            Field("no_receipt", "Do not ask the carrier for a delivery receipt", "checkbox", default=False),
        ),
        submit="Send",
        action="/send",
        code=_api_call,
    )  # fmt: skip


def _parameters(values: Any, zone: str) -> dict[str, str]:
    """The API's parameters out of the form's values; what was left as it is by default stays out."""
    to = ",".join(part.strip() for part in str(values.get("to", "")).replace("\n", ",").split(",") if part.strip())
    given = {
        "to": to,
        "sender": values.get("sender", ""),
        "type": values.get("type", ""),
        **(api_parameters(values) if values.get("template") else {"body": values.get("body", "")}),
        "callback": values.get("callback", ""),
        "ref": values.get("ref", ""),
        "campaign_name": values.get("campaign_name", ""),
        "validity": str(values.get("validity") or ""),
        "unicode": "" if values.get("unicode") in (None, "", "Auto") else values.get("unicode"),
        "flash": "1" if values.get("flash") else "",
        "dlr": "0" if values.get("no_receipt") else "",
        "time": values.get("time") or "",
        "timezone": zone if values.get("time") else "",
    }
    return {name: str(value) for name, value in given.items() if value not in (None, "")}


def _api_call(values: Any, visitor: Visitor, base_url: str) -> ApiCall:
    return ApiCall("POST", f"{base_url}/v1/{visitor.sid}/messages", form=_parameters(values, visitor.time_zone))


async def _senders(request: AnyRequest, visitor: Visitor) -> list[Any]:
    async with context_of(request).database.pool.acquire() as connection:
        return list(await repository.senders(connection, visitor.account_id, MAX_SENDERS))


@page("/send", permission="messages.send")
async def send_page(request: AnyRequest, visitor: Visitor) -> Page:
    """The empty form; ``?to=`` and ``?sender=`` fill it."""
    template = await chosen(request, visitor, request.query_params.get("template"))
    form = _form(await _senders(request, visitor), template, visitor.country)
    given = {name: request.query_params[name] for name in ("to", "sender", "body") if name in request.query_params}
    bound = form.blank(visitor, context_of(request).settings.base_url, **{**_of_template(template, form), **given})
    return await _render(request, visitor, bound, template)


def _of_template(template: UsableTemplate | None, form: Form) -> dict[str, str]:
    """What a template sets in the form."""
    if template is None:
        return {"template": "", "variables": ""}
    count = len(template.content.variables)
    set_ = {"template": template.template_id, "variables": str(count), "type": template.purpose}
    own = {option[0] for item in form.fields if item.name == "sender" for option in item.options}
    sender = next((name for name in template.senders if name in own), None)
    return set_ | ({"sender": sender} if sender else {})


@page("/send/choose", methods=["POST"], permission="messages.send", audited=False)
async def choose_template(request: AnyRequest, visitor: Visitor) -> Page:
    """The form with another template, or with a text of one's own; what was typed elsewhere stays."""
    sent = await request.form()
    template = await chosen(request, visitor, sent.get("choose"))
    form = _form(await _senders(request, visitor), template, visitor.country)
    kept = {
        item.name: item.name in sent if item.kind == "checkbox" else sent.getall(item.name, [""])[0]
        for item in form.fields
        if item.name not in NAMES
    }
    bound = form.blank(visitor, context_of(request).settings.base_url, **{**kept, **_of_template(template, form)})
    return await _render(request, visitor, bound, template)


@page("/send", methods=["POST"], permission="messages.send")
async def send_message(request: AnyRequest, visitor: Visitor) -> Page:
    """Send; then the message's page, or the list of the request's messages."""
    wanted = (await request.form()).get("template")
    template = await chosen(request, visitor, wanted)
    form = _form(await _senders(request, visitor), template, visitor.country)
    bound = await form.read(request, visitor)
    if wanted and template is None:
        bound.fail("", "The template cannot be used any more; choose another, or write a text.")
    if not bound.ok:
        return await _render(request, visitor, bound, template)
    try:
        call = await _call(request, visitor, _parameters(bound.values, visitor.time_zone))
        answer = await send_sms(call)
    except StrowgerError as problem:
        entry = ERRORS.get(problem.code)
        place = PLACES.get(problem.field or "", problem.field or "body")
        text = problem.detail or (entry.text if entry else problem.code)
        place = place if any(f.name == place for f in form.fields) else "" if template else "body"
        bound.fail(place, f"{text} ({problem.code})")
        return await _render(request, visitor, bound, template)
    data = msgspec.json.decode(answer.body)
    many = len(data["data"]) > 1
    path = f"/messages?q={data['id']}" if many else f"/messages/{data['data'][0]['message_id']}"
    word = "scheduled" if data.get("time") else "accepted"
    return redirect(request, path, f"{len(data['data'])} messages {word}." if many else f"{word.capitalize()}.")


async def _call(request: AnyRequest, visitor: Visitor, params: dict[str, str]) -> Call:
    """The request as the API's handler takes it, for the visitor's account; what the form says needs no defaults."""
    async with context_of(request).database.acquire() as connection:
        found = await account_settings(connection, visitor.account_id)
    settings = {name: found[name] for name in (AUTOMATIC, TRACKED, fields.ROUTE_TYPES) if name in found}
    principal = Principal(
        visitor.account_id, visitor.sid, 0, visitor.country, visitor.currency, "active", settings=settings, rate=None
    )
    request_id = new_uuid()
    return Call(
        id=request_id, name=str(request_id), method="POST", path="/send", path_params={}, headers={}, principal=principal,
        params={"source": "Console", **params}, state=request.app.state,
    )  # fmt: skip


async def _render(
    request: AnyRequest, visitor: Visitor, form: FormState, template: UsableTemplate | None = None
) -> Page:
    measured = await _measure(request, visitor, form.values, template)
    can_send = bool(form.get("sender").options)
    return await render(
        request, "sms/send.html", title="Send", status=form.status, form=form, measured=measured, can_send=can_send,
        by=template, value_names=NAMES[: len(template.content.variables)] if template else (),
    )  # fmt: skip


@page("/send/measure", methods=["POST"], permission="messages.send", audited=False)
async def measure(request: AnyRequest, visitor: Visitor) -> Page:
    """The counter, price and preview for what is typed now."""
    data = await request.form()
    template = await chosen(request, visitor, data.get("template"))
    measured = await _measure(request, visitor, dict(data), template)
    return await render(request, "sms/send_measured.html", measured=measured)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a text will be: its length, what makes it so, whom it goes to and what that costs."""

    body: str
    sender: str
    flash: bool
    encoding: str
    chars: int
    units: int
    remaining: int
    too_long: bool
    odd: tuple[tuple[str, str], ...]
    recipients: int
    invalid: int
    cost: Decimal | None
    balance: Decimal | None
    runs: tuple[tuple[str, bool], ...]

    @property
    def covered(self) -> bool:
        """Whether the balance is enough for it."""
        return self.cost is None or self.balance is None or self.cost <= self.balance


async def _measure(
    request: AnyRequest, visitor: Visitor, values: Any, template: UsableTemplate | None = None
) -> Measured:
    text = text_of(template, values) if template else str(values.get("body") or "")
    body, mode = text[:MAX_MEASURED], _mode(values)
    length = sms_length(body, mode)
    odd = not_gsm7(normalise_newlines(body)) if mode != "1" else []
    valid, invalid = _recipients(str(values.get("to") or ""), visitor)
    kind, sender = str(values.get("type") or ""), str(values.get("sender") or "")
    cost, balance = await _cost(request, visitor, valid, length.units, kind, sender) if body else (None, None)
    return Measured(
        body, str(values.get("sender") or ""), bool(values.get("flash")), length.encoding, length.chars, length.units,
        length.remaining, length.units > MAX_UNITS, tuple((one, _name(one)) for one in odd[:MAX_NAMED]), len(valid),
        invalid, cost, balance, _runs(body, frozenset(odd)),
    )  # fmt: skip


def _mode(values: Any) -> UnicodeMode:
    return unicode_mode({"unicode": values.get("unicode") or "Auto"})


def _runs(body: str, odd: frozenset[str]) -> tuple[tuple[str, bool], ...]:
    """The text in runs of characters that are, or are not, outside the 7-bit alphabet; runs keep joined emoji whole."""
    return tuple(("".join(run), marked) for marked, run in groupby(body, odd.__contains__))


def _name(character: str) -> str:
    return unicodedata.name(character, f"U+{ord(character[0]):04X}").capitalize()


def _recipients(text: str, visitor: Visitor) -> tuple[list[str], int]:
    raw = ",".join(part for part in text.replace("\n", ",").split(",") if part.strip())
    if not raw:
        return [], 0
    try:
        found, invalid = fields.read_recipients(raw, None, visitor.country, False)
    except StrowgerError:
        return [], len(raw.split(","))
    return [number for number in found if number not in invalid], len(invalid)


async def _cost(
    request: AnyRequest, visitor: Visitor, recipients: list[str], units: int, kind: str, sender: str
) -> tuple[Decimal | None, Decimal | None]:
    """What it costs (None: a country without a price), and what the account has."""
    async with context_of(request).database.pool.acquire() as connection:
        prices = PriceList(await billing.tariffs(connection))
        found = await billing.balance(connection, visitor.account_id)
        terms = await terms_of(connection, visitor.account_id)
    balance, now = found[0] if found else None, context_of(request).clock.now()
    total = Decimal(0)
    for number in recipients or [""]:
        facts = number_facts(number) if number else None
        country = facts.country if facts else None
        rate = prices.find("sms", terms, country, type_=kind, sender=sender, at=now) if terms else None
        if rate is None:
            return None, balance
        total += rate.total(units)
    return total, balance


_form([])  # the kit shows the call as code by the form's name, also in a process that has not shown the page yet
pages: list[Any] = [send_page, choose_template, send_message, measure, *choosing]
