"""The numbers that clients see: ``err`` of a receipt for each trace (sms.md 6.4), ``command_status`` of a refusal (3.18)."""

from __future__ import annotations

from typing import Final

from strowger.channels.sms.carriers.smpp.traces import OWN_NUMBERS
from strowger.protocols.smpp import MessageState, status

# 001 to 049: checks of the platform, in the order of sms.md 5; then those that have no row there.
PLATFORM: Final = (
    "KYC-NOT-APPROVED", "SNDRID-NOT-ALLOTED", "SENDER-ID-NOT-FOUND", "INV-NUMBER", "INV-MOB-PATTRN", "KLR-INV-NUMBER",
    "SERIES-BLOCK", "MOB-NOTALLOWED", "NOT-ALLOWED", "BLOCKED-COUNTRY", "BLACKLIST", "OPT-OUT", "NOT-OPTIN", "OUTPUT-REJ",
    "CON-DND", "DND-NUMB", "TIME-OUT-PROM", "TEMPLATE-NOT-FOUND", "INV-TEMPLATE-MATCH", "SPAM", "MAX-LIMIT",
    "REJECTED-MULTIPART", "NUM-LIMIT", "SMS-LIMIT-REACHED", "DUPLICATE", "NO-CREDITS", "SUBMIT-FAIL", "SERVER-ERR",
    "ROUTE-NOT-ENABLED", "ACCOUNT-SUSPENDED", "RATE-LIMIT", "URL-NOT-ALLOWED", "ENTITY-NOT-FOUND", "HEADER-BLACKLISTED",
    "CONSENT-NOT-FOUND", "INV-ENCODING", "CALL-CANCELLED", "SPEND-CAP", "INV-NODE",
)  # fmt: skip
OTHER_SPELLINGS: Final = {
    "NOTALLOWED": "NOT-ALLOWED", "INF-CREDIT": "NO-CREDITS", "INVALID-NUM": "INV-NUMBER", "OPTOUT-REJ": "OPT-OUT",
    "MAX-LENGTH": "MAX-LIMIT", "UNDELIV": "UN-DELIV", "SENT - NO DLR": "NO-DLR-OPTR",
}  # fmt: skip
FINE: Final = frozenset(
    {"DELIVERED", "DELIVRD", "SUBMITTED", "SENT", "AWAITED-DLR", "ENROUTE", "QUEUED", "SCHEDULED", "RECEIVED"}
)
UNKNOWN: Final = 99
DLT: Final = "DLT-REJECT-"
_ERR: Final = (
    {trace: number for number, trace in OWN_NUMBERS.items()}  # 050 to 099: causes that an operator reported
    | {trace: number for number, trace in enumerate(PLATFORM, 1)}
    | dict.fromkeys(FINE, 0)
)  # fmt: skip


def err_of(trace: str) -> int:
    """The ``err`` of a receipt: 0 for no error, 99 for a code of the operator that has no entry."""
    if trace.startswith(DLT):
        number = trace.removeprefix(DLT)
        return int(number) if number.isascii() and number.isdigit() and 600 <= int(number[:4]) <= 699 else UNKNOWN
    return _ERR.get(OTHER_SPELLINGS.get(trace, trace), UNKNOWN)


# What a submission is answered when the check of this name fails, whatever the account's settings say.
AT_SUBMIT: Final = {
    "KYC-NOT-APPROVED": status.STATUS_ACCOUNT_SUSPENDED,
    "ACCOUNT-SUSPENDED": status.STATUS_ACCOUNT_SUSPENDED,
    "SNDRID-NOT-ALLOTED": status.STATUS_SENDER_NOT_APPROVED,
    "SENDER-ID-NOT-FOUND": status.STATUS_SENDER_NOT_APPROVED,
    "INV-NUMBER": status.ESME_RINVDSTADR,
    "MAX-LIMIT": status.ESME_RINVMSGLEN,
    "REJECTED-MULTIPART": status.ESME_RINVMSGLEN,
    "ROUTE-NOT-ENABLED": status.STATUS_ROUTE_NOT_ENABLED,
}
# The same for accounts whose setting smpp_sync_checks is on; others get a receipt REJECTD.
WHEN_ASKED: Final = {
    "NO-CREDITS": status.STATUS_INSUFFICIENT_CREDITS,
    "SPEND-CAP": status.STATUS_INSUFFICIENT_CREDITS,
    "TEMPLATE-NOT-FOUND": status.STATUS_TEMPLATE_MISSING,
    "INV-TEMPLATE-MATCH": status.STATUS_TEMPLATE_MISMATCH,
    "NOT-ALLOWED": status.STATUS_COUNTRY_NOT_ENABLED,
    "BLOCKED-COUNTRY": status.STATUS_COUNTRY_NOT_ENABLED,
    "BLACKLIST": status.STATUS_BLOCKED_RECIPIENT,
    "OPT-OUT": status.STATUS_BLOCKED_RECIPIENT,
    "NOT-OPTIN": status.STATUS_BLOCKED_RECIPIENT,
    "OUTPUT-REJ": status.STATUS_BLOCKED_RECIPIENT,
    "CON-DND": status.STATUS_DND,
    "DND-NUMB": status.STATUS_DND,
    "INV-MOB-PATTRN": status.ESME_RINVDSTADR,
    "KLR-INV-NUMBER": status.ESME_RINVDSTADR,
    "SERIES-BLOCK": status.ESME_RINVDSTADR,
}


def status_of(trace: str, sync_checks: bool) -> int:
    """What to answer to a submission that a check refuses; 0: accept it, its receipt will tell."""
    found = AT_SUBMIT.get(trace, 0)
    return found or (WHEN_ASKED.get(trace, status.ESME_RSUBMITFAIL) if sync_checks else 0)


STATES: Final = {
    "ACCEPTD": MessageState.ACCEPTD,
    "DELIVRD": MessageState.DELIVRD,
    "UNDELIV": MessageState.UNDELIV,
    "EXPIRED": MessageState.EXPIRED,
    "REJECTD": MessageState.REJECTD,
    "FAILED": MessageState.FAILED,
    "DELETED": MessageState.DELETED,
    "UNKNOWN": MessageState.UNKNOWN,
}
