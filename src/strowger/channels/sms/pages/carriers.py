"""Carriers and routes: their live state, adding, changing, pausing, removing. They belong to the whole installation."""

from __future__ import annotations

from typing import Any

from strowger.channels.sms.carriers.registry import (
    ConfigField,
    describe_fields,
    find_kind,
    read_config,
    split_secrets,
    write_config,
)
from strowger.console import menu
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import Action, AnyRequest, Crumb, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.errors import StrowgerError
from strowger.messaging.repository.queueing import depths
from strowger.messaging.routing import service as routing

menu.register("Installation", "Carriers", "/carriers", "antenna", 10, key="r")

ROLES = ["owner"]
KIND = "smpp"
FIRST = ("host", "port", "system_id", "password", "binds", "window", "tps", "tls")
HIDDEN = ("err_traces", "answers")  # maps, set on the command line
TONES = {"bound": "success", "throttled": "warning", "paused": "neutral", "connecting": "info", "down": "danger"}
FORM_CRUMBS = [Crumb("Carriers", "/carriers")]


def _field(item: ConfigField) -> Field:
    width: Any = "half"
    if item.type == "switch":
        return Field(item.name, item.sentence, "checkbox", default=bool(item.default))
    if item.choices:
        options = tuple((choice, choice) for choice in item.choices)
        return Field(
            item.name, item.name, "select", help=item.sentence, options=options, default=item.default, width=width
        )
    kind: Any = "password" if item.secret else "text"
    default = "" if item.default is None else str(item.default)
    return Field(
        item.name, item.name, kind, help=item.sentence, required=item.required, default=default, width=width,
        autocomplete="off" if not item.secret else "new-password",
    )  # fmt: skip


def _carrier_form(action: str, with_name: bool) -> Form:
    declared = {item.name: item for item in describe_fields(find_kind(KIND)) if item.name not in HIDDEN}
    order = [*FIRST, *(name for name in declared if name not in FIRST)]
    name = Field("name", "Name", required=True, max_length=64, help="How this carrier is called here.")
    fields = tuple(_field(declared[one]) for one in order)
    return Form(
        "carrier", ((name, *fields) if with_name else fields), submit="Connect" if with_name else "Save", action=action,
        cancel="/carriers",
    )  # fmt: skip


def _given(state: FormState) -> dict[str, Any]:
    """What was typed, without what was left empty; switches always."""
    return {
        field.name: state[field.name]
        for field in state.form.fields
        if field.name != "name" and (field.kind == "checkbox" or state[field.name] not in ("", None))
    }


async def _overview(request: AnyRequest) -> dict[str, Any]:
    context = context_of(request)
    links = await routing.list_links(context)
    lanes: dict[int, dict[str, Any]] = {}
    async with context.database.pool.acquire() as connection:
        for row in await depths(connection):  # type: ignore[arg-type]
            lane = lanes.setdefault(row["lane"], {"depth": 0, "oldest": row["oldest"]})
            lane["depth"] += row["depth"]
            lane["oldest"] = min(lane["oldest"], row["oldest"])
    return {
        "carriers": [
            {
                "carrier": item,
                "links": [link for link in links if link.carrier_id == item.id],
                "lane": lanes.get(item.id),
            }
            for item in await routing.list_carriers(context)
        ],
        "routes": await routing.list_routes(context),
        "tones": TONES,
    }


@page("/carriers", roles=ROLES)
async def carriers(request: AnyRequest, visitor: Visitor) -> Page:
    """All carriers with the live state of their binds, and the routes in the order in which they are tried."""
    actions = [Action("Connect a carrier", "/carriers/new", "plus", True, "c")]
    overview = await _overview(request)
    form = _route_form(overview).blank(visitor)
    return await render(request, "sms/carriers.html", title="Carriers", actions=actions, form=form, **overview)


@page("/carriers/state", roles=ROLES)
async def state(request: AnyRequest, visitor: Visitor) -> Page:
    """The part of the page that renews itself."""
    return await render(request, "sms/carriers_state.html", **await _overview(request))


@page("/carriers/new", roles=ROLES)
async def new_carrier(request: AnyRequest, visitor: Visitor) -> Page:
    """The form for a new carrier."""
    form = _carrier_form("/carriers/new", with_name=True).blank(visitor)
    return await _form_page(request, form, "Connect a carrier")


async def _form_page(request: AnyRequest, form: FormState, title: str) -> Page:
    return await render(
        request, "sms/carrier_form.html", title=title, crumbs=FORM_CRUMBS, form=form, status=form.status, first=("name", *FIRST)
    )  # fmt: skip


def _refuse(form: FormState, problem: StrowgerError) -> None:
    known = {field.name for field in form.form.fields}
    text = (problem.detail or problem.code).removeprefix(f"{problem.field}: ")
    form.fail(problem.field if problem.field in known else "", text)


