"""Connecting a carrier and changing it: the form comes from what the carrier's kind declares."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import msgspec
from litestar.exceptions import NotFoundException

from strowger.channels.sms.carriers import service
from strowger.channels.sms.carriers.http.template import VARIABLES
from strowger.channels.sms.carriers.registry import KINDS, ConfigField, describe_fields, find_kind
from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.pages import AnyRequest, Crumb, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.errors import StrowgerError
from strowger.messaging.routing import service as routing

SMPP = "smpp"
# The fields that a form shows at once, and those that have an option of their own on the command line.
FIRST = {
    "smpp": ("name", "host", "port", "system_id", "password", "binds", "window", "tps", "tls"),
    "http": ("name", "url", "method", "format", "fields", "body", "headers", "auth", "username", "password", "id_path",
             "id_pattern", "tps", "concurrency"),
}  # fmt: skip
FLAGS = {
    "smpp": ("host", "port", "system_id", "window", "tps", "binds"),
    "http": ("url", "method", "format", "fields", "body", "auth", "username", "tps", "concurrency", "id_path"),
}
NEEDED = {"smpp": {"host": "HOST", "port": "PORT", "system_id": "SYSTEM_ID"}, "http": {"url": "URL"}}
LONG = ("url", "body", "id_pattern", "code_pattern", "hook_answer", "hook_networks")
MAP_HELP = "One for each line: name: value."
CRUMBS = [Crumb("Carriers", "/carriers")]
CAPITALS = {"id": "ID", "tps": "TPS", "ton": "TON", "npi": "NPI", "url": "URL", "dlt": "DLT"}
PLACEHOLDERS = {
    "host": "smsc.example.net", "port": "2775", "url": "https://sms.example.net/v1/messages",
    "fields": "to: {{to}}\nfrom: {{from}}\ntext: {{text}}", "headers": "X-Account: 4711", "id_path": "messages[0].id",
    "body": '{"to": "{{to}}", "from": "{{from}}", "text": "{{text}}"}', "answers": "http:403: reject SENDER-REJ",
    "receipt_statuses": "ABSENT: undelivered ABSENT-SUB", "err_traces": "17: ABSENT-SUB",
}  # fmt: skip
PASSWORD_VARIABLE = "$SMSC_PASSWORD"  # noqa: S105 - a name


def _whole_text(least: float | None, most: float | None) -> Callable[[str], str]:
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


def read_map(text: str) -> str:
    """Lines of ``name: value`` as the JSON object that the kind reads; the last colon before a space parts them."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, separator, value = line.partition(": ")
        if not separator and line.rstrip().endswith(":"):
            name, separator = line.rstrip()[:-1], ":"
        if not separator or not name.strip():
            raise Invalid(f"Write name: value on each line; this is none: {line.strip()[:60]}")
        found[name.strip()] = value.strip()
    return msgspec.json.encode(found).decode()


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return "\n".join(f"{name}: {text}" for name, text in value.items())
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, bool) else str("" if value is None else value)


def _field(item: ConfigField, new: bool, secret_required: bool = True) -> Field:
    if item.type == "switch":
        return Field(item.name, item.sentence.removesuffix("."), "checkbox", default=bool(item.default))
    if item.secret:
        sentence = item.sentence if new else "Leave it empty to keep the present one."
        needed = new and secret_required
        return Field(item.name, _label(item.name), "password", help=sentence, required=needed,
                     autocomplete="new-password", width="half")  # fmt: skip
    if item.type == "map":
        return Field(item.name, _label(item.name), "textarea", help=f"{item.sentence} {MAP_HELP}", rows=3, max_length=20000,
                     parse=read_map, placeholder=PLACEHOLDERS.get(item.name, ""), attrs={"spellcheck": "false"})  # fmt: skip
    shared: dict[str, Any] = {
        "help": item.sentence, "required": item.required, "default": _shown(item.default), "width": "half",
        "placeholder": PLACEHOLDERS.get(item.name, ""), "autocomplete": "off",
    }  # fmt: skip
    if item.name == "body":
        return Field(item.name, _label(item.name), "textarea", rows=4, max_length=20000, attrs={"spellcheck": "false"},
                     **{**shared, "width": "full"})  # fmt: skip
    if item.name in LONG:
        shared["width"] = "full"
    if item.choices:
        return Field(item.name, _label(item.name), "select", options=tuple((c, c) for c in item.choices), **shared)
    if item.type in ("integer", "number"):
        bounds: dict[str, Any] = {"least": item.minimum, "most": item.maximum}
        parse = _whole_text(item.minimum, item.maximum) if item.type == "integer" else None
        return Field(item.name, _label(item.name), "number", parse=parse, **bounds, **shared)
    return Field(item.name, _label(item.name), attrs={"spellcheck": "false"}, **shared)


def _make_form(kind_name: str, action: str, new: bool) -> Form:
    kind = find_kind(kind_name)
    declared = {item.name: item for item in describe_fields(kind)}
    first = FIRST.get(kind_name, ())
    order = [name for name in first if name in declared] + [name for name in declared if name not in first]
    fields = [_field(declared[one], new, kind.secret_required) for one in order]
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
        if field.parse is read_map:
            value = value or "{}"
        given[field.name] = value if isinstance(value, bool) else str(field.default if value in (None, "") else value)
    return given


