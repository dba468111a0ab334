"""The codes of v4 and how the present ones become them (sms.md 3.17)."""

from __future__ import annotations

from typing import Any

from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.errors import entry_of

TEXTS = {
    "A400": "Malformed request",
    "A401": "Method is missing",
    "A402": "API key is missing",
    "A403": "The API key or its account is disabled",
    "A404": "Invalid API key or credentials",
    "A405": "Unknown method",
    "A406": "Invalid date",
    "A407": "IP address not allowed",
    "A411": "Insufficient credits",
    "A412": "`to` is missing or holds no valid number",
    "A413": "`message` is missing or too long",
    "A414": "Invalid sender",
    "A415": "Template mismatch",
    "A416": "Too many numbers",
    "A420": "Group name or id is missing",
    "A421": "The group is empty or not there",
    "A422": "Invalid mobile number",
    "A423": "Group name or number is missing",
    "A424": "Group Name does not exist!",
    "A425": "Number does not Exist",
    "A426": "Id entered not exits with this api user",
    "A427": "The token is taken or cannot be used",
    "A428": "The URL or file cannot be shortened",
    "A429": "Too many requests",
    "A431": "Invalid group id",
    "A434": "A campaign cannot be changed within 5 minutes of its time, or after it",
    "A500": "Internal error",
    "A503": "Temporarily unavailable",
}
OF_CODE = {
    "E401": "A404", "E403": "A403", "E429": "A429", "E500": "A500", "E503": "A503",
    "E601": "A412", "E602": "A412", "E603": "A416", "E604": "A414", "E605": "A414", "E627": "A414",
    "E606": "A413", "E607": "A413", "E609": "A415", "E610": "A415", "E611": "A415", "E612": "A415",
    "LKP400": "A412", "LKP402": "A411", "LKP403": "A403", "LKP413": "A416", "LKP503": "A503",
    "E613": "A406", "E614": "A406", "E625": "A431", "E635": "A434",
}  # fmt: skip
# Clients of v4 read the body, whatever the status line says; what may be repeated still says so there.
STATUS = {"A429": 429, "A500": 500, "A503": 503}


class Refusal(Exception):
    """A failure in v4's own words."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


def of_error(problem: StrowgerError) -> Refusal:
    """A failure of the present API in v4's words; of a batch in which every message fails alike, why they do."""
    causes = (
        {OF_CODE.get(code, "A400") for code in problem.params.get("causes", ())} if problem.code == "E623" else set()
    )
    code = causes.pop() if len(causes) == 1 else OF_CODE.get(problem.code, "A400")
    if problem.code == "E403" and "address" in (problem.detail or ""):
        code = "A407"
    return Refusal(code, problem.detail or (entry_of(problem.code).text if code == "A400" else ""))


def envelope(refusal: Refusal) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of a failure."""
    text = TEXTS[refusal.code] + (f": {refusal.detail}" if refusal.detail else "")
    return STATUS.get(refusal.code, 200), {"status": "ERROR", "code": refusal.code, "message": text}
