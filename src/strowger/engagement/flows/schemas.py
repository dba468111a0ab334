"""Shapes of flows: the stored definition (voice.md 6.2), flows, executions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

MAX_WIDGETS, MAX_FLOWS, MAX_STEPS, MAX_REVISIONS = 200, 500, 500, 20
MAX_NAME, MAX_WIDGET_NAME, MAX_NOTES = 50, 40, 500
MAX_DEFINITION = 500_000  # bytes
WIDGET_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}", re.ASCII)
START = "start"


class State(StrEnum):
    """Of a flow."""

    DRAFT = "draft"
    PUBLISHED = "published"
    PAUSED = "paused"


LABELS = {State.DRAFT: "Draft", State.PUBLISHED: "Published", State.PAUSED: "Paused"}
TONES = {State.DRAFT: "neutral", State.PUBLISHED: "success", State.PAUSED: "warning"}
WEBHOOK, SMS = "webhook", "sms"
TRIGGERS = {WEBHOOK: "Webhook", SMS: "Incoming SMS"}


class RunState(StrEnum):
    """Of an execution."""

    RUNNING = "running"
    SUCCESS = "success"
    FAILURE = "failure"


RUN_LABELS = {RunState.RUNNING: "Running", RunState.SUCCESS: "Success", RunState.FAILURE: "Failure"}
RUN_TONES = {RunState.RUNNING: "info", RunState.SUCCESS: "success", RunState.FAILURE: "danger"}


class Widget(msgspec.Struct):
    """One widget as it is stored: its place on the canvas, its settings, and where each of its branches leads."""

    id: str
    type: str
    name: str = ""
    notes: str = ""
    x: int = 0
    y: int = 0
    config: dict[str, Any] = {}
    next: dict[str, str] = {}


class Definition(msgspec.Struct):
    """A flow's graph. ``settings`` are those of the whole flow, none of which is used without telephony."""

    widgets: list[Widget] = []
    settings: dict[str, Any] = {}

    def find(self, widget_id: str) -> Widget | None:
        """A widget by its id."""
        return next((widget for widget in self.widgets if widget.id == widget_id), None)

    @property
    def start(self) -> Widget | None:
        """The Start widget."""
        return next((widget for widget in self.widgets if widget.type == START), None)


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow's row, as models.Flow describes it."""

    account_id: int
    id: int
    name: str
    state: str
    draft: dict[str, Any]
    version: int
    published_version: int | None
    revision: int | None
    triggers: list[str]
    token_sealed: bytes | None
    created_by: str
    created_at: datetime
    modified_by: str
    modified_at: datetime
    published_at: datetime | None

    @property
    def path(self) -> str:
        """Its page."""
        return f"/flows/{self.id}"

    @property
    def label(self) -> str:
        """Its state in words."""
        return LABELS[State(self.state)]

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return TONES[State(self.state)]

    @property
    def changed(self) -> bool:
        """Whether the draft differs from what is published."""
        return self.revision is not None and self.version != self.published_version

    @property
    def definition(self) -> Definition:
        """The draft."""
        return msgspec.convert(self.draft, Definition)


@dataclass(frozen=True, slots=True)
class Revision:
    """What was published once."""

    revision: int
    created_by: str
    created_at: datetime
    widgets: int


@dataclass(slots=True)
class Run:
    """An execution while a worker has it."""

    account_id: int
    id: UUID
    flow_id: int
    flow_name: str
    revision: int
    trigger: str
    vars: dict[str, Any]
    at_flow: int
    at_revision: int
    at_widget: str
    steps: int
    attempts: int
    started_at: datetime
    saved: int = 0  # how many steps are on disk
    state: str = RunState.RUNNING
    reason: str = ""
    waiting: list[Step] = field(default_factory=list)  # steps that are not on disk yet


class Step(msgspec.Struct):
    """One step of an execution, as it is stored."""

    n: int
    flow_id: int
    revision: int
    widget: str
    type: str
    name: str
    status: str
    branch: str
    data: dict[str, Any]
    entered_at: datetime
    left_at: datetime


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a flow cannot be published. ``widget`` is the widget's id, ``field`` its setting."""

    text: str
    widget: str = ""
    field: str = ""


def flow_of(row: Mapping[str, Any] | None) -> Flow | None:
    """A row of the table; None for none."""
    return Flow(**dict(row)) if row is not None else None