@page("/carriers/new", methods=["POST"], roles=ROLES)
async def add_carrier(request: AnyRequest, visitor: Visitor) -> Page:
    """Add a carrier; workers connect to it within seconds."""
    form = await _carrier_form("/carriers/new", with_name=True).read(request, visitor)
    if form.ok:
        try:
            plain, secret = split_secrets(find_kind(KIND), _given(form))
            config = write_config(read_config(find_kind(KIND), plain))
            await routing.add_carrier(context_of(request), form["name"], KIND, config, secret)
        except StrowgerError as problem:
            _refuse(form, problem)
        else:
            return redirect(request, "/carriers", f"{form['name']} is being connected.")
    return await _form_page(request, form, "Connect a carrier")


@page("/carriers/edit/{name:str}", roles=ROLES)
async def edit_carrier(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """The form for a carrier's configuration; an empty password keeps the old one."""
    found = await routing.find_carrier(context_of(request), name)
    values: dict[str, Any] = {
        key: value if isinstance(value, bool) else str(value)
        for key, value in found.config.items()
        if key not in HIDDEN
    }
    form = _carrier_form(f"/carriers/edit/{name}", with_name=False).blank(visitor, **values)
    return await _form_page(request, form, name)


@page("/carriers/edit/{name:str}", methods=["POST"], roles=ROLES)
async def change_carrier(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """Change a carrier's configuration; it connects again only where it must."""
    context = context_of(request)
    found = await routing.find_carrier(context, name)
    form = await _carrier_form(f"/carriers/edit/{name}", with_name=False).read(request, visitor)
    if form.ok:
        try:
            plain, secret = split_secrets(find_kind(KIND), _given(form))
            kept = {key: found.config[key] for key in HIDDEN if key in found.config}
            config = write_config(read_config(find_kind(KIND), {**kept, **plain}))
            await routing.change_carrier(context, name, config, secret)
        except StrowgerError as problem:
            _refuse(form, problem)
        else:
            return redirect(request, "/carriers", f"{name} is changed.")
    return await _form_page(request, form, name)


@page("/carriers/act/{name:str}", methods=["POST"], roles=ROLES)
async def act(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """Pause, resume or remove a carrier."""
    context, wanted = context_of(request), (await request.form()).get("act")
    deeds = {
        "pause": (routing.pause_carrier, "is paused: it stays connected and sends nothing"),
        "resume": (routing.resume_carrier, "sends again"),
        "remove": (routing.remove_carrier, "is removed; what waited for it goes to other routes"),
    }
    if wanted not in deeds:
        return redirect(request, "/carriers", "There is nothing of that name to do.")
    deed, words = deeds[wanted]
    await deed(context, name)
    return redirect(request, "/carriers", f"{name} {words}.")


def _route_form(overview: dict[str, Any]) -> Form:
    names = tuple((item["carrier"].name, item["carrier"].name) for item in overview["carriers"])
    types = (("", "Every type"), *((word, word) for word in ("OTP", "TXN", "MKT", "DEFAULT", "SI", "TXND")))
    return Form(
        "route",
        (
            Field("carrier", "Carrier", "select", required=True, options=names, width="half"),
            Field("country", "Country", max_length=2, placeholder="Every", help="Two letters, like DE.", width="half"),
            Field("type", "Type", "select", options=types, width="half"),
            Field("sender", "Sender", max_length=15, placeholder="Every", width="half"),
            Field("priority", "Priority", "number", default="100", least=1, help="Lower is tried first.", width="half"),
        ),
        submit="Add the route",
        action="/carriers/routes",
        guard_leaving=False,
    )  # fmt: skip


@page("/carriers/routes", methods=["POST"], roles=ROLES)
async def add_route(request: AnyRequest, visitor: Visitor) -> Page:
    """Add a route."""
    overview = await _overview(request)
    form = await _route_form(overview).read(request, visitor)
    if form.ok:
        try:
            await routing.add_route(
                context_of(request), form["carrier"], country=form["country"] or None, type_=form["type"] or None,
                sender=form["sender"] or None, priority=int(form["priority"] or routing.DEFAULT_PRIORITY),
            )  # fmt: skip
        except StrowgerError as problem:
            _refuse(form, problem)
        else:
            return redirect(request, "/carriers", "The route is added.")
    actions = [Action("Connect a carrier", "/carriers/new", "plus", True, "c")]
    return await render(
        request, "sms/carriers.html", title="Carriers", actions=actions, form=form, status=form.status, **overview
    )  # fmt: skip


@page("/carriers/routes/{route_id:int}/remove", methods=["POST"], roles=ROLES)
async def remove_route(request: AnyRequest, visitor: Visitor, route_id: int) -> Page:
    """Remove a route."""
    await routing.remove_route(context_of(request), route_id)
    return redirect(request, "/carriers", "The route is removed.")


pages: list[Any] = [
    carriers, state, new_carrier, add_carrier, edit_carrier, change_carrier, act, add_route, remove_route
]  # fmt: skip
