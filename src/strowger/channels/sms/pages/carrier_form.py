"""Connecting a carrier and changing it: the form comes from what the carrier's kind declares."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from strowger.channels.sms.carriers import service
from strowger.channels.sms.carriers.registry import ConfigField, describe_fields, find_kind
from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.pages import AnyRequest, Crumb, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.errors import StrowgerError
from strowger.messaging.routing import service as routing

KIND = "smpp"
FIRST = ("name", "host", "port", "system_id", "password", "binds", "window", "tps", "tls")
FLAGS = ("host", "port", "system_id", "window", "tps", "binds")  # options of their own on the command line
CRUMBS = [Crumb("Carriers", "/carriers")]
CAPITALS = {"id": "ID", "tps": "TPS", "ton": "TON", "npi": "NPI"}
PLACEHOLDERS = {"host": "smsc.example.net", "port": "2775"}
PASSWORD_VARIABLE = "$SMSC_PASSWORD"  # noqa: S105 - a name


def whole(least: float | None, most: float | None) -> Callable[[str], str]:
    """A parser of whole numbers within bounds, which stay texts; empty stays empty."""

    def read(text: str) -> str:
        if text and not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise Invalid("Enter a whole number.")
        if text and least is not None and int(text) < least:
            raise Invalid(f"Enter {least} or more.")
        if text and most is not None and int(text) > most:
            raise Invalid(f"Enter {most} or less.")
        return text

    return read


def _label(name: str) -> str:
    words = [CAPITALS.get(word, word) for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _shown(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, bool) else str("" if value is None else value)


def _field(item: ConfigField, new: bool) -> Field:
    if item.type == "switch":
        return Field(item.name, item.sentence.removesuffix("."), "checkbox", default=bool(item.default))
    if item.secret:
        sentence = item.sentence if new else "Leave it empty to keep the present one."
        return Field(item.name, _label(item.name), "password", help=sentence, required=new, autocomplete="new-password",
                     width="half")  # fmt: skip
    shared: dict[str, Any] = {
        "help": item.sentence, "required": item.required, "default": _shown(item.default), "width": "half",
        "placeholder": PLACEHOLDERS.get(item.name, ""), "autocomplete": "off",
    }  # fmt: skip
    if item.choices:
        return Field(item.name, _label(item.name), "select", options=tuple((c, c) for c in item.choices), **shared)
    if item.type in ("integer", "number"):
        bounds: dict[str, Any] = {"least": item.minimum, "most": item.maximum}
        parse = whole(item.minimum, item.maximum) if item.type == "integer" else None
        return Field(item.name, _label(item.name), "number", parse=parse, **bounds, **shared)
    return Field(item.name, _label(item.name), attrs={"spellcheck": "false"}, **shared)


def _make_form(action: str, new: bool) -> Form:
    # Maps have no field: they are set in the stored configuration, and a change keeps them.
    declared = {item.name: item for item in describe_fields(find_kind(KIND)) if item.type != "map"}
    order = [name for name in FIRST if name in declared] + [name for name in declared if name not in FIRST]
    fields = [_field(declared[one], new) for one in order]
    if new:
        fields.insert(0, Field("name", "Name", required=True, max_length=64, autocomplete="off", placeholder="acme",
                               help="How this carrier is called here: letters, digits, dots, dashes."))  # fmt: skip
    return Form("carrier", fields, submit="Connect" if new else "Save", action=action, cancel="/carriers")


def _given(form: FormState) -> dict[str, Any]:
    """The fields for the carrier's kind: what was left empty takes its default, an empty password stays out."""
    given: dict[str, Any] = {}
    for field in form.form.fields:
        value = form.values.get(field.name)
        if field.name == "name" or (field.kind == "password" and not value):
            continue
        given[field.name] = value if isinstance(value, bool) else str(field.default if value in (None, "") else value)
    return given


