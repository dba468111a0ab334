"""Failures by code and endpoint, and a request as a call that can be made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from strowger.console.code import ApiCall
from strowger.foundation.context import Context
from strowger.platform.gateway.errors import ERRORS, ErrorEntry
from strowger.platform.requests import repository

SPANS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
SLICES, MOST_SLICES = 24, 5_000


@dataclass(slots=True)
class Failure:
    """Requests that were refused alike at one endpoint."""

    code: str
    method: str
    endpoint: str
    status: int
    slices: list[int]
    first: datetime
    last: datetime
    last_id: UUID

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.slices)

    @property
    def entry(self) -> ErrorEntry | None:
        """What the registry says of the code."""
        return ERRORS.get(self.code)

    @property
    def path(self) -> str | None:
        """The page of the code."""
        return code_path(self.code)


def code_path(code: str | None) -> str | None:
    """Where an error code is explained; None when the registry does not have it."""
    return f"/docs/errors/{code}" if code in ERRORS else None


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def grouped(rows: Sequence[Mapping[str, Any]]) -> list[Failure]:
    """Counts of time slices put together, the most frequent failure first."""
    found: dict[tuple[str, str, str], Failure] = {}
    for row in rows:
        key = (row["code"], row["method"], row["endpoint"])
        first, last = _moment(row["first"]), _moment(row["last"])
        one = found.setdefault(key, Failure(*key, row["status"], [0] * SLICES, first, last, row["last_id"]))
        one.slices[row["bucket"]] += row["n"]
        one.first = min(one.first, first)
        if last >= one.last:
            one.last, one.last_id = last, row["last_id"]
    return sorted(found.values(), key=lambda one: (-one.count, one.code, one.endpoint))


async def failures(context: Context, account_id: int, span: str) -> list[Failure]:
    """What was refused within one of SPANS until now."""
    end = context.clock.now() + timedelta(milliseconds=1)
    start = end - SPANS[span]
    return grouped(await repository.failures(context.database, account_id, start, end, SLICES, MOST_SLICES))


def decoded(text: str | None) -> Any:
    """A text of the log as a value; None when it was cut or is none."""
    try:
        return msgspec.json.decode(text) if text else None
    except msgspec.DecodeError:
        return None


def shown(text: str | None) -> str:
    """A text of the log for reading: indented where it is whole."""
    value = decoded(text)
    return text or "" if value is None else msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def as_call(row: Mapping[str, Any], base_url: str) -> ApiCall:
    """The request as it can be made again; what the log masks stays masked."""
    params, url = decoded(row["request_body"]), f"{base_url}{row['path']}"
    fields = params if isinstance(params, dict) else {}
    flat = all(isinstance(value, str | int | float | bool) for value in fields.values())
    if row["method"] in ("GET", "DELETE"):
        pairs = {
            name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for name, value in fields.items()
        }
        return ApiCall(row["method"], f"{url}?{urlencode(pairs)}" if pairs else url)
    if flat:
        return ApiCall(row["method"], url, {name: str(value) for name, value in fields.items()})
    return ApiCall(row["method"], url, json=fields)
