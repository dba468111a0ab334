"""Rules about the text: words, links, length (sms.md 5, rows 12 and 13)."""

from __future__ import annotations

import re

from strowger.channels.sms.country_rules.repository import TextRule
from strowger.channels.sms.screening.options import SmsOptions
from strowger.messaging.schemas import Submission

MAX_UNITS = 10
UNICODE = "UCS2"
LINK = re.compile(r"(?:https?://|www\.)([\w.-]+)", re.IGNORECASE)


def check_content(submission: Submission, options: SmsOptions) -> str | None:
    """None of the account's blocked words, and links to allowed hosts only."""
    if options.blocked_words:
        text = submission.body.casefold()
        if any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) for word in options.blocked_words):
            return "SPAM"
    if options.link_hosts and not all(_is_allowed(host, options) for host in LINK.findall(submission.body)):
        return "URL-NOT-ALLOWED"
    return None


def _is_allowed(host: str, options: SmsOptions) -> bool:
    host = host.lower().rstrip(".").removeprefix("www.")
    return any(host == allowed or host.endswith("." + allowed) for allowed in options.link_hosts)


def check_length(submission: Submission, options: SmsOptions, country: TextRule | None) -> str | None:
    """Not more parts than the protocol, the country or the account allows, and no Unicode where it is refused (11.4)."""
    most = (country and country.max_parts) or MAX_UNITS
    parts = max(submission.units, (submission.options.get("concat") or (0, 0))[1])  # an SMPP client cut the text itself
    if parts > 1 and (options.single_part or most == 1):
        return "REJECTED-MULTIPART" if parts <= MAX_UNITS else "MAX-LIMIT"
    if parts > most:
        return "MAX-LIMIT"
    return "INV-ENCODING" if country and not country.unicode_allowed and submission.encoding == UNICODE else None
