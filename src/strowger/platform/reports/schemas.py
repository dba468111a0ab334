"""Shapes of reports: what is asked for, a report as the worker claims it, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from strowger.platform.reports.types import ReportQuery

QUEUED, RUNNING, DONE, FAILED, EXPIRED, CANCELLED = "queued", "running", "done", "failed", "expired", "cancelled"
LABELS = {
    QUEUED: "Queued", RUNNING: "Processing", DONE: "Completed", FAILED: "Failed", EXPIRED: "Expired", CANCELLED: "Cancelled",
}  # fmt: skip
TONES = {
    QUEUED: "neutral", RUNNING: "info", DONE: "success", FAILED: "danger", EXPIRED: "neutral", CANCELLED: "neutral",
}  # fmt: skip
FORMATS = {"csv": "CSV", "xlsx": "XLSX"}
UPLOADED = "uploaded"  # the type of files that the operator put there


class ReportRefused(ValueError):
    """A report cannot be asked for like this; ``field`` names what is wrong, the text is for people."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class ReportProblem(Exception):
    """A report cannot be made, however often one tries; the text is for people."""


class Params(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a report is of, as it is stored. ``masked``: who asked for it may not see people's numbers."""

    first: date
    last: date
    zone: str = "UTC"
    group: str = "day"
    filters: dict[str, Any] = {}
    columns: list[str] = []
    masked: bool = False

    def query(self, account_id: int) -> ReportQuery:
        """The same for the type that reads rows."""
        return ReportQuery(account_id, self.first, self.last, self.zone, self.group, self.filters, self.columns)


def params_of(row: Mapping[str, Any]) -> Params:
    """The parameters of a stored report."""
    return msgspec.convert(row["params"], Params)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A report that this worker makes."""

    account_id: int
    id: UUID
    type: str
    title: str
    params: dict[str, Any]
    format: str
    attempts: int
    requested_by: str
    recipients: list[str]
    notification: str | None
    send_empty: bool
    created_at: datetime
