"""A simulated home location register: networks, porting and roaming of numbers, asked over HTTP like a provider's.

Every number has the same facts each time. Numbers whose last seven digits are ``999000`` and a digit behave as the digit
says: 1 absent, 2 unknown, 3 no coverage, 4 ported, 5 roaming, 6 the whole request fails, 7 left out of the answer. All
others are active; every fifth is ported.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import phonenumbers
from aiohttp import web

MAGIC_DIGITS: Final = "999000"
KEY: Final = "Bearer simulated-hlr"
MOST: Final = 500
Network = tuple[str, str, str]
NETWORKS: Final[dict[str, tuple[Network, ...]]] = {
    "GB": (("234", "15", "Vodafone"), ("234", "10", "O2"), ("234", "30", "EE"), ("234", "20", "Three")),
    "IN": (("404", "10", "Airtel"), ("405", "840", "Jio"), ("404", "20", "Vi"), ("404", "38", "BSNL")),
    "US": (("310", "410", "AT&T"), ("310", "260", "T-Mobile"), ("311", "480", "Verizon")),
    "DE": (("262", "01", "Telekom"), ("262", "02", "Vodafone"), ("262", "03", "O2")),
    "IT": (("222", "01", "TIM"), ("222", "10", "Vodafone"), ("222", "88", "Wind Tre")),
}
OTHER: Final[tuple[Network, ...]] = (("001", "01", "Test Net A"), ("001", "02", "Test Net B"))
ERRORS: Final = {"1": "ABSENT", "2": "UNKNOWN_SUBSCRIBER", "3": "NO_COVERAGE"}


class RegisterDown(Exception):
    """The register is told to fail."""


@dataclass(slots=True)
class Register:
    """The register and what it was asked."""

    asked: int = 0
    answer_delay: float = 0.0

    def look(self, number: str) -> dict[str, Any] | None:
        """What stands there of a number; None when it is left out. Raises RegisterDown."""
        self.asked += 1
        magic = number[-1:] if number[-7:-1] == MAGIC_DIGITS else ""
        if magic == "6":
            raise RegisterDown
        if magic == "7":
            return None
        if magic in ERRORS:
            return {"number": number, "error": ERRORS[magic], "status": "absent" if magic == "1" else ""}
        country = _country(number)
        networks = NETWORKS.get(country, OTHER)
        value = int(number)
        own = networks[value // 7 % len(networks)]
        ported = magic == "4" or (not magic and value % 5 == 0)
        now = networks[(networks.index(own) + 1) % len(networks)] if ported else own
        return {
            "number": number, "country": country, "line_type": "mobile", "status": "active",
            "current_mcc": now[0], "current_mnc": now[1], "current_operator": now[2],
            "original_mcc": own[0], "original_mnc": own[1], "original_operator": own[2],
            "ported": ported, "roaming": magic == "5", "roaming_country": "FR" if magic == "5" else "",
        }  # fmt: skip


def _country(number: str) -> str:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse("+" + number, None)) or ""
    except phonenumbers.NumberParseException:
        return ""


def routes(register: Register) -> list[web.RouteDef]:
    """``POST /hlr/lookup`` with ``{"numbers": [...]}`` and the register's key."""

    async def lookup(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != KEY:
            return web.json_response({"error": "unknown key"}, status=401)
        body = await request.json()
        numbers = body.get("numbers") if isinstance(body, dict) else None
        if not isinstance(numbers, list) or not all(isinstance(n, str) and n.isdecimal() for n in numbers):
            return web.json_response({"error": "numbers must be a list of digits"}, status=400)
        if len(numbers) > MOST:
            return web.json_response({"error": f"at most {MOST} numbers"}, status=413)
        await asyncio.sleep(register.answer_delay)
        try:
            rows = [row for number in numbers if (row := register.look(number)) is not None]
        except RegisterDown:
            return web.json_response({"error": "the register is down"}, status=503)
        return web.json_response({"results": rows})

    return [web.post("/hlr/lookup", lookup)]
