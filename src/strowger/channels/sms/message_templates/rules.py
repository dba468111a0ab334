"""What a template must be, by country (sms.md 3.16, 7.2)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from strowger.channels.sms import fields
from strowger.channels.sms.message_templates.placeholders import ANONYMOUS, DLT_VALUE, PLAIN_VALUE, URL_NAMES, split
from strowger.channels.sms.message_templates.schemas import PURPOSES, NewTemplate
from strowger.channels.sms.senders.countries import COUNTRIES, CountryRule, rule_of
from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.params import Params, as_text, scalar_text

MAX_TITLE, MAX_CONTENT, MAX_IMPORTED, MIN_FIXED, MAX_SENDERS = 100, 1600, 2000, 5, 50
ALIASES = {"PROMO": "MKT", "PROMOTIONAL": "MKT", "TRANSACTIONAL": "TXN", "SE": "TXND"}
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?")
STOP_WORD = re.compile(r"\bSTOP\b", re.IGNORECASE)
NEARLY = re.compile(r"\{(?!#var#\})\s*#|\{\s*var\s*#")


def read_template(
    row: Mapping[str, Any], country: str, senders: Collection[str], most: int = MAX_CONTENT
) -> NewTemplate:
    """One template from a row of an API call, a form or a file; ``template_id`` stays empty where it is to be made.

    ``country`` is used when the row names none; ``senders`` are those of the account. Raises StrowgerError with the field.
    """
    params = dict(row)
    iso_code = (as_text(params, "iso_code", "E629") or country).strip().upper()
    if iso_code not in COUNTRIES:
        raise StrowgerError("E629", field="iso_code")
    rule = rule_of(iso_code)
    title = (as_text(params, "title", "E632") or "").strip()
    if not 1 <= len(title) <= MAX_TITLE:
        raise StrowgerError("E632", f"A title has 1 to {MAX_TITLE} characters", field="title")
    purpose = _purpose(params)
    content = as_text(params, "content", "E632") or ""
    check_content(content, rule, purpose, most)
    template_id = fields.read_digits(params, "template_id", "E609")
    entity_id = fields.read_digits(params, "entity_id", "E626")
    if rule.registry and template_id is None:
        raise StrowgerError("E609", f"It is needed in {iso_code}", field="template_id")
    if rule.registry and entity_id is None:
        raise StrowgerError("E626", f"It is needed in {iso_code}", field="entity_id")
    language = (as_text(params, "language") or "en").strip()
    if not LANGUAGE.fullmatch(language):
        raise StrowgerError("E632", "A language is a code such as en or hi", field="language")
    return NewTemplate(
        title, content, template_id or "", purpose, iso_code, _senders(params, senders), entity_id, language,
        _defaults(params, content, rule),
    )  # fmt: skip


def check_content(content: str, rule: CountryRule, purpose: str, most: int = MAX_CONTENT) -> None:
    """Raise E632 for a text that cannot be a template of the country."""
    if not content.strip():
        raise StrowgerError("E632", "The text is empty", field="content")
    if len(content) > most:
        raise StrowgerError("E632", f"{len(content)} characters; at most {most}", field="content")
    if "\0" in content:
        raise StrowgerError("E632", "NUL characters cannot be sent", field="content")
    if NEARLY.search(content):
        raise StrowgerError("E632", "Write a variable as {#var#}", field="content")
    pieces = split(content)
    if any(not piece for piece in pieces.fixed[1:-1]):
        raise StrowgerError("E632", "Between two variables there must be text", field="content")
    named = [name for name in pieces.names if name != ANONYMOUS and name not in URL_NAMES]
    if rule.registry and named:
        raise StrowgerError("E632", f"Variables are {{#var#}} here, not {{{named[0]}}}", field="content")
    if rule.registry and sum(len("".join(piece.split())) for piece in pieces.fixed) < MIN_FIXED:
        raise StrowgerError("E632", f"At least {MIN_FIXED} characters must be fixed", field="content")
    if rule.opt_out and purpose == "MKT" and not STOP_WORD.search(content):
        raise StrowgerError("E632", "Marketing must say how to stop it, with the word STOP", field="content")


def _purpose(params: Params) -> str:
    given = as_text(params, "purpose", "E608") or as_text(params, "category", "E608") or ""
    purpose = given.strip().upper().replace("-", " ")
    purpose = {"SERVICE IMPLICIT": "SI", "SERVICE EXPLICIT": "TXND"}.get(purpose, ALIASES.get(purpose, purpose))
    if purpose not in PURPOSES:
        raise StrowgerError("E608", f"Must be one of {', '.join(PURPOSES)}", field="purpose")
    return purpose


def _senders(params: Params, own: Collection[str]) -> tuple[str, ...]:
    given = next((params[name] for name in ("sender", "senders", "sender_id") if params.get(name)), None)
    names: dict[str, None] = {}
    for item in fields.read_list(given) if given is not None else []:
        text = scalar_text(item)
        if text is None:
            raise StrowgerError("E627", field="sender")
        names.update((name.strip(), None) for name in text.split(",") if name.strip())
    if not names:
        raise StrowgerError("E604", field="sender")
    if len(names) > MAX_SENDERS:
        raise StrowgerError("E627", f"{len(names)} sender IDs; at most {MAX_SENDERS}", field="sender")
    if unknown := [name for name in names if name not in own]:
        raise StrowgerError("E605", f"Not found: {', '.join(unknown)[:200]}", field="sender")
    return tuple(names)


def _defaults(params: Params, content: str, rule: CountryRule) -> dict[str, str]:
    given = params.get("defaults")
    if given in (None, "", {}):
        return {}
    if not isinstance(given, dict):
        raise StrowgerError("E632", "Defaults are an object: a text for each variable", field="defaults")
    known, limit = split(content).variables, DLT_VALUE if rule.registry else PLAIN_VALUE
    found: dict[str, str] = {}
    for name, value in given.items():
        text = scalar_text(value)
        if name not in known:
            raise StrowgerError("E632", f"There is no variable {str(name)[:40]}", field="defaults")
        if text is None or "\0" in text or len(text) > limit:
            raise StrowgerError(
                "E632", f"The default of {name} must be text of up to {limit} characters", field="defaults"
            )
        found[name] = text
    return found
