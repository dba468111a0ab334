"""Sending: from parameters to an accepted request and its envelope (sms.md 2.4, 3.2 to 3.6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from strowger.channels.sms import fields
from strowger.channels.sms.link_texts import put_links, wants_links
from strowger.channels.sms.message_templates.sending import find_template, has_template, read_text
from strowger.channels.sms.schedule.times import read_due, zone_of
from strowger.channels.sms.schemas import Accepted, SendAnswer, encode
from strowger.channels.sms.senders.service import check_sender
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.messaging.notify import SMS_SEND
from strowger.messaging.schemas import NewRequest, Priority
from strowger.platform.callbacks import reading
from strowger.platform.callbacks.profiles.naming import named_profile
from strowger.platform.gateway.keys import Principal
from strowger.platform.gateway.operations import Answer, Call
from strowger.platform.gateway.params import Params, as_text

PRIORITIES = {"OTP": Priority.HIGH, "MKT": Priority.LOW}
ACCEPTED = 202
PROFILE = "callback_profile_id"
DEFAULTS = frozenset({"default_sender", "default_type", "default_unicode"})
OPTIONS = frozenset(
    {"unicode", "flash", "dlr", "prefix", "template_id", "entity_id", "port", "ref", "ref1", "ref2", "ref_custom"}
)


async def send_messages(call: Call) -> Answer:
    """Handle a send of the ``/messages`` family."""
    return await _send(call, "messages")


async def send_sms(call: Call) -> Answer:
    """Handle a send of the ``/sms`` family."""
    return await _send(call, "sms")


async def read_callback(
    context: Context, principal: Principal, params: Params
) -> tuple[dict[str, Any] | None, str | None]:
    """The callback as it is stored, and its URL; a profile wins over an inline one. Raises E615, E616."""
    given = params.get(PROFILE)
    if given not in (None, ""):
        found = await named_profile(context, principal, given, "sms", SMS_SEND, "E616", PROFILE)
        return found.stored, found.url
    if not params.get("callback"):
        return None, None
    target = reading.read_callback(params["callback"])
    return target.to_json(context.secrets, principal.account_id), reading.url_as_given(target.url)


async def _send(call: Call, family: str) -> Answer:
    params, principal = call.params, call.principal
    context = call.context
    check_channel(call)
    if not DEFAULTS.isdisjoint(principal.settings):
        params = fields.with_defaults(params, principal.settings)
    templated = has_template(params)
    template = await find_template(context, principal, params) if templated else None
    if template is not None:
        params = template.complete(params)
    prefix = fields.read_prefix(params)
    recipients, invalid = fields.read_recipients(params.get("to"), prefix, principal.country, call.spaced)
    sender = fields.read_sender(params)
    type_ = fields.read_type(params, principal.settings)
    if type_ == "OTP" and family == "messages" and len(recipients) > 1:
        raise StrowgerError("E603", "A one-time password goes to one recipient; use /sms for more", field="to")
    body = read_text(params, template) if templated else fields.read_body(params)
    options = read_options(params, prefix)
    stored, url = await read_callback(context, principal, params)
    now = context.clock.now()
    validity = fields.read_validity(params)
    due_at = await _due_at(context, call, now) if params.get("time") else None
    request = NewRequest(
        principal.account_id,
        call.id,
        type_,
        sender,
        body,
        recipients,
        now,
        (due_at or now) + timedelta(minutes=validity),
        PRIORITIES.get(type_, Priority.NORMAL),
        source=fields.read_source(params),
        campaign_name=fields.read_campaign(params),
        options=options or None,
        callback=stored,
        due_at=due_at,
    )
    await check_sender(context.database, context.clock, principal, sender)
    error: dict[str, Any] = {}
    if invalid and principal.settings.get("report_invalid_in_response"):
        request.recipients = [number for number in recipients if number not in invalid]
        error = {"invalid": invalid}
    given = params.get(PROFILE)
    envelope = _envelope(call.name, request, url, {**options, PROFILE: given} if given else options, error, family)
    if due_at is not None:
        envelope.time = as_text(params, "time")
    if wants_links(params, principal.settings, body):
        await put_links(call, params, request)
    answer = encode(envelope)
    if call.claim is not None:
        request.idempotency = (*call.claim, ACCEPTED, answer)
    await call.state.accepter.accept(request)
    return Answer(ACCEPTED, answer)


async def _due_at(context: Context, call: Call, now: datetime) -> datetime | None:
    zone = await zone_of(context.database, call.principal, call.params)
    return read_due(call.params, zone, now, context.settings.retention_days)


def check_channel(call: Call) -> None:
    """Raise E400 for a request that is meant for another channel."""
    channel = as_text(call.params, "channel")
    if channel is None:
        header = call.headers.get(b"channel")
        channel = header.decode("latin-1") if header else None
    if channel is not None and channel.strip().lower() != "sms":
        raise StrowgerError("E400", "Only SMS can be sent here", field="channel")


def read_options(params: Params, prefix: str | None) -> dict[str, Any]:
    """What only the caller and the channel understand."""
    options: dict[str, Any] = {}
    if OPTIONS.isdisjoint(params):
        return options
    given = {
        "unicode": fields.read_unicode(params),
        "flash": fields.read_switch(params, "flash", "E622"),
        "dlr": fields.read_switch(params, "dlr"),
        "prefix": "+" + prefix if prefix else None,
        "template_id": fields.read_digits(params, "template_id", "E609"),
        "entity_id": fields.read_digits(params, "entity_id", "E626"),
        "port": fields.read_port(params),
    }
    for name, value in given.items():
        if value is not None:
            options[name] = value
    options.update(fields.read_references(params))
    return options


def _envelope(
    name: str, request: NewRequest, url: str | None, options: dict[str, Any], error: dict[str, Any], family: str
) -> SendAnswer:
    data = [Accepted(f"{name}:{n}", recipient) for n, recipient in enumerate(request.recipients, 1)]
    answer = SendAnswer(
        name,
        request.sender,
        request.type,
        request.body,
        request.source,
        format_moment(request.created_at),
        len(data),
        data,
        url,
        error,
    )
    return answer.echo(options, family == "sms")


def format_moment(moment: datetime) -> str:
    """A moment as the API writes it, in UTC."""
    return moment.isoformat(" ", "seconds")
