"""From a submission to the requests that hand it over: one for the whole, or one for each part."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote_plus

from strowger.channels.sms.carriers.http.config import HttpConfig
from strowger.channels.sms.carriers.http.template import Escape, Template, in_header, in_json, in_url, in_xml
from strowger.channels.sms.carriers.loops import MARK_HEADER
from strowger.channels.sms.carriers.smpp.encoding import is_off, is_on, reference_of
from strowger.channels.sms.pipeline import unicode_mode
from strowger.foundation.ids import format_message_id
from strowger.messaging.schemas import Submission
from strowger.protocols.gsm import EncodedText, decode_text, encode_text, udh_concat, udh_concat16, with_port

CONTENT_TYPES = {
    "form": "application/x-www-form-urlencoded",
    "json": "application/json",
    "xml": "application/xml",
    "raw": "text/plain",
}
MAX_HEADER_VALUE = 4000


class CannotWrite(Exception):
    """The message cannot be written in this carrier's charset; the message says why."""


@dataclass(frozen=True, slots=True)
class PartRequest:
    """One request: ``part`` as the log calls it (0: a long message as one), and our id of message and part."""

    part: int
    own_id: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


class RequestWriter:
    """Writes messages as one carrier wants them."""

    def __init__(self, config: HttpConfig, secret: str, hook: str, mark: str) -> None:
        self._config, self._secret = config, secret
        self._url = Template(config.url)
        self._body = Template(config.body)
        self._fields = [(name, Template(value)) for name, value in config.fields.items()]
        self._headers = [(name, Template(value)) for name, value in config.headers.items()]
        self._fixed = {
            "username": config.username,
            "password": secret,
            "receipt_url": f"{hook}/receipts" if hook else "",
        }
        self._base = self._base_headers(mark)
        templates = [self._url, self._body, *(t for _, t in self._fields), *(t for _, t in self._headers)]
        self._addresses = any({"udh", "port"} & template.names for template in templates)

    def _base_headers(self, mark: str) -> dict[str, str]:
        config = self._config
        headers = {"User-Agent": "Strowger", "Accept": "*/*", **({MARK_HEADER: mark} if mark else {})}
        if config.auth == "basic":
            pair = f"{config.username}:{self._secret}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        elif config.auth == "bearer":
            headers["Authorization"] = f"Bearer {in_header(self._secret)}"
        elif config.auth == "header":
            headers[config.auth_header] = in_header(self._secret)
        if config.format in CONTENT_TYPES:
            usual = CONTENT_TYPES[config.format]
            headers["Content-Type"] = config.content_type or f"{usual}; charset={config.charset}"
        return headers

    def write(self, submission: Submission, now: datetime) -> list[PartRequest]:
        """The requests of a message. Raises CannotWrite."""
        options = submission.options
        port = int(options.get("port") or 0)
        if port and not self._addresses:
            raise CannotWrite(
                "the message is for an application port; the request of this carrier names neither udh nor port"
            )
        text = encode_text(submission.body, unicode_mode(options), flash=is_on(options.get("flash")), ported=bool(port))
        shared = self._shared(submission, text, now)
        if self._config.parts == "whole" or len(text.parts) == 1:
            values = shared | self._part(submission, submission.body, b"".join(text.parts), 1, len(text.parts))
            return [self._request(0 if len(text.parts) > 1 else 1, values)]
        return [
            self._request(
                n, shared | self._part(submission, decode_text(part, text.data_coding), part, n, len(text.parts), True)
            )
            for n, part in enumerate(text.parts, 1)
        ]

    def _shared(self, submission: Submission, text: EncodedText, now: datetime) -> dict[str, str]:
        options = submission.options
        minutes = max(1, int((submission.expires_at - now).total_seconds()) // 60)
        return {
            **self._fixed,
            "to": submission.recipient,
            "to_plus": f"+{submission.recipient}",
            "from": submission.sender,
            "encoding": "GSM7" if text.encoding == "GSM7" else "UCS2",
            "data_coding": str(text.data_coding),
            "unicode": "0" if text.encoding == "GSM7" else "1",
            "flash": "1" if is_on(options.get("flash")) else "0",
            "receipt": "0" if is_off(options.get("dlr")) else "1",
            "id": format_message_id(submission.request_id, submission.n),
            "type": submission.type,
            "country": submission.country or "",
            "network": submission.network or "",
            "validity": str(minutes),
            "expires": submission.expires_at.isoformat(timespec="seconds"),
            "reference": str(reference_of(submission) & 0xFF),
            "port": str(options.get("port") or ""),
            **{name: str(options.get(name) or "") for name in ("template_id", "entity_id", "ref")},
        }

    @staticmethod
    def _part(
        submission: Submission, text: str, octets: bytes, part: int, parts: int, header: bool = False
    ) -> dict[str, str]:
        udh = udh_concat(reference_of(submission), parts, part) if header else b""
        options = submission.options
        concat = options.get("concat")
        if concat and parts == 1:  # a part that an SMPP client cut itself keeps its place in the client's message
            udh = (udh_concat16 if concat[0] > 0xFF else udh_concat)(*concat)
        port = int(options.get("port") or 0)
        udh = with_port(udh, port, int(options.get("source_port") or 0)) if port else udh
        return {
            "text": text,
            "text_hex": octets.hex().upper(),
            "udh": udh.hex().upper(),
            "part": str(part),
            "parts": str(parts),
            "part_id": f"{format_message_id(submission.request_id, submission.n)}.{part}",
        }

    def _request(self, part: int, values: Mapping[str, str]) -> PartRequest:
        charset = self._config.charset
        try:
            url = self._url.render(values, in_url(charset))
            body = self._write_body(values)
            if self._config.format == "query":
                url = f"{url}{'&' if '?' in url else '?'}{self._pairs(values)}"
        except UnicodeEncodeError as problem:
            character = problem.object[problem.start]
            raise CannotWrite(f"{character!r} cannot be written in {charset}") from problem
        headers = dict(self._base)
        for name, template in self._headers:
            headers[name] = template.render(values, in_header)[:MAX_HEADER_VALUE]
        return PartRequest(part, values["part_id"], url, headers, body)

    def _pairs(self, values: Mapping[str, str]) -> str:
        charset = self._config.charset
        return "&".join(
            f"{quote_plus(name.encode(charset))}={quote_plus(template.render(values).encode(charset))}"
            for name, template in self._fields
        )

    def _write_body(self, values: Mapping[str, str]) -> bytes | None:
        config = self._config
        if config.format == "query":
            return None
        if config.format == "form":
            return self._pairs(values).encode("ascii")
        escape: Escape = {
            "json": in_json(config.charset in ("iso-8859-1", "us-ascii")), "xml": in_xml,
        }.get(config.format, str)  # fmt: skip
        errors = "xmlcharrefreplace" if config.format == "xml" else "strict"
        return self._body.render(values, escape).encode(config.charset, errors)
