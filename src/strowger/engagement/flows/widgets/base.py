"""What a widget is: a class that declares its settings, branches, form and what it does. A new one registers itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from strowger.console.form import Field
from strowger.engagement.flows.errors import Refused
from strowger.engagement.flows.schemas import Definition, Problem, Run, Widget
from strowger.engagement.flows.variables import Scope
from strowger.foundation.context import Context
from strowger.messaging.schemas import NewRequest
from strowger.platform.gateway.keys import Principal

DEFAULT, MATCH, NO_MATCH = "default", "match", "no_match"
DONE, SKIPPED, FAILED = "done", "skipped", "failed"
C = TypeVar("C", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Branch:
    """A way out of a widget. One that is ``needed`` has to lead somewhere; the others may end the execution."""

    name: str
    label: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """What forms and checks offer and ask of the account: senders, templates, callback profiles, its other flows."""

    senders: Sequence[str] = ()
    templates: Mapping[str, str] = field(default_factory=dict)
    profiles: Mapping[str, str] = field(default_factory=dict)
    flows: Mapping[int, tuple[str, bool]] = field(default_factory=dict)  # name, and whether it is published
    numbers: Sequence[str] = ()
    needs_template: bool = False
    time_zone: str = "UTC"
    definition: Definition = field(default_factory=Definition)
    flow_id: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A widget of a flow, as a target."""

    flow_id: int
    revision: int
    widget: str


@dataclass(slots=True)
class Stage:
    """What a widget has while it runs. ``secret`` opens a header's value, ``published`` finds where another flow begins."""

    context: Context
    run: Run
    widget: Widget
    scope: Scope
    principal: Principal
    now: datetime
    secret: Callable[[str], Awaitable[str]]
    published: Callable[[int], Awaitable[Place | None]]


@dataclass(slots=True)
class Outcome:
    """What a widget did. ``failed`` is a fault: without a connected branch the execution ends as a failure.

    ``requests`` are messages, accepted in the transaction that stores the step; ``answer`` becomes a variable of the widget;
    ``to`` is a place to go to instead of along a branch.
    """

    branch: str = DEFAULT
    data: dict[str, Any] = field(default_factory=dict)
    failed: bool = False
    requests: list[NewRequest] = field(default_factory=list)
    answer: Any = None
    to: Place | None = None


class WidgetType(Generic[C]):
    """A kind of widget. ``slow`` waits for others while it runs. ``telephony`` kinds are passed over without a call;
    ``in_webhook`` False are passed over in executions that a webhook began, unless the account's option says otherwise.
    ``either``: at least one branch has to lead somewhere.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    icon: ClassVar[str]
    text: ClassVar[str]
    Config: type[C]
    slow: ClassVar[bool] = False
    telephony: ClassVar[bool] = False
    in_webhook: ClassVar[bool] = True
    either: ClassVar[bool] = False
    single: ClassVar[bool] = False

    def read(self, config: Mapping[str, Any]) -> C:
        """Settings as they are stored. Raises Refused."""
        try:
            return msgspec.convert(config, self.Config)
        except msgspec.ValidationError as problem:
            raise Refused(f"The settings cannot be read: {problem}") from None

    def branches(self, config: C) -> Sequence[Branch]:
        """The ways out."""
        return (Branch(DEFAULT, "Then"),)

    def fields(self, choices: Choices) -> Sequence[Field]:
        """The settings as fields of a form."""
        return ()

    def shown(self, config: C) -> Mapping[str, Any]:
        """What the fields hold."""
        shown: Mapping[str, Any] = msgspec.to_builtins(config)
        return shown

    def typed(self, values: Mapping[str, Any], old: C) -> C:
        """The settings that a form makes. Raises Refused, with the field's name."""
        return self.read(dict(values))

    def texts(self, config: C) -> Iterator[tuple[str, str]]:
        """The texts that may hold variables, each with the name of its field."""
        return iter(())

    def check(self, config: C, choices: Choices) -> Iterator[Problem]:
        """What is missing before the flow can be published."""
        return iter(())

    def summary(self, config: C) -> str:
        """The settings in a few words, for lists and the canvas."""
        return ""

    async def run(self, config: C, stage: Stage) -> Outcome:
        """Do it."""
        return Outcome()


TYPES: dict[str, WidgetType[Any]] = {}


def register(kind: WidgetType[Any]) -> None:
    """Offer a kind of widget."""
    TYPES[kind.key] = kind


def type_of(name: str) -> WidgetType[Any]:
    """A kind by its name. Raises Refused."""
    kind = TYPES.get(name)
    if kind is None:
        raise Refused(f"There is no widget of the type {name[:40]!r} here.")
    return kind


def lines_of(text: str) -> list[str]:
    """The lines of a text area, without empty ones."""
    return [line.strip() for line in text.splitlines() if line.strip()]
