"""The forms of an SMPP user, and what they make."""

from __future__ import annotations

from typing import Any

from strowger.channels.sms.smpp_access.models import SmppUser
from strowger.channels.sms.smpp_access.service import MAX_BINDS, MAX_LABEL, MAX_TPS, MAX_WINDOW, SYSTEM_ID, Limits
from strowger.console.form import Field, Form, FormState, Invalid, whole
from strowger.platform.accounts.errors import AccountProblem
from strowger.platform.accounts.keys import read_networks

LIST = "/smpp"


def _networks(text: str) -> list[str]:
    try:
        return read_networks(text)
    except AccountProblem as problem:
        raise Invalid(str(problem)) from None


LABEL = Field("label", "Label", max_length=MAX_LABEL, help="What the client is, for example “Billing system”.")
LIMITS = (
    Field("max_binds", "Binds at once", "number", required=True, default="4", width="half", parse=whole(1, MAX_BINDS)),
    Field(
        "window", "Window", "number", required=True, default="10", width="half", parse=whole(1, MAX_WINDOW),
        help="Commands per bind that may wait for an answer, in each direction.",
    ),
    Field(
        "tps", "Submits per second", "number", required=True, default="50", width="half", parse=whole(0, MAX_TPS),
        help="Per bind; 0: no limit. Faster ones are answered ESME_RTHROTTLED.",
    ),
    Field(
        "networks", "Allowed IP addresses", "textarea", parse=_networks, rows=3, max_length=4000,
        help="Addresses or networks (CIDR), one per line. Empty: it may bind from everywhere.",
    ),
)  # fmt: skip
CREATE = Form(
    "create-smpp-user",
    (
        Field(
            "system_id", "System ID", required=True, max_length=15, pattern=SYSTEM_ID.pattern, autocomplete="off",
            pattern_text="Use 3 to 15 letters, digits, dots, dashes and underscores; the first a letter or digit.",
            help="The name with which the client binds. It is unique on this installation and stays as it is.",
        ),
        LABEL,
        *LIMITS,
    ),
    submit="Create SMPP user",
    action=f"{LIST}/new",
    cancel=LIST,
)  # fmt: skip
EDIT = Form("edit-smpp-user", (LABEL, *LIMITS), submit="Save SMPP user", cancel=LIST)
CHECKS = Form(
    "smpp-checks",
    (
        Field(
            "wanted", "Answer compliance failures at submit", "checkbox",
            help="Off: the message is accepted and a receipt REJECTD tells why. On: submit_sm_resp carries 0x402 to 0x406.",
        ),
    ),
    submit="Save",
    action=f"{LIST}/checks",
    guard_leaving=False,
)  # fmt: skip


def limits_of(form: FormState) -> Limits:
    """The limits that were typed."""
    return Limits(int(form["max_binds"]), int(form["window"]), int(form["tps"]))


def shown(user: SmppUser) -> dict[str, Any]:
    """A user as the form shows it."""
    return {
        "label": user.label,
        "max_binds": str(user.max_binds),
        "window": str(user.window_size),
        "tps": str(user.tps),
        "networks": "\n".join(user.networks),
    }
