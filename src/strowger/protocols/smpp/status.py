"""What each `command_status` means (SMPP 3.4 section 5.1.3, table 5-2) and what a sender may do about it."""

from typing import Final, Literal, NamedTuple

StatusKind = Literal["ok", "retry", "reject", "session", "protocol"]
"""What follows for the request: done, try later, refused for good, wrong moment in the session, or wrong octets."""


class StatusInfo(NamedTuple):
    """The name of a status, its meaning in a sentence and what it means for the request."""

    name: str
    text: str
    kind: StatusKind


ESME_ROK: Final = 0x00
ESME_RINVMSGLEN: Final = 0x01
ESME_RINVCMDLEN: Final = 0x02
ESME_RINVCMDID: Final = 0x03
ESME_RINVBNDSTS: Final = 0x04
ESME_RALYBND: Final = 0x05
ESME_RSYSERR: Final = 0x08
ESME_RINVSRCADR: Final = 0x0A
ESME_RINVDSTADR: Final = 0x0B
ESME_RINVMSGID: Final = 0x0C
ESME_RBINDFAIL: Final = 0x0D
ESME_RINVPASWD: Final = 0x0E
ESME_RINVSYSID: Final = 0x0F
ESME_RCANCELFAIL: Final = 0x11
ESME_RMSGQFUL: Final = 0x14
ESME_RINVSERTYP: Final = 0x15
ESME_RINVESMCLASS: Final = 0x43
ESME_RSUBMITFAIL: Final = 0x45
ESME_RINVSYSTYP: Final = 0x53
ESME_RTHROTTLED: Final = 0x58
ESME_RINVSCHED: Final = 0x61
ESME_RINVEXPIRY: Final = 0x62
ESME_RINVDFTMSGID: Final = 0x63
ESME_RX_T_APPN: Final = 0x64
ESME_RX_P_APPN: Final = 0x65
ESME_RX_R_APPN: Final = 0x66
ESME_RQUERYFAIL: Final = 0x67
ESME_RINVOPTPARSTREAM: Final = 0xC0
ESME_ROPTPARNOTALLWD: Final = 0xC1
ESME_RINVPARLEN: Final = 0xC2
ESME_RINVOPTPARAMVAL: Final = 0xC4
ESME_RUNKNOWNERR: Final = 0xFF

STANDARD_STATUS: Final[dict[int, StatusInfo]] = {
    0x00: StatusInfo("ESME_ROK", "No error", "ok"),
    0x01: StatusInfo("ESME_RINVMSGLEN", "Message length is invalid", "protocol"),
    0x02: StatusInfo("ESME_RINVCMDLEN", "Command length is invalid", "protocol"),
    0x03: StatusInfo("ESME_RINVCMDID", "Command is not supported", "protocol"),
    0x04: StatusInfo("ESME_RINVBNDSTS", "Command does not fit the bind status of the session", "session"),
    0x05: StatusInfo("ESME_RALYBND", "Already bound", "session"),
    0x06: StatusInfo("ESME_RINVPRTFLG", "Priority flag is invalid", "reject"),
    0x07: StatusInfo("ESME_RINVREGDLVFLG", "Registered delivery flag is invalid", "reject"),
    0x08: StatusInfo("ESME_RSYSERR", "System error at the message centre", "retry"),
    0x0A: StatusInfo("ESME_RINVSRCADR", "Source address is invalid", "reject"),
    0x0B: StatusInfo("ESME_RINVDSTADR", "Destination address is invalid", "reject"),
    0x0C: StatusInfo("ESME_RINVMSGID", "Message id is invalid", "reject"),
    0x0D: StatusInfo("ESME_RBINDFAIL", "Bind failed", "session"),
    0x0E: StatusInfo("ESME_RINVPASWD", "Password is wrong", "session"),
    0x0F: StatusInfo("ESME_RINVSYSID", "System id is unknown", "session"),
    0x11: StatusInfo("ESME_RCANCELFAIL", "Cancelling the message failed", "reject"),
    0x13: StatusInfo("ESME_RREPLACEFAIL", "Replacing the message failed", "reject"),
    0x14: StatusInfo("ESME_RMSGQFUL", "Message queue is full", "retry"),
    0x15: StatusInfo("ESME_RINVSERTYP", "Service type is invalid", "reject"),
    0x33: StatusInfo("ESME_RINVNUMDESTS", "Number of destinations is invalid", "reject"),
    0x34: StatusInfo("ESME_RINVDLNAME", "Name of the distribution list is invalid", "reject"),
    0x40: StatusInfo("ESME_RINVDESTFLAG", "Destination flag is invalid", "reject"),
    0x42: StatusInfo("ESME_RINVSUBREP", "Submit with replace is not possible", "reject"),
    0x43: StatusInfo("ESME_RINVESMCLASS", "esm_class is invalid", "reject"),
    0x44: StatusInfo("ESME_RCNTSUBDL", "Cannot submit to the distribution list", "reject"),
    0x45: StatusInfo("ESME_RSUBMITFAIL", "Submitting the message failed", "reject"),
    0x48: StatusInfo("ESME_RINVSRCTON", "Source type of number is invalid", "reject"),
    0x49: StatusInfo("ESME_RINVSRCNPI", "Source numbering plan is invalid", "reject"),
    0x50: StatusInfo("ESME_RINVDSTTON", "Destination type of number is invalid", "reject"),
    0x51: StatusInfo("ESME_RINVDSTNPI", "Destination numbering plan is invalid", "reject"),
    0x53: StatusInfo("ESME_RINVSYSTYP", "System type is invalid", "session"),
    0x54: StatusInfo("ESME_RINVREPFLAG", "Replace-if-present flag is invalid", "reject"),
    0x55: StatusInfo("ESME_RINVNUMMSGS", "Number of messages is invalid", "reject"),
    0x58: StatusInfo("ESME_RTHROTTLED", "Throughput limit exceeded", "retry"),
    0x61: StatusInfo("ESME_RINVSCHED", "Scheduled delivery time is invalid", "reject"),
    0x62: StatusInfo("ESME_RINVEXPIRY", "Validity period is invalid", "reject"),
    0x63: StatusInfo("ESME_RINVDFTMSGID", "Predefined message does not exist", "reject"),
    0x64: StatusInfo("ESME_RX_T_APPN", "Receiver has a temporary error", "retry"),
    0x65: StatusInfo("ESME_RX_P_APPN", "Receiver has a permanent error", "reject"),
    0x66: StatusInfo("ESME_RX_R_APPN", "Receiver rejects the message", "reject"),
    0x67: StatusInfo("ESME_RQUERYFAIL", "Query failed", "reject"),
    0xC0: StatusInfo("ESME_RINVOPTPARSTREAM", "Optional part of the command is malformed", "protocol"),
    0xC1: StatusInfo("ESME_ROPTPARNOTALLWD", "Optional parameter is not allowed", "protocol"),
    0xC2: StatusInfo("ESME_RINVPARLEN", "Length of a parameter is invalid", "protocol"),
    0xC3: StatusInfo("ESME_RMISSINGOPTPARAM", "An expected optional parameter is missing", "protocol"),
    0xC4: StatusInfo("ESME_RINVOPTPARAMVAL", "Value of an optional parameter is invalid", "protocol"),
    0xFE: StatusInfo("ESME_RDELIVERYFAILURE", "Delivery failed", "reject"),
    0xFF: StatusInfo("ESME_RUNKNOWNERR", "Unknown error", "reject"),
}

