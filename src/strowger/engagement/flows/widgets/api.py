"""API: one HTTP request, whose answer decides the way and becomes variables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from strowger.console.form import Field
from strowger.engagement.flows.errors import Refused
from strowger.engagement.flows.schemas import Problem
from strowger.engagement.flows.variables import ESCAPES, VARIABLE, dig, text_of
from strowger.engagement.flows.widgets.base import (
    MATCH,
    NO_MATCH,
    Branch,
    Choices,
    Outcome,
    Stage,
    WidgetType,
    lines_of,
    register,
)
from strowger.foundation.http_client import HttpAnswer, HttpFailed
from strowger.foundation.http_client import Refused as Guarded
from strowger.foundation.logs import SECRET_FIELDS

MAX_HEADERS, MAX_VALUES, MAX_BODY = 20, 20, 10_000
MAX_ANSWER, SHOWN_ANSWER = 262_144, 2_048
MAX_TIMEOUT, MAX_RETRIES = 10, 2
REDIRECTS = 2
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
SECRET = re.compile(r"auth|token|key|secret|cookie|pass|signature|credential", re.IGNORECASE)
IN_QUERY = re.compile(r"([?&][^=&#]*(?:key|token|secret|pass|signature|auth)[^=&#]*=)[^&#]+", re.IGNORECASE)
MASK = "••••••••"
KEY_HEADER = "Idempotency-Key"
KINDS = {"json": "application/json", "xml": "application/xml", "text": "text/plain", "html": "text/html"}


class Header(Struct, omit_defaults=True):
    """A header. The value of a secret one is kept apart, sealed; ``secret`` is its id."""

    name: Annotated[str, Meta(max_length=100)]
    value: Annotated[str, Meta(max_length=2000)] = ""
    secret: Annotated[str, Meta(max_length=36)] = ""

    @property
    def is_secret(self) -> bool:
        """Whether its value is to be sealed."""
        return SECRET.search(self.name) is not None


class Wanted(Struct):
    """What makes a match: an HTTP status, or a value at the response key."""

    kind: Literal["status", "value"]
    value: Annotated[str, Meta(min_length=1, max_length=100)]

    @property
    def branch(self) -> str:
        """The branch of its own, when there is one for each."""
        return f"{MATCH}:{self.kind}:{self.value}"


class ApiConfig(Struct, omit_defaults=True):
    """The request and what counts as a match; with nothing wanted every 2xx does."""

    method: Literal["GET", "POST"] = "GET"
    url: Annotated[str, Meta(max_length=2000)] = ""
    headers: Annotated[list[Header], Meta(max_length=MAX_HEADERS)] = []
    body_type: Literal["json", "xml", "text", "html"] = "json"
    body: Annotated[str, Meta(max_length=MAX_BODY)] = ""
    key: Annotated[str, Meta(max_length=200)] = ""
    wanted: Annotated[list[Wanted], Meta(max_length=MAX_VALUES)] = []
    separate: bool = False
    timeout: Annotated[int, Meta(ge=1, le=MAX_TIMEOUT)] = 5
    retries: Annotated[int, Meta(ge=0, le=MAX_RETRIES)] = 0


def _read_headers(text: str, old: ApiConfig) -> list[Header]:
    kept = {header.name.lower(): header.secret for header in old.headers if header.secret}
    found: dict[str, Header] = {}
    for line in lines_of(text):
        name, sign, value = (part.strip() for part in line.partition(":"))
        if not sign or not HEADER.fullmatch(name):
            raise Refused(f"Write “{line[:40]}” as Name: value.", "headers")
        if value == MASK and name.lower() in kept:
            found[name.lower()] = Header(name, secret=kept[name.lower()])
        else:
            found[name.lower()] = Header(name, value)
    if len(found) > MAX_HEADERS:
        raise Refused(f"At most {MAX_HEADERS} headers.", "headers")
    return list(found.values())


def _read_wanted(statuses: str, values: str) -> list[Wanted]:
    found = []
    for code in re.split(r"[,\s]+", statuses.strip()):
        if code and not re.fullmatch(r"[1-5]\d\d", code):
            raise Refused(f"“{code[:20]}” is no HTTP status such as 200.", "statuses")
        if code:
            found.append(Wanted("status", code))
    found.extend(Wanted("value", line[:100]) for line in lines_of(values))
    if len(found) > MAX_VALUES:
        raise Refused(f"At most {MAX_VALUES} statuses and values.", "values")
    return found


class Api(WidgetType[ApiConfig]):
    """Asks another system."""

    key, label = "api", "API"
    icon = "api"
    text = "Calls another system; the answer decides the way and can be used as {{api:…}}."
    Config = ApiConfig
    slow = True

    def branches(self, config: ApiConfig) -> Sequence[Branch]:
        """Match or not; a match for each value when these are to be apart."""
        if config.separate and config.wanted:
            own = {wanted.branch: f"Match {wanted.value}" for wanted in config.wanted}
            return (*(Branch(name, label) for name, label in own.items()), Branch(NO_MATCH, "No match"))
        return (Branch(MATCH, "Match"), Branch(NO_MATCH, "No match"))

    def fields(self, choices: Choices) -> Sequence[Field]:
        """The request and what is expected."""
        variables = {"data-variables": True, "spellcheck": "false"}
        types = (("json", "JSON"), ("xml", "XML"), ("text", "Text"), ("html", "HTML"))
        return (
            Field("method", "Method", "select", options=(("GET", "GET"), ("POST", "POST")), default="GET", width="half"),
            Field("body_type", "Type of the body", "select", options=types, default="json", width="half"),
            Field("url", "URL", max_length=2000, attrs=variables, placeholder="https://example.net/orders/{{webhook.id}}"),
            Field("headers", "Headers", "textarea", rows=2, max_length=20_000, attrs=variables,
                  placeholder="Authorization: Bearer …",
                  help="One in a line. Values of secret ones are kept sealed and shown as dots; leave the dots to keep them."),
            Field("body", "Body", "textarea", rows=4, max_length=MAX_BODY, attrs=variables, help="For POST."),
            Field("key", "Response key", max_length=200, placeholder="data.tier", attrs={"spellcheck": "false"},
                  help="Where in a JSON answer the value stands that is compared."),
            Field("statuses", "Statuses that match", max_length=200, width="half", placeholder="200, 201"),
            Field("values", "Values that match", "textarea", rows=2, max_length=3000, width="half",
                  help="One in a line; case matters. With neither, every 2xx matches."),
            Field("separate", "A branch of its own for each status and value", "checkbox"),
            Field("timeout", "Timeout in seconds", "number", default=5, least=1, most=MAX_TIMEOUT, width="half", required=True),
            Field("retries", "Retries", "number", default=0, least=0, most=MAX_RETRIES, width="half", required=True,
                  help="After a network error, a timeout or a 5xx."),
        )  # fmt: skip

    def shown(self, config: ApiConfig) -> Mapping[str, Any]:
        """Lists as lines, secrets as dots."""
        wanted = {kind: [w.value for w in config.wanted if w.kind == kind] for kind in ("status", "value")}
        return {
            "method": config.method, "url": config.url, "body_type": config.body_type, "body": config.body,
            "headers": "\n".join(f"{h.name}: {MASK if h.secret else h.value}" for h in config.headers), "key": config.key,
            "statuses": ", ".join(wanted["status"]), "values": "\n".join(wanted["value"]), "separate": config.separate,
            "timeout": config.timeout, "retries": config.retries,
        }  # fmt: skip

    def typed(self, values: Mapping[str, Any], old: ApiConfig) -> ApiConfig:
        """Lines as lists."""
        return ApiConfig(
            values["method"], values["url"], _read_headers(values["headers"], old), values["body_type"], values["body"],
            values["key"], _read_wanted(values["statuses"], values["values"]), values["separate"], int(values["timeout"]),
            int(values["retries"]),
        )  # fmt: skip

    def texts(self, config: ApiConfig) -> Iterator[tuple[str, str]]:
        """URL, headers, body."""
        yield "url", config.url
        yield from (("headers", header.value) for header in config.headers)
        yield "body", config.body

    def check(self, config: ApiConfig, choices: Choices) -> Iterator[Problem]:
        """A URL, and a key for values."""
        if not _is_url(config.url):
            yield Problem("Write a URL that begins with http:// or https://.", field="url")
        if any(wanted.kind == "value" for wanted in config.wanted) and not config.key:
            yield Problem("Name the response key whose value is compared.", field="key")
        for header in config.headers:
            if not header.value and not header.secret:
                yield Problem(f"The header {header.name} has no value.", field="headers")

    def summary(self, config: ApiConfig) -> str:
        """The request's line."""
        return f"{config.method} {config.url[:80]}" if config.url else ""

    async def run(self, config: ApiConfig, stage: Stage) -> Outcome:
        """Ask, and compare."""
        scope = stage.scope
        url = scope.fill_url(config.url)
        data: dict[str, Any] = {"method": config.method, "url": IN_QUERY.sub(r"\1***", url)[:2000]}
        headers = {KEY_HEADER: f"{stage.run.id}:{stage.run.steps + 1}"}
        body = None
        if config.method == "POST":
            headers["Content-Type"] = KINDS[config.body_type] + "; charset=utf-8"
            body = scope.fill(config.body, ESCAPES[config.body_type]).encode()
        for header in config.headers:
            value = await stage.secret(header.secret) if header.secret else header.value
            same = next((name for name in headers if name.lower() == header.name.lower()), header.name)
            headers[same] = re.sub(r"[\r\n]+", " ", scope.fill(value))
        answer, problem, tries = await _ask(config, stage, url, headers, body)
        data["tries"] = tries
        if answer is None:
            return Outcome(NO_MATCH, {**data, "problem": problem}, failed=True)
        found = None if answer.truncated else _json(answer)
        data |= {"status": answer.status, "seconds": round(answer.duration, 3), "answer": _shown(answer, found)}
        if answer.truncated:
            data["problem"] = f"The answer is larger than {MAX_ANSWER // 1024} KB; it is not kept."
        branch, compared = _match(config, answer.status, found)
        if config.key:
            data["compared"] = compared[:200]
        return Outcome(branch, data, answer=found)


