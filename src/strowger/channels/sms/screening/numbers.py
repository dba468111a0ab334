"""Rules about numbers: sender, recipient, country, premium and satellite ranges, trial accounts (sms.md 5, rows 3 to 6)."""

from __future__ import annotations

import re
from functools import lru_cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from strowger.channels.sms.screening.options import SmsOptions
from strowger.channels.sms.senders.countries import rule_of
from strowger.foundation.phone import MAX_DIGITS, MIN_DIGITS, fits_number_plan, number_facts
from strowger.messaging.rules import AccountRules
from strowger.messaging.schemas import Submission

# Country codes that belong to no country: satellite systems, and international premium services (ITU E.164).
SATELLITE_CODES = ("870", "881", "882", "883")
PREMIUM_CODES = ("979",)
SPECIAL_CODES = (*SATELLITE_CODES, *PREMIUM_CODES)
NORTH_AMERICAN_PREMIUM = re.compile(r"900[2-9]\d{6}")


def check_sender(submission: Submission, account: AccountRules) -> str | None:
    """The account has the sender, approved for the country."""
    registrations = account.senders.get(submission.sender)
    if not registrations:
        return "SNDRID-NOT-ALLOTED"
    for registration in registrations:
        if registration.status == "Approved" and registration.iso_code in (None, submission.country):
            return None
    return "SENDER-ID-NOT-FOUND"


def check_number(submission: Submission, account: AccountRules, options: SmsOptions) -> str | None:
    """The recipient can be a number, and none of an expensive range (R-80)."""
    number = submission.recipient
    facts = number_facts(number) if number.isdigit() and MIN_DIGITS <= len(number) <= MAX_DIGITS else None
    if facts is None:
        return "INV-NUMBER"
    if not options.premium_allowed and is_special(number):
        return "SERIES-BLOCK"
    if not facts.possible:
        return "INV-MOB-PATTRN"
    if options.strict_numbering and not fits_number_plan(number):
        return "KLR-INV-NUMBER"
    if account.state == "trial" and number not in options.team_numbers:
        return "MOB-NOTALLOWED"
    return None


def check_country(submission: Submission, options: SmsOptions) -> str | None:
    """The country is not switched off by the account (R-78), nor blocked for it by the operator."""
    if options.country_mode(submission.country) == "off":
        return "NOT-ALLOWED"
    return "BLOCKED-COUNTRY" if submission.country in options.blocked_countries else None


def check_sender_kind(submission: Submission) -> str | None:
    """A name as sender only where the country's networks carry names."""
    named = not submission.sender.isdigit()
    return "SENDER-ID-NOT-FOUND" if named and not rule_of(submission.country).letters else None


def _range_is_special(digits: str, size: int) -> bool:
    code = int(digits[:size])
    regions = COUNTRY_CODE_TO_REGION_CODE[code]
    if code == 1:
        return NORTH_AMERICAN_PREMIUM.fullmatch(digits[1:]) is not None
    pattern = _premium_pattern(regions[0])
    return pattern is not None and pattern.fullmatch(digits[size:]) is not None


@lru_cache(maxsize=512)
def _premium_pattern(region: str) -> re.Pattern[str] | None:
    metadata = PhoneMetadata.metadata_for_region(region)
    desc = metadata.premium_rate if metadata else None
    text = desc.national_number_pattern if desc else None
    return re.compile(text) if text and text != "NA" else None


def is_special(digits: str) -> bool:
    """Whether a number belongs to a satellite system or to a premium range of its country's plan."""
    if digits.startswith(SPECIAL_CODES):
        return True
    for size in (1, 2, 3):
        if int(digits[:size]) in COUNTRY_CODE_TO_REGION_CODE:
            return _range_is_special(digits, size)
    return False
