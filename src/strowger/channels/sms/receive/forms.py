"""The form of a configuration: what it offers, how it is filled, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from strowger.channels.sms.fields import ENTITY_ID, ENTITY_ID_TEXT, TEMPLATE_ID, TEMPLATE_ID_TEXT
from strowger.channels.sms.receive import service
from strowger.channels.sms.receive.repository import configurations as repository
from strowger.channels.sms.receive.schemas import MAX_KEYWORD, MAX_REPLY, MAX_REPLY_MINUTES, Draft
from strowger.channels.sms.smpp_access.service import list_users
from strowger.console.form import Field, Form, FormState, whole
from strowger.console.pages import AnyRequest, context_of
from strowger.console.visitor import Visitor
from strowger.foundation.crypto import SecretBox
from strowger.foundation.errors import StrowgerError
from strowger.messaging.notify import SMS_MO
from strowger.platform.callbacks.profiles.service import ProfileService
from strowger.platform.callbacks.schemas import read_target
from strowger.platform.directory.repository.tags import all_of as all_tags
from strowger.platform.numbers.service import list_numbers, shared_numbers

LIST = "/receive"
FIRST_EXPIRY = timedelta(days=365)
CONSENTS = (
    ("", "Nothing"),
    ("subscribe", "Subscribe", "Consent on record for the number; an opt-out from it ends"),
    ("unsubscribe", "Unsubscribe", "The sender is opted out of the number, as by STOP"),
)
GROUPS = (
    ("When", ("number", "is_default", "keyword", "expires_at")),
    ("Auto reply", ("reply_text", "reply_sender", "reply_minutes", "reply_template", "reply_entity")),
    ("Forward", ("forward_numbers", "forward_emails")),
    ("Trigger", ("profile", "callback", "method", "smpp_user")),
    ("Subscription", ("consent", "tag")),
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the account has to choose from."""

    numbers: list[tuple[str, str]]
    senders: list[str]
    profiles: list[tuple[str, str]]
    clients: list[tuple[str, str]]
    tags: list[tuple[str, str]] = field(default_factory=list)


async def choices_of(request: AnyRequest, visitor: Visitor) -> Choices:
    """Numbers, senders, callback profiles and SMPP users of the visitor's account."""
    context = context_of(request)
    own = await context.database.run(lambda c: list_numbers(c, visitor.account_id))
    shared = await context.database.run(lambda c: shared_numbers(c, visitor.account_id))
    async with context.database.acquire() as connection:
        senders = await repository.approved_senders(connection, visitor.account_id)
        tags = await all_tags(connection, visitor.account_id)
    profiles = await ProfileService(context).list_all(visitor.account_id)
    clients = await list_users(context, visitor.account_id)
    return Choices(
        [(one.msisdn, f"+{one.msisdn}" + (f" ({one.label})" if one.label else "")) for one in own]
        + [(msisdn, f"{msisdn} (shared)") for msisdn in shared],
        senders,
        [(str(one.id), one.draft.title) for one in profiles if SMS_MO in one.draft.events],
        [(str(client.id), client.system_id) for client in clients],
        [(str(tag.id), tag.name) for tag in tags if tag.criteria is None],
    )


def _with_kept(options: list[tuple[str, str]], value: str, label: str) -> tuple[tuple[str, str], ...]:
    """The options, and the one that is stored although it is not offered any more."""
    known = {option[0] for option in options}
    return tuple(options) if not value or value in known else (*options, (value, label))