async def _ask(
    config: ApiConfig, stage: Stage, url: str, headers: dict[str, str], body: bytes | None
) -> tuple[HttpAnswer | None, str, int]:
    """The answer, or why there is none, and how often it was asked."""
    answer, problem = None, ""
    for tries in range(1, config.retries + 2):
        try:
            answer = await stage.context.http.request(
                config.method, url, headers=headers, body=body, timeout=config.timeout,
                connect_timeout=min(3, config.timeout), max_response=MAX_ANSWER, redirects=REDIRECTS,
            )  # fmt: skip
        except Guarded as refusal:
            return None, f"Not allowed: {refusal}", tries
        except (HttpFailed, UnicodeError) as failure:
            answer, problem = None, str(failure)
        else:
            if answer.status < 500:
                return answer, "", tries
    return answer, problem, config.retries + 1


def _match(config: ApiConfig, status: int, found: Any) -> tuple[str, str]:
    """The branch, and the value that was compared."""
    value = dig(found, config.key) if config.key else None
    text = text_of(value)
    if not config.wanted:
        return (MATCH if 200 <= status < 300 else NO_MATCH), text
    for wanted in config.wanted:
        hit = wanted.value == str(status) if wanted.kind == "status" else value is not None and wanted.value == text
        if hit:
            return (wanted.branch if config.separate else MATCH), text
    return NO_MATCH, text


def _json(answer: HttpAnswer) -> Any:
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _shown(answer: HttpAnswer, found: Any) -> str:
    """The beginning of the answer, secret fields hidden."""
    if found is not None:
        return msgspec.json.encode(_hidden(found)).decode()[:SHOWN_ANSWER]
    return answer.body[:SHOWN_ANSWER].decode("utf-8", "replace")


def _hidden(value: Any, depth: int = 0) -> Any:
    if isinstance(value, dict) and depth < 20:
        return {
            k: "***" if re.sub(r"[^a-z]", "", k.lower()) in SECRET_FIELDS else _hidden(v, depth + 1)
            for k, v in value.items()
        }
    return [_hidden(item, depth + 1) for item in value] if isinstance(value, list) and depth < 20 else value


def _is_url(text: str) -> bool:
    if VARIABLE.match(text):
        return True
    try:
        parts = urlsplit(VARIABLE.sub("x", text))
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


register(Api())