def refuse(form: FormState, problem: StrowgerError) -> None:
    """Put a refusal beside the field that it names."""
    known = {field.name for field in form.form.fields}
    text = (problem.detail or problem.code).removeprefix(f"{problem.field}: ").removeprefix(f"field `{problem.field}` ")
    form.fail(problem.field if problem.field in known else "", text[:1].upper() + text[1:])


def command(form: FormState) -> str:
    """The same as a command line, as far as it has been typed; the password comes from the environment."""
    texts: Mapping[str, str] = {field.name: form.text(field.name).strip() for field in form.form.fields}
    words = [f"strowger carrier add {KIND} {shlex.quote(texts['name'] or 'NAME')}"]
    needed = {"host": "HOST", "port": "PORT", "system_id": "SYSTEM_ID"}
    for name in FLAGS:
        default = next(str(field.default) for field in form.form.fields if field.name == name)
        if name in needed or texts[name] not in ("", default):
            words.append(f"--{name.replace('_', '-')} {shlex.quote(texts[name] or needed[name])}")
    words.append(f'--password "{PASSWORD_VARIABLE}"')
    for field in form.form.fields:
        if field.name in FLAGS or field.name in ("name", "password"):
            continue
        value = str(bool(form.texts.get(field.name))).lower() if field.kind == "checkbox" else texts[field.name]
        if value and value != str(field.default).lower() and value != str(field.default):
            words.append(f"--set {shlex.quote(f'{field.name}={value}')}")
    return " \\\n  ".join(words)


async def _form_page(request: AnyRequest, form: FormState, title: str, new: bool) -> Page:
    hidden = any(name and name not in FIRST for name in form.errors)
    return await render(
        request, "sms/carrier_form.html", title=title, crumbs=CRUMBS, form=form, status=form.status, first=FIRST,
        more_open=hidden, command=command(form) if new else "",
    )  # fmt: skip


@page("/carriers/new", permission="installation.write")
async def new_carrier(request: AnyRequest, visitor: Visitor) -> Page:
    """The form of a new carrier."""
    return await _form_page(request, _make_form("/carriers/new", True).blank(visitor), "Connect a carrier", True)


@page("/carriers/new/command", methods=["POST"], permission="installation.write", audited=False)
async def show_command(request: AnyRequest, visitor: Visitor) -> Page:
    """The command line for what is typed now."""
    form = await _make_form("/carriers/new", True).read(request, visitor)
    return await render(request, "sms/carrier_command.html", command=command(form))


@page("/carriers/new", methods=["POST"], permission="installation.write")
async def add_carrier(request: AnyRequest, visitor: Visitor) -> Page:
    """Add a carrier; workers connect to it within seconds."""
    form = await _make_form("/carriers/new", True).read(request, visitor)
    if form.ok:
        try:
            await service.add_carrier(context_of(request), form["name"], KIND, _given(form))
        except StrowgerError as problem:
            refuse(form, problem)
    if not form.ok:
        return await _form_page(request, form, "Connect a carrier", True)
    return redirect(request, "/carriers", f"{form['name']} is being connected.")


@page("/carriers/edit/{name:str}", permission="installation.write")
async def edit_carrier(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """The form of a carrier's configuration."""
    found = await routing.find_carrier(context_of(request), name)
    values = {key: _shown(value) for key, value in found.config.items()}
    form = _make_form(f"/carriers/edit/{name}", False).blank(visitor, **values)
    return await _form_page(request, form, name, False)


@page("/carriers/edit/{name:str}", methods=["POST"], permission="installation.write")
async def change_carrier(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """Change a carrier's configuration; it connects again only where it must."""
    await routing.find_carrier(context_of(request), name)
    form = await _make_form(f"/carriers/edit/{name}", False).read(request, visitor)
    if form.ok:
        try:
            await service.change_carrier(context_of(request), name, _given(form))
        except StrowgerError as problem:
            refuse(form, problem)
    if not form.ok:
        return await _form_page(request, form, name, False)
    return redirect(request, "/carriers", f"{name} is changed.")


pages: list[Any] = [new_carrier, show_command, add_carrier, edit_carrier, change_carrier]
