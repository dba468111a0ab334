"""Any provider that answers JSON over HTTP: the operator says where its answer keeps each fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from strowger.foundation.http_client import GuardedClient, OutgoingError
from strowger.platform.lookup.providers.kind import BadConfig, Config, ConfigField, ProviderDown, ProviderKind
from strowger.platform.lookup.schemas import ERRORS, Finding

PLACE = "{number}"
SECONDS, MAX_ANSWER, MOST = 12.0, 2_000_000, 200
FIELDS = (
    "number", "country", "line_type", "current_mcc", "current_mnc", "current_operator", "original_mcc", "original_mnc",
    "original_operator", "ported", "roaming", "roaming_country", "status", "error",
)  # fmt: skip
TRUE = frozenset({"true", "yes", "1", "ported", "roaming", "y"})
FALSE = frozenset({"false", "no", "0", "not_ported", "not_roaming", "n"})
MAX_TEXT = 60


def read_pairs(text: str, field: str) -> dict[str, str]:
    """Lines of ``ours = theirs``. Raises BadConfig."""
    found = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        ours, mark, theirs = (part.strip() for part in line.partition("="))
        if not mark or not ours or not theirs:
            raise BadConfig(field, f"“{line[:60]}” is not “ours = theirs”.")
        found[ours] = theirs
    return found


def _mapping(config: Config) -> dict[str, str]:
    given = read_pairs(config.get("mapping", ""), "mapping")
    unknown = sorted(given.keys() - set(FIELDS))
    if unknown:
        raise BadConfig("mapping", f"{unknown[0]} is no fact; there are {', '.join(FIELDS)}.")
    return {name: name for name in FIELDS} | given


def _errors(config: Config) -> dict[str, str]:
    given = read_pairs(config.get("errors", ""), "errors")
    wrong = sorted(set(given.values()) - ERRORS.keys())
    if wrong:
        raise BadConfig("errors", f"{wrong[0]} is no code; there are {', '.join(ERRORS)}.")
    return {code: code for code in ERRORS} | given


def check(config: Config) -> None:
    """Raise BadConfig for what cannot work."""
    parts = urlsplit(config.get("url", "").replace(PLACE, "1"))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadConfig("url", "Enter an address that begins with https://.")
    _mapping(config)
    _errors(config)


def batch(config: Config) -> int:
    """How many numbers one call holds: one when the number stands in the address."""
    return 1 if PLACE in config.get("url", "") else MOST


def _at(value: Any, path: str) -> Any:
    """What stands at a path of names and places, such as ``result.network.mcc``; None when there is nothing."""
    for part in filter(None, path.split(".")):
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    return str(value)[:MAX_TEXT].replace("\0", "") if isinstance(value, str | int) and value is not True else ""


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in TRUE else False if word in FALSE else None


def _finding(row: Any, mapping: Mapping[str, str], errors: Mapping[str, str]) -> Finding:
    texts = {name: _text(_at(row, mapping[name])) for name in FIELDS}
    said = texts["error"]
    code = errors.get(said, "TIMEOUT") if said else ""
    return Finding(
        texts["country"].upper()[:2], None, texts["line_type"], texts["current_mcc"], texts["current_mnc"],
        texts["current_operator"], texts["original_mcc"], texts["original_mnc"], texts["original_operator"],
        _flag(_at(row, mapping["ported"])), _flag(_at(row, mapping["roaming"])), texts["roaming_country"].upper()[:2],
        texts["status"] or ("" if code else "active"), code, ERRORS.get(code, ""), "hlr",
    )  # fmt: skip


async def _call(client: GuardedClient, config: Config, numbers: Sequence[str]) -> Any:
    url, headers = config["url"], {"Accept": "application/json"}
    if config.get("secret"):
        headers[config.get("header") or "Authorization"] = config["secret"]
    body = None
    if PLACE in url:
        method, url = "GET", url.replace(PLACE, quote(numbers[0], safe=""))
    else:
        method, headers["Content-Type"] = "POST", "application/json"
        body = msgspec.json.encode({config.get("numbers_field") or "numbers": list(numbers)})
    try:
        answer = await client.request(
            method, url, headers=headers, body=body, timeout=SECONDS, max_response=MAX_ANSWER, repeatable=True
        )
    except OutgoingError as problem:
        raise ProviderDown(str(problem)) from problem
    if answer.status >= 300:
        raise ProviderDown(f"It answered HTTP {answer.status}")
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ProviderDown("Its answer is no JSON") from problem


async def ask(client: GuardedClient, config: Config, numbers: Sequence[str]) -> Mapping[str, Finding]:
    """What a provider says of numbers. Raises ProviderDown."""
    mapping, errors = _mapping(config), _errors(config)
    found = _at(await _call(client, config, numbers), config.get("results", ""))
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) for row in rows):
        raise ProviderDown("Its answer holds no results where they should stand")
    findings = {}
    for place, row in enumerate(rows):
        own = "".join(filter(str.isdigit, _text(_at(row, mapping["number"]))))
        number = own or (numbers[place] if len(rows) == len(numbers) else "")
        if number in numbers:
            findings[number] = _finding(row, mapping, errors)
    return findings


KIND = ProviderKind(
    "http_json",
    "HTTP and JSON",
    "Any service that answers JSON. Say where its answer keeps what we show.",
    (
        ConfigField("url", "Address", required=True, help="With {number}: one GET for each number. Without: one POST for up to "
                    f"{MOST} numbers, as a list in the body."),
        ConfigField("header", "Name of the header with the key", default="Authorization"),
        ConfigField("secret", "Key", "password", help="Sent as it is, such as “Bearer …”."),
        ConfigField("numbers_field", "Field of the body that holds the numbers", default="numbers"),
        ConfigField("results", "Path to the results", help="Names and places with dots between; empty: the answer itself."),
        ConfigField("mapping", "Where the facts stand", "textarea", help="One “ours = their.path” per line; a fact that is not "
                    "named is looked for under our own name. Facts: " + ", ".join(FIELDS) + "."),
        ConfigField("errors", "Their errors", "textarea", help="One “theirs = ours” per line. Ours: " + ", ".join(ERRORS) + "."),
    ),
    ask,
    check,
    batch,
)  # fmt: skip
