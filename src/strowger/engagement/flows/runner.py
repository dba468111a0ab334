"""One execution: from widget to widget, each step noted, until an end (voice.md 6.2, 6.5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from strowger.engagement.flows.repository.runs import Save
from strowger.engagement.flows.schemas import MAX_STEPS, TRIGGERS, WEBHOOK, Definition, Run, RunState, Step, Widget
from strowger.engagement.flows.variables import Scope
from strowger.engagement.flows.widgets.base import (
    DEFAULT,
    DONE,
    FAILED,
    SKIPPED,
    Outcome,
    Place,
    Stage,
    WidgetType,
    type_of,
)
from strowger.foundation.context import Context
from strowger.messaging.schemas import NewRequest
from strowger.platform.gateway.keys import Principal

MAX_VARS = 1_000_000  # bytes of an execution's variables
CHOICE_OPTION = "flow_choice_in_webhook"
LOOP = f"More than {MAX_STEPS} steps: the flow goes in a loop."
GONE = "The flow was deleted while it ran."
TOO_LARGE = "The answers that it keeps are larger than 1 MB."


@dataclass(slots=True)
class Surroundings:
    """What an execution needs of the worker. ``save`` stores it and raises Lost when it is not this worker's any more."""

    context: Context
    definition: Callable[[int, int, int], Awaitable[Definition | None]]
    principal: Callable[[int], Awaitable[Principal]]
    secret: Callable[[int, int, str], Awaitable[str]]
    published: Callable[[int, int], Awaitable[Place | None]]
    save: Callable[[Save], Awaitable[None]]


class Runner:
    """Runs one execution to its end."""

    def __init__(self, around: Surroundings, run: Run) -> None:
        self._around, self._run = around, run

    async def go(self) -> None:
        """To the end. Raises Lost, and what ``save`` raises."""
        while self._run.state == RunState.RUNNING:
            await self._step()

    async def end(self, reason: str) -> None:
        """End it as a failure."""
        self._run.state, self._run.reason = RunState.FAILURE, reason[:500]
        await self._save([])

    async def _step(self) -> None:
        run = self._run
        definition = await self._around.definition(run.account_id, run.at_flow, run.at_revision)
        widget = definition.find(run.at_widget) if definition else None
        if widget is None:
            await self.end(GONE)
            return
        if run.steps >= MAX_STEPS:
            await self.end(LOOP)
            return
        kind = type_of(widget.type)
        config = kind.read(widget.config)
        principal = await self._around.principal(run.account_id)
        entered = self._around.context.clock.now()
        if self._is_skipped(kind, principal):
            outcome, status = Outcome(_onwards(kind, config, widget)), SKIPPED
        else:
            if kind.slow and run.waiting:
                await self._save([])  # what others are asked may take long
            outcome = await kind.run(config, self._stage(widget, principal, entered))
            status = FAILED if outcome.failed else DONE
        self._note(widget, outcome, status, entered)
        self._advance(widget, outcome)
        if outcome.requests or kind.slow or run.state != RunState.RUNNING:
            await self._save(outcome.requests)

    def _is_skipped(self, kind: WidgetType[Any], principal: Principal) -> bool:
        if kind.telephony:
            return True
        return self._run.trigger == WEBHOOK and not kind.in_webhook and not principal.settings.get(CHOICE_OPTION)

    def _stage(self, widget: Widget, principal: Principal, now: datetime) -> Stage:
        run, around = self._run, self._around
        trigger = TRIGGERS.get(run.trigger, run.trigger)
        scope = Scope(str(run.id), run.flow_id, trigger, run.started_at, now, principal.country, run.vars)

        async def secret(name: str) -> str:
            return await around.secret(run.account_id, run.at_flow, name)

        async def published(flow_id: int) -> Place | None:
            return await around.published(run.account_id, flow_id)

        return Stage(around.context, run, widget, scope, principal, now, secret, published)

    def _note(self, widget: Widget, outcome: Outcome, status: str, entered: datetime) -> None:
        run = self._run
        run.steps += 1
        left = self._around.context.clock.now()
        run.waiting.append(Step(
            run.steps, run.at_flow, run.at_revision, widget.id, widget.type, widget.name or widget.id, status, outcome.branch,
            outcome.data, entered, left,
        ))  # fmt: skip
        if outcome.answer is not None:
            kept = [pair for pair in run.vars.get("api", ()) if pair[0] != widget.id]
            run.vars["api"] = [*kept, [widget.id, outcome.answer]]

    def _advance(self, widget: Widget, outcome: Outcome) -> None:
        """To the next widget, or to the end."""
        run, following = self._run, widget.next.get(outcome.branch)
        if len(msgspec.json.encode(run.vars)) > MAX_VARS:
            run.state, run.reason = RunState.FAILURE, TOO_LARGE
            run.vars.pop("api", None)
        elif outcome.to is not None:
            run.at_flow, run.at_revision, run.at_widget = outcome.to.flow_id, outcome.to.revision, outcome.to.widget
        elif following is not None:
            run.at_widget = following
        elif outcome.failed:
            problem = str(outcome.data.get("problem", ""))
            run.state, run.reason = RunState.FAILURE, f"{widget.name or widget.id}: {problem}"[:500]
        else:
            run.state = RunState.SUCCESS

    async def _save(self, requests: list[NewRequest]) -> None:
        run = self._run
        ended = None if run.state == RunState.RUNNING else self._around.context.clock.now()
        await self._around.save(Save(run, ended, requests, run.waiting))
        run.saved, run.waiting = run.steps, []


def _onwards(kind: WidgetType[Any], config: Any, widget: Widget) -> str:
    """The branch of a widget that is passed over: ``default``, else the first that leads somewhere."""
    if DEFAULT in widget.next:
        return DEFAULT
    names = [branch.name for branch in kind.branches(config)]
    return next((name for name in names if name in widget.next), DEFAULT)
