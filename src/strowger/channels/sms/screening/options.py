"""An account's choices for screening, read once from its settings. What cannot be read counts as not chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

STOP_WORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT")
START_WORDS = ("START", "UNSTOP", "SUBSCRIBE", "YES")
HELP_WORDS = ("HELP", "INFO")
STOP_TEXT = "You will get no more messages from us. Send START to get them again."
START_TEXT = "You will get our messages again. Send STOP to end them."
HELP_TEXT = "Send STOP to get no more messages, START to get them again."
WORD_IDS = ("stop_template", "start_template", "help_template", "entity_id")
MODES = ("on", "off", "watch")
CONSENT_POLICIES = ("off", "block_opt_out", "require_opt_in")
KINDS = ("OTP", "MKT", "TXN")
TRIAL_MESSAGES = 50  # that a trial account may send in all (console.md 5.2)
NO_OTP_EXEMPTION = frozenset({"US", "CA"})


@dataclass(frozen=True, slots=True)
class Window:
    """When promotional messages may go: local times, and what happens outside: hold or reject."""

    opens: time = time(9)
    closes: time = time(21)
    reject: bool = False
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most ``messages`` in each period of ``hours``, counted over the named kinds of messages."""

    messages: int
    hours: int
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Watch:
    """The prefix watch: blocked for ``block_minutes`` after more than ``sends`` in ``minutes`` with a smaller conversion."""

    sends: int = 20
    minutes: int = 10
    conversion: float = 0.05
    block_minutes: int = 60
    kinds: frozenset[str] = frozenset({"OTP"})


@dataclass(frozen=True, slots=True)
class AutoBlock:
    """A number that fails ``failures`` times in a row within ``days`` with one of ``traces`` goes on the blocklist."""

    traces: frozenset[str]
    failures: int = 5
    days: int = 7


@dataclass(frozen=True, slots=True)
class Words:
    """Words and answers of opting out, in and of help; the answers' ids in a content registry."""

    stop: frozenset[str] = frozenset(STOP_WORDS)
    start: frozenset[str] = frozenset(START_WORDS)
    help: frozenset[str] = frozenset(HELP_WORDS)
    stop_text: str = STOP_TEXT
    start_text: str = START_TEXT
    help_text: str = HELP_TEXT
    stop_template: str = ""
    start_template: str = ""
    help_template: str = ""
    entity_id: str = ""


@dataclass(frozen=True, slots=True)
class SmsOptions:
    """Everything that an account chose about screening."""

    country_default: str = "on"
    countries: Mapping[str, str] = field(default_factory=dict)
    blocked_countries: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    strict_numbering: bool = False
    single_part: bool = False
    premium_allowed: bool = False
    test_numbers: frozenset[str] = frozenset()
    team_numbers: frozenset[str] = frozenset()
    trial_messages: int = 0
    window: Window | None = Window()
    blocked_words: tuple[str, ...] = ()
    link_hosts: frozenset[str] = frozenset()
    duplicate_minutes: int = 0
    recipient_cap: int = 0
    recipient_kinds: frozenset[str] = frozenset(KINDS)
    rate: RateLimit | None = None
    consent_policy: str = "off"
    opt_out_everywhere: bool = False
    otp_exempt: bool | None = None
    words: Words = Words()
    watch: Watch = Watch()
    auto_block: AutoBlock | None = None

    def country_mode(self, country: str | None) -> str:
        """on, off or watch."""
        return self.countries.get(country or "", self.country_default)

    def otp_passes_opt_out(self, country: str | None, home: str) -> bool:
        """Whether a one-time password reaches who opted out: by choice, else in India only (sms.md 11.1)."""
        if self.otp_exempt is not None:
            return self.otp_exempt
        return home == "IN" and country not in NO_OTP_EXEMPTION

    @property
    def counts_sends(self) -> bool:
        """Whether each send is remembered for duplicates or caps."""
        return bool(self.duplicate_minutes or self.recipient_cap)


