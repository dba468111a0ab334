"""Rules of lists: blocklist, opt-outs, consent, do-not-disturb (sms.md 5, rows 7 to 9; 11.1; 11.2; platform.md 10.1)."""

from __future__ import annotations

from dataclasses import dataclass

from strowger.channels.sms.screening.countries import rule_of
from strowger.channels.sms.screening.options import SmsOptions

OPTED_OUT, OPTED_IN = 0, 1


@dataclass(slots=True)
class Listed:
    """On which lists a message's recipient stands; ``consent`` is the status on record, None without one."""

    blocked: bool = False
    opted_out: bool = False
    marked: bool = False
    registered: bool = False
    consent: int | None = None
    prefix_blocked: bool = False
    duplicate: bool = False
    sends: int = 0


UNLISTED = Listed()


def check_lists(listed: Listed, kind: str, country: str | None, home: str, options: SmsOptions) -> str | None:
    """The trace of the first list that stops a message of this kind (countries.kind_of)."""
    if listed.blocked:
        return "BLACKLIST"
    if listed.opted_out and not (kind == "OTP" and options.otp_passes_opt_out(country, home)):
        return "OPT-OUT"
    if kind == "MKT" and options.consent_policy != "off":
        trace = _consent(listed.consent, options.consent_policy)
        if trace:
            return trace
    return _undisturbed(listed, kind, country)


def _consent(status: int | None, policy: str) -> str | None:
    if policy == "block_opt_out":
        return "OPTOUT-REJ" if status == OPTED_OUT else None
    if status == OPTED_IN:
        return None
    return "OUTPUT-REJ" if status == OPTED_OUT else "NOT-OPTIN"


def _undisturbed(listed: Listed, kind: str, country: str | None) -> str | None:
    """Promotional messages stop at a mark; service-explicit ones need the recipient's consent to pass it."""
    if kind not in ("MKT", "TXND") or (kind == "TXND" and listed.consent == OPTED_IN):
        return None
    if listed.marked:
        return "CON-DND"
    return "DND-NUMB" if listed.registered and rule_of(country).dnd else None