def refuse(form: FormState, problem: StrowgerError) -> None:
    """Put a refusal beside the field that it names."""
    known = {field.name for field in form.form.fields}
    text = (problem.detail or problem.code).removeprefix(f"{problem.field}: ").removeprefix(f"field `{problem.field}` ")
    form.fail(problem.field if problem.field in known else "", text[:1].upper() + text[1:])


def command(kind: str, form: FormState) -> str:
    """The same as a command line, as far as it has been typed; the password comes from the environment."""
    texts: dict[str, str] = {field.name: form.text(field.name).strip() for field in form.form.fields}
    for field in form.form.fields:
        if field.parse is read_map:
            try:
                texts[field.name] = read_map(texts[field.name]) if texts[field.name] else ""
            except Invalid:
                texts[field.name] = ""
    words = [f"strowger carrier add {kind} {shlex.quote(texts['name'] or 'NAME')}"]
    needed, flags = NEEDED.get(kind, {}), FLAGS.get(kind, ())
    for name in flags:
        default = next(str(field.default) for field in form.form.fields if field.name == name)
        if name in needed or texts[name] not in ("", default):
            words.append(f"--{name.replace('_', '-')} {shlex.quote(texts[name] or needed[name])}")
    if find_kind(kind).secret_required or texts.get("auth", "none") != "none":
        words.append(f'--password "{PASSWORD_VARIABLE}"')
    for field in form.form.fields:
        if field.name in flags or field.name in ("name", "password"):
            continue
        value = str(bool(form.texts.get(field.name))).lower() if field.kind == "checkbox" else texts[field.name]
        if value and value != str(field.default).lower() and value != str(field.default):
            words.append(f"--set {shlex.quote(f'{field.name}={value}')}")
    return " \\\n  ".join(words)


async def _form_page(request: AnyRequest, kind: str, form: FormState, title: str, new: bool) -> Page:
    first = FIRST.get(kind, ())
    hidden = any(name and name not in first for name in form.errors)
    return await render(
        request, "sms/carrier_form.html", title=title, crumbs=CRUMBS, form=form, status=form.status, first=first,
        more_open=hidden, command=command(kind, form) if new else "", kind=kind, kinds=list(KINDS.values()), new=new,
        variables=VARIABLES if kind == "http" else {},
    )  # fmt: skip


def _kind_of(request: AnyRequest) -> str:
    """The kind that the address names; SMPP when it names none."""
    found = request.query_params.get("kind", SMPP)
    if found not in KINDS:
        raise NotFoundException
    return found


def _new_form(kind: str) -> Form:
    return _make_form(kind, f"/carriers/new?kind={kind}", True)


@page("/carriers/new", permission="installation.write")
async def new_carrier(request: AnyRequest, visitor: Visitor) -> Page:
    """The form of a new carrier; ``?kind=`` chooses how it is spoken to."""
    kind = _kind_of(request)
    return await _form_page(request, kind, _new_form(kind).blank(visitor), "Connect a carrier", True)


@page("/carriers/new/command", methods=["POST"], permission="installation.write", audited=False)
async def show_command(request: AnyRequest, visitor: Visitor) -> Page:
    """The command line for what is typed now."""
    kind = _kind_of(request)
    form = await _new_form(kind).read(request, visitor)
    return await render(request, "sms/carrier_command.html", command=command(kind, form))


@page("/carriers/new", methods=["POST"], permission="installation.write")
async def add_carrier(request: AnyRequest, visitor: Visitor) -> Page:
    """Add a carrier; workers connect to it within seconds."""
    kind = _kind_of(request)
    form = await _new_form(kind).read(request, visitor)
    if form.ok:
        try:
            await service.add_carrier(context_of(request), form["name"], kind, _given(form))
        except StrowgerError as problem:
            refuse(form, problem)
    if not form.ok:
        return await _form_page(request, kind, form, "Connect a carrier", True)
    where = f"/carriers/show/{form['name']}" if find_kind(kind).hook else "/carriers"
    return redirect(request, where, f"{form['name']} is being connected.")


@page("/carriers/edit/{name:str}", permission="installation.write")
async def edit_carrier(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """The form of a carrier's configuration."""
    found = await routing.find_carrier(context_of(request), name)
    values = {key: _shown(value) for key, value in found.config.items()}
    form = _make_form(found.kind, f"/carriers/edit/{name}", False).blank(visitor, **values)
    return await _form_page(request, found.kind, form, name, False)


@page("/carriers/edit/{name:str}", methods=["POST"], permission="installation.write")
async def change_carrier(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """Change a carrier's configuration; it connects again only where it must."""
    found = await routing.find_carrier(context_of(request), name)
    form = await _make_form(found.kind, f"/carriers/edit/{name}", False).read(request, visitor)
    if form.ok:
        try:
            await service.change_carrier(context_of(request), name, _given(form))
        except StrowgerError as problem:
            refuse(form, problem)
    if not form.ok:
        return await _form_page(request, found.kind, form, name, False)
    return redirect(request, "/carriers", f"{name} is changed.")


pages: list[Any] = [new_carrier, show_command, add_carrier, edit_carrier, change_carrier]
