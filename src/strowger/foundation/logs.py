"""Structured logs (structlog, with the standard library's loggers bridged in), masked before they are written."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from strowger.foundation.lean import without

with without("rich"):  # coloured tracebacks, which nothing here shows
    import structlog
    from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"
MAX_DEPTH = 8
FILE_BYTES, FILES_KEPT = 10_000_000, 5
# Names of fields without regard to case, hyphens and underscores.
SECRET_FIELDS = frozenset(
    {"apikey", "xapikey", "authorization", "proxyauthorization", "password", "passwd", "secret", "clientsecret"}
    | {"token", "accesstoken", "cookie", "setcookie", "csrf", "keysealed", "secretkey", "credentials", "header"}
    | {"headers", "requestheaders", "responseheaders", "xsignature", "webhooksignature", "otp", "pin"}
    | {"enc", "invitationurl"}
)
BODY_FIELDS = frozenset(
    {"body", "text", "message", "shortmessage", "messagepayload", "payload", "requestbody", "responsebody"}
    | {"content", "variables", "udh"}
)
NUMBER_FIELDS = frozenset(
    {"to", "from", "sender", "recipient", "recipients", "source", "destination", "sourceaddr", "destinationaddr"}
    | {"number", "msisdn", "phone", "mobile"}
)
# Libraries that write what passes through them, line by line, when asked for everything: codes and links of mails.
TALKATIVE = ("mail.log",)
# Who is exported or erased: no log may name a person who is to be forgotten.
PERSON_FIELDS = frozenset({"subject"})
# Written by the logging machinery itself.
OWN_FIELDS = frozenset({"timestamp", "level", "logger", "_record", "_from_structlog"})

_GAP = r"(?:[ \u00a0().\-+]|%20|%2[Bb]|%28|%29){0,3}"
_NAMES = (
    r"body|text|message|short_message|payload|x-api-key|api[-_]?key|authorization|password|passwd|secret|client_secret"
    r"|access_token|token|cookie"
)
_SENSITIVE = re.compile(
    rf"""
    (?P<keep> \b[0-9a-fA-F]{{8}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{12}}\b
            | \b\d{{4}}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?)?
            | (?<![\d.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![\d.]) )
    | (?P<head> ["']? \b(?:{_NAMES}) ["']? \s* [:=] \s* )
      (?P<value> "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | [^\r\n,;&"'}}\]]+ )
    | (?P<scheme> \b(?:Basic|Bearer)\s+ ) [A-Za-z0-9+/=._~\-]{{8,}}
    | (?P<key> (?<![0-9A-Za-z])[Aa][0-9a-fA-F]{{32}}(?![0-9A-Za-z]) )
    | (?P<signing> whsec_[A-Za-z0-9+/=]+ )
    | (?P<number> (?<![0-9A-Za-z]) (?:%2[Bb]|\+)? \d (?:{_GAP}\d){{7,14}} (?![0-9A-Za-z]) )
    """,
    re.VERBOSE | re.IGNORECASE,
)


def _replace(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind == "keep":
        return found[0]
    if kind == "number":
        return _mask_digits(found[0])
    if found["head"] is not None:
        return found["head"] + MASK
    return (found["scheme"] or "") + MASK


def _mask_digits(text: str) -> str:
    digits = re.sub(r"%[0-9A-Fa-f]{2}|\D", "", text)
    return digits[:3] + MASK + digits[-2:]


def mask_text(text: str) -> str:
    """The text without API keys, phone numbers, credentials and message bodies, whatever way they are written in it."""
    return _SENSITIVE.sub(_replace, text)


def _field(name: object) -> str:
    return re.sub(r"[^a-z]", "", str(name).lower())


def mask_value(value: Any, name: object = "", depth: int = 0) -> Any:
    """The value as it may be logged under ``name``; mappings and lists are masked all the way down."""
    field = _field(name)
    if value is None or isinstance(value, bool):
        return value
    if field in SECRET_FIELDS or field in PERSON_FIELDS:
        return MASK
    if field in BODY_FIELDS and not isinstance(value, int | float):
        return f"<{len(value)} long>" if isinstance(value, str | bytes | list | dict) else MASK
    if isinstance(value, int | float):
        return _mask_digits(str(value)) if field in NUMBER_FIELDS and abs(value) >= 10**7 else value
    if isinstance(value, bytes | bytearray | memoryview):
        return mask_text(bytes(value).decode("utf-8", "replace"))
    if depth < MAX_DEPTH and isinstance(value, Mapping):
        return {mask_text(str(k)): mask_value(v, k, depth + 1) for k, v in value.items()}
    if depth < MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
        return [mask_value(item, name, depth + 1) for item in value]
    return mask_text(value if isinstance(value, str) else str(value))


def mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The structlog processor that masks everything but the fields of the logging machinery."""
    return {
        mask_text(name): value
        if name in OWN_FIELDS
        else mask_text(value)
        if name == "event" and isinstance(value, str)
        else mask_value(value, name)
        for name, value in event.items()
    }


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
        mask_event,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _configure_structlog(level: int) -> None:
    structlog.configure(
        processors=[*_shared_processors(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _handler(file: str) -> logging.Handler:
    if not file:
        return _StandardError()
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    return RotatingFileHandler(file, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")


class _StandardError(logging.Handler):
    """Writes to what standard error is at that moment, not to what it was at the start."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


def configure(level: str = "info", format: str = "console", file: str = "") -> None:  # noqa: A002
    """Write logs from ``level`` up, for people (``console``) or machines (``json``), to ``file`` or standard error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if format == "console":
        plain = structlog.dev.plain_traceback
        colors = not file and sys.stderr.isatty()
        renderer = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)
    handler = _handler(file)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared_processors(),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(number, logging.INFO))
    _configure_structlog(number)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module; events are ``snake_case`` names with fields, not sentences."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger


_configure_structlog(logging.INFO)  # so that nothing leaves unmasked before configure()