def read_options(settings: Mapping[str, Any]) -> SmsOptions:
    """The options in an account's settings."""
    modes, default = _countries(settings)
    return SmsOptions(
        country_default=default,
        countries=modes,
        blocked_countries=_words(settings, "blocked_countries"),
        types=_words(settings, "route_types"),
        strict_numbering=bool(settings.get("strict_numbering")),
        single_part=bool(settings.get("single_part_only")),
        premium_allowed=bool(settings.get("premium_allowed")),
        test_numbers=_words(settings, "test_numbers"),
        team_numbers=_words(settings, "team_numbers"),
        window=_window(settings.get("mkt_window")),
        blocked_words=tuple(sorted(word.casefold() for word in _words(settings, "blocked_words"))),
        link_hosts=frozenset(host.lower() for host in _words(settings, "link_hosts")),
        duplicate_minutes=_number(settings, "duplicate_minutes", 0, 1440),
        recipient_cap=_number(settings, "recipient_cap", 0, 1_000_000),
        recipient_kinds=_words(settings, "recipient_cap_kinds") or frozenset(KINDS),
        rate=_rate(settings.get("rate_limit")),
        consent_policy=_choice(settings.get("consent_policy"), CONSENT_POLICIES),
        opt_out_everywhere=bool(settings.get("opt_out_everywhere")),
        otp_exempt=settings.get("otp_passes_opt_out"),
        words=_opt_words(settings.get("opt_words")),
        watch=_watch(settings.get("prefix_watch")),
        auto_block=_auto_block(settings.get("auto_block")),
    )


def _countries(settings: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    chosen = settings.get("countries")
    if isinstance(chosen, dict):
        modes = {str(code): _choice(mode, MODES) for code, mode in chosen.items() if code != "default"}
        return modes, _choice(chosen.get("default"), MODES)
    listed = settings.get("allowed_countries")
    return (dict.fromkeys(map(str, listed), "on"), "off") if isinstance(listed, list) else ({}, "on")


def _choice(value: object, known: tuple[str, ...]) -> str:
    return value if isinstance(value, str) and value in known else known[0]


def _words(settings: Mapping[str, Any], name: str) -> frozenset[str]:
    found = settings.get(name)
    return frozenset(map(str, found)) if isinstance(found, list) else frozenset()


def _number(settings: Mapping[str, Any], name: str, default: int, most: int) -> int:
    found = settings.get(name)
    return min(found, most) if isinstance(found, int) and found >= 0 else default


def _time(value: object, default: time) -> time:
    try:
        return time.fromisoformat(value) if isinstance(value, str) else default
    except ValueError:
        return default


def _window(given: object) -> Window | None:
    if given == "off":
        return None
    if not isinstance(given, dict):
        return Window()
    return Window(
        _time(given.get("opens"), time(9)),
        _time(given.get("closes"), time(21)),
        given.get("outside") == "reject",
        given.get("where") == "everywhere",
    )


def _rate(given: object) -> RateLimit | None:
    if not isinstance(given, dict) or not _number(given, "messages", 0, 10**9):
        return None
    kinds = _words(given, "kinds") or frozenset(KINDS)
    return RateLimit(_number(given, "messages", 0, 10**9), max(1, _number(given, "hours", 1, 720)), kinds)


def _opt_words(given: object) -> Words:
    if not isinstance(given, dict):
        return Words()

    def words(name: str, default: tuple[str, ...]) -> frozenset[str]:
        found = given.get(name)
        return frozenset(found if isinstance(found, list) else default)

    return Words(
        words("stop", STOP_WORDS), words("start", START_WORDS), words("help", HELP_WORDS),
        str(given.get("stop_text", STOP_TEXT)), str(given.get("start_text", START_TEXT)),
        str(given.get("help_text", HELP_TEXT)), *(str(given.get(name) or "") for name in WORD_IDS),
    )  # fmt: skip


def _watch(given: object) -> Watch:
    if not isinstance(given, dict):
        return Watch()
    percent = given.get("percent", 5)
    return Watch(
        max(1, _number(given, "sends", 20, 100_000)),
        max(1, _number(given, "minutes", 10, 60)),
        float(percent) / 100 if isinstance(percent, int | float) else 0.05,
        max(1, _number(given, "block_minutes", 60, 10_080)),
        _words(given, "kinds") or frozenset({"OTP"}),
    )


def _auto_block(given: object) -> AutoBlock | None:
    if not isinstance(given, dict) or not given.get("traces"):
        return None
    failures, days = _number(given, "failures", 5, 100), _number(given, "days", 7, 90)
    return AutoBlock(_words(given, "traces"), max(1, failures), max(1, days))
