"""The route test: which carrier a message would take now, and why. Uses the same table as the pipeline; nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.foundation.phone import clean_number
from strowger.messaging.repository.facts import route_table
from strowger.messaging.route import RouteRule, RouteTable, in_turn, why_not
from strowger.messaging.routing import repository
from strowger.messaging.routing.repository import ranges
from strowger.messaging.rules import ChannelRules
from strowger.messaging.schemas import Submission

MISFITS = {
    "country": "is for another country",
    "network": "is for another network",
    "prefix": "is for numbers that begin otherwise",
    "type": "is for another type",
    "sender": "is for another sender",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A route as the message meets it. ``place`` counts those that fit; ``share`` is what equals get of such messages, in %."""

    place: int | None
    route_id: int
    carrier: str
    verdict: str
    reason: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class RouteTrial:
    """The carrier (None: no way out), the sentence that says so, and each route with its part in it."""

    recipient: str
    country: str | None
    network: str | None
    operator: str | None
    carrier: str | None
    verdict: str
    steps: list[Step]


async def try_route(
    context: Context, rules: ChannelRules, recipient: str, sender: str, type_: str, home_country: str = ""
) -> RouteTrial:
    """Ask the routes. Raises StrowgerError ROUTE-NUMBER (422) for what is no number."""
    number = clean_number(recipient, None, home_country)
    if number is None:
        raise StrowgerError("ROUTE-NUMBER", "Enter a number in international form", field="number", status=422)
    now = context.clock.now()
    submission = Submission(
        0, new_uuid(), 1, 0, 1, 0, now, now + timedelta(hours=1), type_, sender, number, "", {}, None,
        country=rules.country_of(number),
    )  # fmt: skip

    async def read(connection: Connection) -> tuple[RouteTable, dict[int, str]]:
        plan = await ranges.number_plan(connection, 0, number)
        carriers = await repository.list_carriers(connection)
        return await route_table(connection, rules.name, plan), {item.id: item.name for item in carriers}

    table, names = await context.database.run(read)
    return explain(submission, table, names)


def explain(submission: Submission, table: RouteTable, names: dict[int, str]) -> RouteTrial:
    """What the table does with a message, in words."""
    chosen = table.choose(submission)
    found = table.plan.find(submission.recipient)
    fitting = table.fitting(submission)
    steps = [_fitting_step(place, rule, fitting, table, names, chosen) for place, rule in enumerate(fitting, 1)]
    used = {rule.id for rule in fitting}
    for rule in in_turn(submission, [rule for rule in table.rules if rule.id not in used]):
        misfit = rule.misfit(submission)
        reason = MISFITS[misfit] if misfit else "is a simulator: used only where no real carrier has a fitting route"
        steps.append(Step(None, rule.id, names.get(rule.carrier_id, "?"), "does not count", reason))
    return RouteTrial(
        submission.recipient, submission.country, submission.network, found.operator if found else None,
        names.get(chosen) if chosen else None, _verdict(submission, table, names, chosen), steps,
    )  # fmt: skip


def _verdict(submission: Submission, table: RouteTable, names: dict[int, str], chosen: int | None) -> str:
    if chosen is None:
        trace, reason = why_not(submission)
        return f"It has no way out and ends NOT-SENT with trace {trace}: {reason}"
    name = names.get(chosen, "?")
    return f"It goes by {name}." if chosen in table.up else f"It waits for {name}: no carrier that fits is up."


def _fitting_step(
    place: int, rule: RouteRule, fitting: list[RouteRule], table: RouteTable, names: dict[int, str], chosen: int | None
) -> Step:
    equals = [other for other in fitting if other.rank() == rule.rank()]
    total = sum(other.weight for other in equals)
    share = round(100 * rule.weight / total, 1) if len(equals) > 1 and total else None
    up = rule.carrier_id in table.up
    if rule.carrier_id == chosen and any(other.carrier_id == chosen for other in fitting[: place - 1]):
        verdict, reason = "does not count", "leads to the same carrier"
    elif rule.carrier_id == chosen:
        verdict, reason = (
            "taken",
            "is the first that fits and is up" if up else "is the first that fits; it is waited for",
        )
    elif not up:
        verdict, reason = "passed over", "fits, but its carrier is down or paused"
    else:
        verdict, reason = "stands by", "fits; taken when those before it are down or refuse"
    return Step(place, rule.id, names.get(rule.carrier_id, "?"), verdict, reason, share)