def build(choices: Choices, action: str, *, new: bool, keyed: bool = True, kept: Draft | None = None) -> Form:
    """The form of a new configuration, or of one that stands: ``keyed`` unless it is the default one."""
    kept = kept or Draft()
    profile = str((kept.callback or {}).get("profile", ""))
    senders = [(one, one) for one in choices.senders]
    when = (
        Field("number", "Recipient number", "select", required=True, options=tuple(choices.numbers), width="half"),
        Field("is_default", "Default configuration", "checkbox", default=False,
              help="For messages that match no keyword of the number. It needs neither keyword nor expiry. "
                   "Shared numbers have none."),
    )  # fmt: skip
    key = (
        Field("keyword", "Keyword", max_length=MAX_KEYWORD, width="half", placeholder="BOOK {date}",
              help="Needed unless this is the default: a word, or a pattern whose names in braces reply and callback can use."),
        Field("expires_at", "Keyword expiry", "datetime-local", width="half", attrs={"step": 1},
              help="In your time zone. Afterwards messages with the keyword are not processed."),
    )  # fmt: skip
    rest = (
        Field("reply_text", "Text", "textarea", rows=3, max_length=MAX_REPLY,
              help="Sent to whoever wrote. Names in braces are filled in. Empty: no reply."),
        Field("reply_sender", "Sender", "select", width="half",
              options=_with_kept([("", "The number itself"), *senders], kept.reply_sender, kept.reply_sender)),
        Field("reply_minutes", "Send after (minutes)", "number", least=0, most=MAX_REPLY_MINUTES, width="half",
              parse=whole(0, MAX_REPLY_MINUTES, 0),
              default="0", help="0: at once. At most a week."),
        Field("reply_template", "Template ID", width="half", pattern=TEMPLATE_ID.pattern, pattern_text=TEMPLATE_ID_TEXT,
              help="Where texts are registered (India); without it the reply counts as marketing."),
        Field("reply_entity", "Entity ID", width="half", pattern=ENTITY_ID.pattern, pattern_text=ENTITY_ID_TEXT,
              help="Empty: that of the sender ID, else of the account."),
        Field("forward_numbers", "To mobile numbers", "textarea", rows=2, max_length=200, attrs={"inputmode": "tel"},
              help="Up to 5 with country code, one per line. Each is sent, and paid for, as an SMS."),
        Field("forward_emails", "To e-mail addresses", "textarea", rows=2, max_length=1300, help="Up to 5, one per line."),
        Field("profile", "Callback profile", "select",
              options=_with_kept([("", "None: the URL below, else what the number says"), *choices.profiles], profile,
                                 "A profile that is not offered any more"),
              help="A profile of channel SMS with the event SMS Incoming."),
        Field("callback", "Trigger URL", "url", max_length=2000, placeholder="https://example.net/mo?from={source}",
              help="Called instead of the number's own receiver."),
        Field("method", "Method", "select", options=(("POST", "POST"), ("GET", "GET")), default="POST", width="half"),
        Field("smpp_user", "SMPP user", "select", width="half", options=(("", "What the number says"), *choices.clients),
              help="Its receiver bind gets the message as deliver_sm."),
        Field("consent", "Of whoever wrote", "radio", options=CONSENTS, default=""),
        Field("tag", "Directory tag", "select", width="half",
              options=_with_kept([("", "None"), *choices.tags], str(kept.tag_id or ""), "A tag that is not there any more"),
              help="Subscribe gives it to the contact of whoever wrote, which is made if there is none; Unsubscribe takes it."),
    )  # fmt: skip
    fields = (*(when if new else ()), *(key if keyed else ()), *rest)
    return Form("receive", fields, submit="Create" if new else "Save", action=action, cancel=LIST)


def groups_of(form: Form) -> list[tuple[str, list[Field]]]:
    """The fields under their headings."""
    known = {item.name: item for item in form.fields}
    found = [(title, [known[name] for name in names if name in known]) for title, names in GROUPS]
    return [group for group in found if group[1]]


def shown(draft: Draft, visitor: Visitor) -> dict[str, Any]:
    """A draft as the form's values."""
    callback = draft.callback or {}
    return {
        "keyword": draft.keyword, "expires_at": local_text(draft.expires_at, visitor), "reply_text": draft.reply_text,
        "reply_sender": draft.reply_sender, "reply_minutes": str(draft.reply_minutes), "method": callback.get("method", "POST"),
        "forward_numbers": "\n".join(f"+{number}" for number in draft.forward_numbers),
        "forward_emails": "\n".join(draft.forward_emails), "profile": callback.get("profile", ""),
        "callback": callback.get("url", ""), "smpp_user": str(draft.smpp_user_id or ""), "consent": draft.consent,
        "reply_template": draft.reply_template, "reply_entity": draft.reply_entity, "tag": str(draft.tag_id or ""),
    }  # fmt: skip


def local_text(moment: datetime | None, visitor: Visitor) -> str:
    """A moment as a field of date and time shows it."""
    return visitor.local(moment).strftime("%Y-%m-%dT%H:%M:%S") if moment else ""


def _moment(text: str, visitor: Visitor) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=visitor.zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise StrowgerError("E400", "A date and time, for example 2027-01-31 18:00.", field="expires_at") from None


def _target(
    values: Mapping[str, Any], kept: Draft | None, secrets: SecretBox, account_id: int
) -> dict[str, Any] | None:
    """The receiver as it is stored. Raises StrowgerError E400."""
    if values["profile"]:
        return {"profile": values["profile"]}
    if not values["callback"]:
        return None
    stored = kept.callback if kept else None
    if stored and (stored.get("url"), stored.get("method")) == (values["callback"], values["method"]):
        return stored
    try:
        target = read_target({"url": values["callback"], "method": values["method"]})
    except StrowgerError as problem:
        detail = (problem.detail or problem.code).removeprefix("callback.")
        raise StrowgerError("E400", detail, field="callback") from None
    return target.to_json(secrets, account_id)


def draft_of(form: FormState, request: AnyRequest, visitor: Visitor, choices: Choices, kept: Draft | None) -> Draft:
    """The checked draft that a form describes. Raises StrowgerError E400."""
    context, values = context_of(request), form.values
    is_default = bool(values.get("is_default")) or (kept is not None and not kept.keyword)
    draft = Draft(
        values.get("keyword", ""), None if is_default else _moment(values.get("expires_at", ""), visitor),
        values["reply_text"].strip(), values["reply_sender"], values["reply_minutes"],
        service.read_numbers(values["forward_numbers"], visitor.country), service.read_emails(values["forward_emails"]),
        _target(values, kept, context.secrets, visitor.account_id), int(values["smpp_user"] or 0) or None, values["consent"],
        values["reply_template"], values["reply_entity"], int(values.get("tag") or 0) or None,
    )  # fmt: skip
    return service.check(draft, is_default, choices.senders, context.clock.now(), kept)
