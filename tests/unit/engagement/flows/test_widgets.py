"""Widgets and variables without an account: hours, comparisons, values, escapes; and the runner over made-up graphs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strowger.engagement.flows import checking
from strowger.engagement.flows.errors import Lost, Refused
from strowger.engagement.flows.repository.runs import Save
from strowger.engagement.flows.runner import Runner, Surroundings
from strowger.engagement.flows.schemas import MAX_STEPS, Definition, Run, RunState, Widget
from strowger.engagement.flows.variables import Scope, is_known, json_escaped
from strowger.engagement.flows.widgets.base import Place, type_of
from strowger.engagement.flows.widgets.choice import compare
from strowger.engagement.flows.widgets.date_time import DateTimeConfig, Holiday, Slot, is_within
from strowger.foundation.clock import FrozenClock
from strowger.platform.gateway.keys import Principal

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "condition", "right", "result"),
    [
        ("10", "gt", "9", True), ("10", "lt", "9", False), ("a10", "lt", "a9", True), ("1.0", "eq", "1", True),
        ("Gold", "eq", "gold", False), ("", "eq", "", True), ("", "ne", "x", True), ("5", "ge", "5.0", True),
        ("nan", "eq", "nan", True), ("1e999999", "gt", "1", True), ("٣", "eq", "3", False), ("3", "le", "x", True),
    ],
)  # fmt: skip
def test_choice_compares_numbers_as_numbers_and_the_rest_as_texts(
    left: str, condition: str, right: str, result: bool
) -> None:
    assert compare(left, condition, right) is result


@pytest.mark.parametrize(
    ("hour", "minute", "day", "result"),
    [(9, 0, 2, True), (17, 29, 2, True), (17, 30, 2, False), (8, 59, 2, False), (12, 0, 7, False), (12, 0, 31, False)],
)
def test_working_hours_include_their_start_and_not_their_end(hour: int, minute: int, day: int, result: bool) -> None:
    config = DateTimeConfig(
        weekdays=[0, 1, 2, 3, 4], slots=[Slot(540, 1050)], first=date(2026, 3, 1), last=date(2026, 3, 30)
    )
    assert is_within(config, MONDAY.replace(day=day, hour=hour, minute=minute)) is result


def test_a_slot_across_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    config = DateTimeConfig(weekdays=[0], slots=[Slot(1320, 360)])
    monday, tuesday = MONDAY.replace(hour=23), MONDAY.replace(day=3, hour=5, minute=59)
    assert is_within(config, monday)
    assert is_within(config, tuesday)
    assert not is_within(config, tuesday.replace(hour=6, minute=0))
    assert not is_within(config, MONDAY.replace(hour=3))
    assert not is_within(config, tuesday.replace(hour=23))


def test_holidays_may_come_back_every_year() -> None:
    config = DateTimeConfig(kind="holiday", holidays=[Holiday(date(2020, 12, 25), True), Holiday(date(2026, 3, 2))])
    assert is_within(config, datetime(2026, 12, 25, 12, tzinfo=UTC))
    assert is_within(config, MONDAY)
    assert not is_within(config, MONDAY.replace(year=2027))


def scope(**variables: Any) -> Scope:
    return Scope("run", 5, "Webhook", MONDAY, MONDAY, "GB", variables)


def test_variables_are_found_wherever_they_stand() -> None:
    answers = [["api_1", {"tier": "silver", "user": {"names": ["Ada", "Grace"]}}], ["api_2", {"tier": "gold"}]]
    values = scope(webhook={"a": {"b": 1.0}, "t": True, "n": None}, caller="447700900123", api=answers)
    text = "{{webhook.a.b}} {{ webhook.t }} {{webhook.n}} {{webhook.x.y}} {{api:tier}} {{api:api_1:tier}} {{api:user.names.1}}"
    assert values.fill(text) == "1 true   gold silver Grace"
    assert values.fill("{{caller.isocode}} {{caller.isdcode}} {{caller.country}} {{callee}}") == "GB 44 United Kingdom "
    assert values.fill("{{id}} {{flow_id}} {{starttime}} {{keypress}} {{nonsense}}") == "run 5 1772409600  "
    assert not is_known("nonsense")
    assert not is_known("webhook.")
    assert all(map(is_known, ("webhook.x", "api:x", "api:w_1:x.y", "keypress:ivr_1", "caller.country", "sms.text")))


@settings(deadline=None)
@given(st.text(max_size=50))
def test_a_value_cannot_leave_its_place_in_a_url_or_in_json(value: str) -> None:
    import json
    from urllib.parse import parse_qs, urlsplit

    url = scope(webhook={"x": value}).fill_url("https://example.net/a?x={{webhook.x}}&y=1#z")
    parts = urlsplit(url)
    assert (parts.netloc, parts.path, parts.fragment) == ("example.net", "/a", "z")
    assert parse_qs(parts.query, keep_blank_values=True, errors="surrogatepass") == {"x": [value], "y": ["1"]}
    body = scope(webhook={"x": value}).fill('{"x": "{{webhook.x}}"}', json_escaped)
    assert json.loads(body) == {"x": value}


def test_unknown_and_broken_definitions_are_refused() -> None:
    start = {"id": "start_1", "type": "start"}
    for wrong in (
        None, {}, {"widgets": []}, {"widgets": [start, start]}, {"widgets": [start, {"id": "x 1", "type": "sms"}]},
        {"widgets": [start, {"id": "ivr_1", "type": "ivr"}]}, {"widgets": [start, {"id": "b", "type": "start"}]},
        {"widgets": [start, {"id": "a", "type": "api", "config": {"timeout": 60}}]}, {"widgets": [{"id": 1, "type": "start"}]},
        {"widgets": [start, {"id": "s", "type": "sms", "config": {"body": "x" * 1001}}]},
        {"widgets": [start, *({"id": f"s_{n}", "type": "sms"} for n in range(200))]},
    ):  # fmt: skip
        with pytest.raises(Refused):
            checking.read_definition(wrong)
    found = checking.read_definition({"widgets": [{**start, "next": {"default": "gone", "other": "start_1"}}]})
    assert found.widgets[0].next == {}


WAYS = st.sampled_from(["w_0", "w_1", "w_2", "w_3", "w_4", None])


@st.composite
def graphs(draw: st.DrawFn) -> Definition:
    """Five widgets that lead anywhere, loops included, which publishing would refuse."""
    widgets = [Widget("w_s", "start", next={"default": "w_0"})]
    for n in range(5):
        kind = draw(st.sampled_from(["choice", "date_time", "jump", "sms"]))
        names = {
            "choice": ("match", "no_match"),
            "date_time": ("match", "no_match"),
            "jump": ("limit",),
            "sms": ("sent", "failed"),
        }
        ways = {name: to for name in names[kind] if (to := draw(WAYS))}
        config = {"widget": f"w_{draw(st.integers(0, 4))}", "most": draw(st.integers(1, 3))} if kind == "jump" else {}
        widgets.append(Widget(f"w_{n}", kind, config=config, next=ways))
    return Definition(widgets)


class Disk:
    """Keeps what is saved and checks that it goes on where it stood."""

    def __init__(self, fails_at: int) -> None:
        self.run: dict[str, Any] = {}
        self.steps: list[Any] = []
        self.saves, self.fails_at = 0, fails_at

    async def save(self, save: Save) -> None:
        self.saves += 1
        if self.saves == self.fails_at:
            raise Lost
        assert save.run.saved == len(self.steps)
        self.steps += save.steps
        assert save.run.steps == len(self.steps)
        assert [step.n for step in self.steps] == list(range(1, len(self.steps) + 1))
        self.run = {
            "at_widget": save.run.at_widget,
            "vars": save.run.vars,
            "steps": save.run.steps,
            "state": save.run.state,
        }


def surroundings(definition: Definition, disk: Disk) -> Surroundings:
    class Context:
        clock = FrozenClock(MONDAY)

    principal = Principal(1, "S", 0, "GB", "EUR", "active", {"flow_choice_in_webhook": True}, None)

    async def find(account: int, flow: int, revision: int) -> Definition:
        return definition

    async def who(account: int) -> Principal:
        return principal

    async def secret(account: int, flow: int, name: str) -> str:
        return ""

    async def published(account: int, flow: int) -> Place | None:
        return None

    return Surroundings(Context(), find, who, secret, published, disk.save)  # type: ignore[arg-type]


def new_run(**values: Any) -> Run:
    at = {"at_widget": "w_s", "steps": 0, "vars": {"caller": "nobody"}, **values}
    return Run(
        1, UUID(int=1), 1, "F", 1, "webhook", at["vars"], 1, 1, at["at_widget"], at["steps"], 1, MONDAY, at["steps"]
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs(), st.integers(0, 3))
async def test_every_execution_ends_and_every_step_follows_a_connection(definition: Definition, fails_at: int) -> None:
    disk = Disk(fails_at)
    for _ in range(2):
        run = new_run(**({k: disk.run[k] for k in ("at_widget", "vars", "steps")} if disk.run else {}))
        try:
            await Runner(surroundings(definition, disk), run).go()
        except Lost:
            continue
        break
    assert disk.run["state"] in (RunState.SUCCESS, RunState.FAILURE)
    assert len(disk.steps) <= MAX_STEPS
    for before, after in zip(disk.steps, disk.steps[1:], strict=False):
        widget = definition.find(before.widget)
        assert widget is not None
        jumped = before.branch == "jump" and after.widget == widget.config["widget"]
        assert jumped or widget.next[before.branch] == after.widget
    jumps = Counter(step.widget for step in disk.steps if step.branch == "jump")
    assert all(count <= definition.find(name).config["most"] for name, count in jumps.items())  # type: ignore[union-attr]
    last = disk.steps[-1]
    if disk.run["state"] == RunState.SUCCESS:
        assert last.branch not in (definition.find(last.widget) or Widget("", "")).next


def test_every_widget_declares_itself_completely() -> None:
    for name in ("start", "sms", "api", "date_time", "choice", "jump"):
        kind = type_of(name)
        assert (kind.key, bool(kind.label), bool(kind.icon), bool(kind.text)) == (name, True, True, True)
        config = kind.read({})
        assert kind.read(dict(checking.msgspec.to_builtins(config))) == config
        assert kind.branches(config)