STATUS_INSUFFICIENT_CREDITS: Final = 0x400
STATUS_SENDER_NOT_APPROVED: Final = 0x401
STATUS_TEMPLATE_MISSING: Final = 0x402
STATUS_TEMPLATE_MISMATCH: Final = 0x403
STATUS_COUNTRY_NOT_ENABLED: Final = 0x404
STATUS_BLOCKED_RECIPIENT: Final = 0x405
STATUS_DND: Final = 0x406
STATUS_ROUTE_NOT_ENABLED: Final = 0x407
STATUS_ACCOUNT_SUSPENDED: Final = 0x408

# The vendor range 0x400 to 0x4FF: the same number of a carrier means something else.
PLATFORM_STATUS: Final[dict[int, StatusInfo]] = {
    0x400: StatusInfo("INSUFFICIENT_CREDITS", "Insufficient credits", "reject"),
    0x401: StatusInfo("SENDER_NOT_APPROVED", "Sender is not approved", "reject"),
    0x402: StatusInfo("TEMPLATE_MISSING", "No template matches", "reject"),
    0x403: StatusInfo("TEMPLATE_MISMATCH", "Text does not match its template", "reject"),
    0x404: StatusInfo("COUNTRY_NOT_ENABLED", "Destination country is not enabled", "reject"),
    0x405: StatusInfo("BLOCKED_RECIPIENT", "Recipient is blocked", "reject"),
    0x406: StatusInfo("DND", "Recipient is on the do-not-disturb list", "reject"),
    0x407: StatusInfo("ROUTE_NOT_ENABLED", "Route is not enabled", "reject"),
    0x408: StatusInfo("ACCOUNT_SUSPENDED", "Account is suspended", "reject"),
}

STATUS: Final[dict[int, StatusInfo]] = STANDARD_STATUS | PLATFORM_STATUS


def status_info(status: int) -> StatusInfo:
    """Explain a status that this platform answers."""
    return STATUS.get(status) or _unlisted(status)


def carrier_status_info(status: int) -> StatusInfo:
    """Explain a status that a carrier answered; in the vendor range only its own documentation knows more."""
    return STANDARD_STATUS.get(status) or _unlisted(status)


def _unlisted(status: int) -> StatusInfo:
    text = "Vendor-specific status" if 0x400 <= status <= 0x4FF else "Unlisted status"
    return StatusInfo(f"0x{status:08X}", text, "reject")
