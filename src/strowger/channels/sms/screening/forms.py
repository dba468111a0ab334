"""The sections of the SMS settings page: fields, how stored settings fill them, and what is stored of them (sms.md 7.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from strowger.channels.sms.fields import ENTITY_ID, ENTITY_ID_TEXT, TEMPLATE_ID, TEMPLATE_ID_TEXT
from strowger.channels.sms.screening.options import (
    CONSENT_POLICIES,
    KINDS,
    WORD_IDS,
    Window,
    read_options,
)
from strowger.console.form import Field, Form, Invalid, whole
from strowger.console.visitor import HIDE_NUMBERS
from strowger.foundation.phone import clean_number
from strowger.messaging.statuses import TRACES

PAGE = "/sms/settings"
Settings = Mapping[str, Any]
TYPES = ("DEFAULT", "MKT", "TXN", "OTP", "SI", "TXND", "SE")
KIND_LABELS = {"OTP": "One-time passwords", "MKT": "Marketing", "TXN": "Transactional"}
KIND_OPTIONS = tuple((kind, KIND_LABELS[kind]) for kind in KINDS)
CLOCK: dict[str, Any] = {
    "pattern": r"([01]\d|2[0-3]):[0-5]\d",
    "pattern_text": "Hours and minutes, for example 09:00.",
    "width": "half",
}
MAX_WORDS = 100
HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


@dataclass(frozen=True, slots=True)
class Section:
    """One form of the page. ``show`` gives its values from settings, ``keep`` the settings from its values."""

    title: str
    hint: str
    form: Form
    show: Callable[[Settings], dict[str, Any]]
    keep: Callable[[Mapping[str, Any]], dict[str, Any]]


def _lines(text: str) -> list[str]:
    found = list(dict.fromkeys(filter(None, (part.strip() for part in text.replace(",", "\n").split("\n")))))
    if len(found) > MAX_WORDS:
        raise Invalid(f"At most {MAX_WORDS}.")
    return found


def _words(text: str) -> list[str]:
    found = _lines(text)
    if any(len(word) > 40 for word in found):
        raise Invalid("A word has at most 40 characters.")
    return found


def _hosts(text: str) -> list[str]:
    found = [
        host.lower().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
        for host in _lines(text)
    ]
    for host in found:
        if not HOST.fullmatch(host):
            raise Invalid(f"“{host[:60]}” is no host name such as example.org.")
    return found


def _numbers(text: str) -> list[str]:
    found = []
    for part in _lines(text):
        number = clean_number(part, None, "")
        if number is None:
            raise Invalid(f"“{part[:40]}” is no number with country code.")
        found.append(number)
    return found


def _form(name: str, *fields: Field) -> Form:
    return Form(name, fields, submit="Save", action=f"{PAGE}/{name}", guard_leaving=False)


def _whole(name: str, label: str, most: int, text: str, **more: Any) -> Field:
    return Field(name, label, "number", help=text, least=0, most=most, parse=whole(0, most, 0), width="half", **more)


def _between(name: str, label: str, most: int) -> Field:
    return Field(name, label, "number", least=1, most=most, parse=whole(1, most, 0), width="half")


def _show_defaults(settings: Settings) -> dict[str, Any]:
    return {
        "default_sender": settings.get("default_sender", ""), "default_type": settings.get("default_type", ""),
        "default_unicode": settings.get("default_unicode", ""), "route_types": settings.get("route_types") or list(TYPES),
        "report_invalid": bool(settings.get("report_invalid_in_response")),
        "test_numbers": "\n".join(settings.get("test_numbers") or ()),
    }  # fmt: skip


def _keep_defaults(form: Mapping[str, Any]) -> dict[str, Any]:
    types = form["route_types"]
    return {
        "default_sender": form["default_sender"] or None, "default_type": form["default_type"] or None,
        "default_unicode": form["default_unicode"] or None,
        "route_types": None if not types or len(types) == len(TYPES) else types,
        "report_invalid_in_response": form["report_invalid"] or None, "test_numbers": form["test_numbers"] or None,
    }  # fmt: skip


def _show_content(settings: Settings) -> dict[str, Any]:
    return {
        "single_part": bool(settings.get("single_part_only")), "strict": bool(settings.get("strict_numbering")),
        "blocked_words": "\n".join(settings.get("blocked_words") or ()), "link_hosts": "\n".join(settings.get("link_hosts") or ()),
        "hide_codes": not settings.get("show_codes"), "hide_numbers": bool(settings.get(HIDE_NUMBERS)),
        "shorten_links": bool(settings.get("shorten_links")), "track_links": settings.get("track_links", True),
    }  # fmt: skip


def _keep_content(form: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "single_part_only": form["single_part"] or None, "strict_numbering": form["strict"] or None,
        "blocked_words": form["blocked_words"] or None, "link_hosts": form["link_hosts"] or None,
        "show_codes": None if form["hide_codes"] else True, HIDE_NUMBERS: form["hide_numbers"] or None,
        "shorten_links": form["shorten_links"] or None, "track_links": None if form["track_links"] else False,
    }  # fmt: skip


def _show_limits(settings: Settings) -> dict[str, Any]:
    options = read_options(settings)
    rate = options.rate
    return {
        "duplicates": options.duplicate_minutes or "", "cap": options.recipient_cap or "",
        "cap_kinds": sorted(options.recipient_kinds), "messages": rate.messages if rate else "",
        "hours": rate.hours if rate else 24, "kinds": sorted(rate.kinds) if rate else list(KINDS),
    }  # fmt: skip


def _keep_limits(form: Mapping[str, Any]) -> dict[str, Any]:
    rate = {"messages": form["messages"], "hours": form["hours"] or 1, "kinds": form["kinds"]}
    return {
        "duplicate_minutes": form["duplicates"] or None, "recipient_cap": form["cap"] or None,
        "recipient_cap_kinds": form["cap_kinds"] or None, "rate_limit": rate if form["messages"] else None,
    }  # fmt: skip


def _show_hours(settings: Settings) -> dict[str, Any]:
    window = read_options(settings).window
    shown = window or Window()
    where = "off" if window is None else "everywhere" if window.everywhere else "law"
    return {
        "where": where, "opens": f"{shown.opens:%H:%M}", "closes": f"{shown.closes:%H:%M}",
        "outside": "reject" if shown.reject else "hold",
    }  # fmt: skip


def _keep_hours(form: Mapping[str, Any]) -> dict[str, Any]:
    if form["where"] == "off":
        return {"mkt_window": "off"}
    return {"mkt_window": {name: form[name] for name in ("where", "opens", "closes", "outside")}}


def _show_opt_out(settings: Settings) -> dict[str, Any]:
    options = read_options(settings)
    exempt = {None: "law", True: "yes", False: "no"}[options.otp_exempt]
    words = options.words
    return {
        "policy": options.consent_policy, "everywhere": options.opt_out_everywhere, "otp": exempt,
        "stop": "\n".join(sorted(words.stop)), "start": "\n".join(sorted(words.start)), "help": "\n".join(sorted(words.help)),
        "stop_text": words.stop_text, "start_text": words.start_text, "help_text": words.help_text,
        **{name: getattr(words, name) for name in WORD_IDS},
    }  # fmt: skip


def _keep_opt_out(form: Mapping[str, Any]) -> dict[str, Any]:
    words = {name: form[name] for name in ("stop", "start", "help", "stop_text", "start_text", "help_text")}
    words |= {name: form[name] for name in WORD_IDS if form[name]}
    return {
        "consent_policy": form["policy"] if form["policy"] != "off" else None, "opt_out_everywhere": form["everywhere"] or None,
        "otp_passes_opt_out": {"law": None, "yes": True, "no": False}[form["otp"]], "opt_words": words,
    }  # fmt: skip


def _show_auto(settings: Settings) -> dict[str, Any]:
    given = settings.get("auto_block") or {}
    return {
        "auto": bool(given), "traces": given.get("traces", ["INVALID-SUB"]), "failures": given.get("failures", 5),
        "days": given.get("days", 7),
    }  # fmt: skip


def _keep_auto(form: Mapping[str, Any]) -> dict[str, Any]:
    if not form["auto"]:
        return {"auto_block": None}
    return {"auto_block": {"traces": form["traces"], "failures": form["failures"] or 5, "days": form["days"] or 7}}


WORD_LIST: dict[str, Any] = {
    "parse": _words, "required": True, "help": "One per line. The whole message must be the word, whatever its case.",
}  # fmt: skip
ANSWER = "Sent once per change; empty: no answer."
TEMPLATE: dict[str, Any] = {
    "pattern": TEMPLATE_ID.pattern, "pattern_text": TEMPLATE_ID_TEXT, "width": "half",
    "help": "Where texts are registered (India); without it the answer counts as marketing.",
}  # fmt: skip
SECTIONS: dict[str, Section] = {
    "defaults": Section(
        "Sending", "What a send gets that does not say otherwise.",
        _form(
            "defaults",
            Field("default_sender", "Default sender", max_length=15, width="half", help="Used when a request names none."),
            Field("default_type", "Default type", "select", width="half",
                  options=(("", "DEFAULT"), *((t, t) for t in TYPES[1:]))),
            Field("default_unicode", "Encoding", "select", width="half",
                  options=(("", "Auto"), ("1", "Unicode always"), ("0", "GSM-7 always"))),
            Field("route_types", "Types in use", "checks", options=tuple((t, t) for t in TYPES),
                  help="A message of another type ends NOT-SENT with ROUTE-NOT-ENABLED."),
            Field("report_invalid", "Invalid numbers are told in the answer of a send", "checkbox",
                  help="Otherwise they get an id and end NOT-SENT with INV-NUMBER."),
            Field("test_numbers", "Test numbers", "textarea", parse=_numbers, rows=3, max_length=2000,
                  help="Messages to them count as delivered, cost nothing and never leave this host."),
        ), _show_defaults, _keep_defaults,
    ),
    "content": Section(
        "Numbers and texts", "What is refused before it costs anything.",
        _form(
            "content",
            Field("single_part", "Single part only", "checkbox", help="Longer texts end NOT-SENT with REJECTED-MULTIPART."),
            Field("strict", "Strict numbering", "checkbox", help="Only numbers of the country's numbering plan (KLR-INV-NUMBER)."),
            Field("blocked_words", "Blocked words", "textarea", parse=_words, rows=3, max_length=4000,
                  help="A text with one of them ends NOT-SENT with SPAM. One per line."),
            Field("link_hosts", "Links may lead to", "textarea", parse=_hosts, rows=3, max_length=4000,
                  help="Host names, one per line; others end with URL-NOT-ALLOWED. Empty: anywhere."
                  " Short links count as the host of this installation."),
            Field("hide_codes", "Hide the digits of one-time passwords", "checkbox",
                  help="In lists, live traffic, files and reports. A message's own page shows them when asked."),
            Field("hide_numbers", "Mask people's numbers for roles without the right to see them", "checkbox",
                  help="In messages, live traffic, received messages, callbacks, files and reports. Support and experts"
                  " do not have it; roles of your own have it where you grant it under Team."),
            Field("shorten_links", "Shorten links automatically", "checkbox",
                  help="Every link in a text sent by API or from the console, unless the send says otherwise (url_data)."),
            Field("track_links", "With a link of each recipient's own, so that clicks name the number", "checkbox"),
        ), _show_content, _keep_content,
    ),
    "limits": Section(
        "Duplicates and limits", "0 or empty: off. Limits by country have a page of their own.",
        _form(
            "limits",
            _whole("duplicates", "Duplicate window (minutes)", 1440, "Same sender, number and text within it: DUPLICATE."),
            _whole("cap", "Messages per recipient in 24 hours", 1_000_000, "More: NUM-LIMIT."),
            Field("cap_kinds", "Counted per recipient", "checks", options=KIND_OPTIONS),
            _whole("messages", "SMS rate limit: messages", 100_000_000, "More within the period: NUM-LIMIT."),
            _whole("hours", "Period (hours)", 720, "Whole hours.", default="24"),
            Field("kinds", "Counted in the rate limit", "checks", options=KIND_OPTIONS),
        ), _show_limits, _keep_limits,
    ),
    "hours": Section(
        "Promotional hours", "When marketing messages may leave. India's count on its own clock, others on the account's.",
        _form(
            "hours",
            Field("where", "They count", "radio", required=True, options=(
                ("law", "Where the law asks for it", "India"), ("everywhere", "In every country"), ("off", "Nowhere"))),
            Field("opens", "From", required=True, **CLOCK), Field("closes", "To", required=True, **CLOCK),
            Field("outside", "Outside of them", "radio", required=True, options=(
                ("hold", "Hold until they begin"), ("reject", "Refuse with TIME-OUT-PROM"))),
        ), _show_hours, _keep_hours,
    ),
    "consent": Section(
        "Opt-out and consent", "Who said STOP gets nothing more from that number until they say START.",
        _form(
            "consent",
            Field("policy", "Consent on record, for marketing", "radio", required=True, options=(
                ("off", "Is not asked for"), ("block_opt_out", "Stops who opted out"), ("require_opt_in", "Is needed"))),
            Field("everywhere", "STOP counts for every sender of the account", "checkbox"),
            Field("otp", "One-time passwords reach who opted out", "select", options=(
                ("law", "By country: accounts of India only"), ("yes", "Yes"), ("no", "No")), width="half"),
            Field("stop", "Words that opt out", "textarea", **WORD_LIST),
            Field("stop_text", "Answer", max_length=480, help=ANSWER),
            Field("stop_template", "Template ID of this answer", **TEMPLATE),
            Field("start", "Words that opt in again", "textarea", **WORD_LIST),
            Field("start_text", "Answer", max_length=480, help=ANSWER),
            Field("start_template", "Template ID of this answer", **TEMPLATE),
            Field("help", "Words that ask for help", "textarea", **WORD_LIST),
            Field("help_text", "Answer", max_length=480, help="Sent each time; empty: no answer."),
            Field("help_template", "Template ID of this answer", **TEMPLATE),
            Field("entity_id", "Entity ID of the answers", pattern=ENTITY_ID.pattern, pattern_text=ENTITY_ID_TEXT, width="half"),
        ), _show_opt_out, _keep_opt_out,
    ),
}  # fmt: skip


def _auto_section() -> Section:
    """The automatic blocklist, with the traces that there are now: an operator adds some."""
    failures = tuple((code, code, trace.meaning) for code, trace in TRACES.items() if trace.blacklistable)
    return Section(
        "Automatic blocklist", "Numbers that fail time after time. A delivery in between ends the run.",
        _form(
            "auto",
            Field("auto", "Block them for SMS", "checkbox"),
            _between("failures", "Failures in a row", 100), _between("days", "Within days", 90),
            Field("traces", "What counts as a failure", "checks", options=failures),
        ), _show_auto, _keep_auto,
    )  # fmt: skip


def sections() -> dict[str, Section]:
    """Every section by name, in the order of the page."""
    return {**SECTIONS, "auto": _auto_section()}


assert set(CONSENT_POLICIES) == {option[0] for option in SECTIONS["consent"].form.fields[0].options}
