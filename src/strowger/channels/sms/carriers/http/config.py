"""The configuration of an HTTP carrier: how a message becomes a request, what an answer means, and how reports come in."""

from __future__ import annotations

import ipaddress
import re
import xml.parsers.expat
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from strowger.channels.sms.carriers.http import answers as meanings
from strowger.channels.sms.carriers.http import paths
from strowger.channels.sms.carriers.http.signing import check_signing
from strowger.channels.sms.carriers.http.status_words import read_word
from strowger.channels.sms.carriers.http.template import VARIABLES, Template, in_json, in_xml, unknown_names
from strowger.foundation.http_guard import Refused, read_url
from strowger.foundation.http_wire import is_settable

SECRET_LIMIT = 4096
TRACE = r"^[A-Z0-9][A-Z0-9 -]{1,30}$"
Text = Annotated[str, Meta(max_length=200)]
Charset = Literal["utf-8", "iso-8859-1", "us-ascii", "utf-16-be"]


class HttpConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How to reach a provider over HTTP. Its secret (password, token or key) is kept apart, sealed."""

    url: Annotated[
        str, Meta(min_length=1, max_length=2000, description="Where messages are sent; may hold {{variables}}.")
    ]
    method: Annotated[Literal["POST", "GET", "PUT"], Meta(description="HTTP method.")] = "POST"
    format: Annotated[
        Literal["form", "query", "json", "xml", "raw"],
        Meta(description="fields as a form or in the query; body as JSON, XML or any other text."),
    ] = "form"
    fields: Annotated[
        dict[Text, Annotated[str, Meta(max_length=2000)]],
        Meta(description="With form and query: names and values, with {{variables}}."),
    ] = field(default_factory=dict)
    body: Annotated[
        str, Meta(max_length=20000, description="With json, xml and raw: the text of the body, with {{variables}}.")
    ] = ""
    content_type: Annotated[str, Meta(max_length=200, description="Content-Type; empty: that of the format.")] = ""
    headers: Annotated[
        dict[Text, Annotated[str, Meta(max_length=2000)]], Meta(description="Further headers, with {{variables}}.")
    ] = field(default_factory=dict)
    auth: Annotated[
        Literal["none", "basic", "bearer", "header"],
        Meta(description="How the secret goes out: user name and password, bearer token, or a header of its own."),
    ] = "none"
    username: Annotated[str, Meta(max_length=200, description="User name for basic, or as {{username}}.")] = ""
    auth_header: Annotated[str, Meta(max_length=100, description="With auth header: its name.")] = "X-API-Key"
    charset: Annotated[Charset, Meta(description="Charset of the request.")] = "utf-8"
    parts: Annotated[
        Literal["whole", "each"], Meta(description="One request for a whole long text, or one for each part.")
    ] = "whole"
    binds: Annotated[int, Meta(ge=1, le=32, description="Senders side by side, divided between workers.")] = 1
    concurrency: Annotated[int, Meta(ge=1, le=500, description="Requests of a sender under way at once.")] = 10
    tps: Annotated[float, Meta(ge=0, le=100000, description="Requests per second over all senders; 0: no limit.")] = 0
    timeout: Annotated[float, Meta(gt=0, le=120, description="Seconds to wait for an answer.")] = 15
    connect_timeout: Annotated[float, Meta(gt=0, le=60, description="Seconds for the connection to stand.")] = 5
    failures: Annotated[int, Meta(ge=1, le=1000, description="Troubles in a row after which it counts as down.")] = 5
    pause_min: Annotated[float, Meta(gt=0, le=3600, description="First pause of a carrier that is down, s.")] = 2
    pause_max: Annotated[float, Meta(gt=0, le=3600, description="Longest pause of a carrier that is down, s.")] = 60
    id_path: Annotated[
        str, Meta(max_length=200, description="Where the answer holds the provider's id: data.id, messages[0].id.")
    ] = ""
    id_pattern: Annotated[
        str, Meta(max_length=300, description="Or a regular expression whose first group is the id.")
    ] = ""
    code_path: Annotated[str, Meta(max_length=200, description="Where the answer holds the provider's code.")] = ""
    code_pattern: Annotated[
        str, Meta(max_length=300, description="Or a regular expression whose first group is the code.")
    ] = ""
    error_path: Annotated[str, Meta(max_length=200, description="Where the answer explains itself.")] = ""
    answers: Annotated[
        dict[Text, str],
        Meta(
            description="Meaning of codes and statuses: accept, reject TRACE, retry, throttle, elsewhere or unknown, by code "
            "or http:403, http:5xx."
        ),
    ] = field(default_factory=dict)
    receipt_list: Annotated[str, Meta(max_length=200, description="Where a report holds a list of receipts.")] = ""
    receipt_id: Annotated[str, Meta(max_length=200, description="Field of a receipt with the provider's id.")] = "id"
    receipt_status: Annotated[str, Meta(max_length=200, description="Field with the status word.")] = "status"
    receipt_error: Annotated[str, Meta(max_length=200, description="Field with an error code.")] = "error"
    receipt_statuses: Annotated[
        dict[Text, str],
        Meta(
            description="What the provider's words mean: sent, delivered, undelivered, expired, rejected or failed, with a "
            "trace if need be."
        ),
    ] = field(default_factory=dict)
    err_traces: Annotated[
        dict[str, Annotated[str, Meta(pattern=TRACE)]], Meta(description="Traces for error codes of receipts.")
    ] = field(default_factory=dict)
    message_list: Annotated[str, Meta(max_length=200, description="Where a report holds a list of messages.")] = ""
    message_from: Annotated[str, Meta(max_length=200, description="Field of an incoming message with its sender.")] = (
        "from"
    )
    message_to: Annotated[str, Meta(max_length=200, description="Field with the number that it was sent to.")] = "to"
    message_text: Annotated[str, Meta(max_length=200, description="Field with its text.")] = "text"
    hook_answer: Annotated[str, Meta(max_length=500, description="What we answer to a report that is stored.")] = "OK"
    hook_networks: Annotated[
        str, Meta(max_length=1000, description="Networks from which reports may come, by commas; empty: every one.")
    ] = ""
    hook_signature: Annotated[
        str,
        Meta(max_length=100, description="Header with the signature (HMAC) of reports; empty: they are not signed."),
    ] = ""
    hook_algorithm: Annotated[Literal["sha256", "sha1", "sha512"], Meta(description="Hash of the signature.")] = (
        "sha256"
    )
    hook_encoding: Annotated[Literal["hex", "base64"], Meta(description="How the signature is written.")] = "hex"
    hook_prefix: Annotated[str, Meta(max_length=50, description="What stands before it, as in sha256=.")] = ""
    hook_signed: Annotated[
        str, Meta(max_length=200, description="What is signed, of {{body}}, {{timestamp}}, {{id}} and {{url}}.")
    ] = "{{body}}"
    hook_timestamp: Annotated[
        str, Meta(max_length=100, description="Header with the time of the report, against replays; it must be signed.")
    ] = ""
    hook_id: Annotated[str, Meta(max_length=100, description="Header with the report's id, where that is signed.")] = ""
    hook_tolerance: Annotated[
        int, Meta(ge=1, le=86400, description="With a time: seconds by which it may differ from ours.")
    ] = 300
    simulated: Annotated[
        bool, Meta(description="A simulator: carries messages only while no real carrier has a route for them.")
    ] = False

    def __post_init__(self) -> None:
        """Check what one field alone cannot tell."""
        if self.pause_max < self.pause_min:
            raise ValueError("field `pause_max` must not be below pause_min")
        _check_url(self.url)
        for name, text in (("body", self.body), *(("fields", v) for v in self.fields.values()),
                           *(("headers", v) for v in self.headers.values()), ("url", self.url)):  # fmt: skip
            if unknown := unknown_names(text):
                raise ValueError(f"field `{name}` names {unknown[0]}; there are {', '.join(VARIABLES)}")
        _check_headers(self)
        _check_body(self)
        for key, word in self.answers.items():
            meanings.check_key(key)
            meanings.read_meaning(key, word)
        for word, meaning in self.receipt_statuses.items():
            read_word(word, meaning)
        _check_places(self)
        _check_networks(self.hook_networks)
        check_signing(self)


def _check_url(url: str) -> None:
    head = re.match(r"https?://[^/?#]+", url, re.IGNORECASE)
    if head is None or "{{" in head[0]:
        raise ValueError("field `url` must be an absolute http or https URL whose host is no variable")
    try:
        origin, _ = read_url(Template(url).render({}))
    except Refused as problem:
        raise ValueError(f"field `url`: {problem}") from problem
    if origin.user:
        raise ValueError("field `url` must not hold a user name or password; use auth")


def _check_headers(config: HttpConfig) -> None:
    names = [*config.headers, *([config.auth_header] if config.auth == "header" else [])]
    for name in names:
        if not is_settable(name):
            raise ValueError(f"field `headers`: {name[:100]!r} may not be set")
    if any("\r" in text or "\n" in text for text in (*config.headers.values(), config.content_type)):
        raise ValueError("field `headers` holds a line break")


def _check_body(config: HttpConfig) -> None:
    sample = dict.fromkeys(VARIABLES, "1")
    if config.format in ("form", "query"):
        if config.format == "form" and config.method == "GET":
            raise ValueError("field `format`: a form needs the method POST or PUT; use query")
        if not config.fields and not Template(config.url).names:
            raise ValueError("field `fields` must name at least one field, such as to, from and text")
        return
    if config.method == "GET":
        raise ValueError("field `method`: a body needs POST or PUT")
    if not config.body.strip():
        raise ValueError("field `body` must not be empty")
    if config.format == "json":
        try:
            msgspec.json.decode(Template(config.body).render(sample, in_json(False)))
        except msgspec.DecodeError as problem:
            raise ValueError(f"field `body` is no JSON once its variables are filled in: {problem}") from problem
    elif config.format == "xml":
        parser = xml.parsers.expat.ParserCreate()
        try:
            parser.Parse(Template(config.body).render(sample, in_xml), True)
        except xml.parsers.expat.ExpatError as problem:
            raise ValueError(f"field `body` is no XML: {problem}") from problem


def _check_places(config: HttpConfig) -> None:
    for name in ("id_path", "code_path", "error_path", "receipt_list", "receipt_id", "receipt_status", "receipt_error",
                 "message_list", "message_from", "message_to", "message_text"):  # fmt: skip
        path = getattr(config, name)
        try:
            _ = path and paths.steps(path)
        except ValueError as problem:
            raise ValueError(f"field `{name}` {problem}") from problem
    for name in ("id_pattern", "code_pattern"):
        try:
            re.compile(getattr(config, name))
        except re.error as problem:
            raise ValueError(f"field `{name}` is no regular expression: {problem}") from problem


def networks_of(text: str) -> list[str]:
    """The networks of a list by commas or spaces."""
    return [part for part in re.split(r"[,\s]+", text) if part]


def _check_networks(text: str) -> None:
    for part in networks_of(text):
        try:
            ipaddress.ip_network(part, strict=False)
        except ValueError as problem:
            raise ValueError(f"field `hook_networks`: {part} is no network") from problem
