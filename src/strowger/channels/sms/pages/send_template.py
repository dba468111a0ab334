"""The Send page's choice of a template: searching the approved ones, their variables as fields, the text that comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from strowger.channels.sms.message_templates.placeholders import DLT_VALUE, PLAIN_VALUE, fill
from strowger.channels.sms.message_templates.repository import usable
from strowger.channels.sms.message_templates.schemas import UsableTemplate
from strowger.console.form import Field
from strowger.console.pages import AnyRequest, Page, context_of, page, render
from strowger.console.visitor import Visitor

SHOWN, MAX_SEARCH = 8, 100
MAX_VALUES = 30
NAMES = tuple(f"value_{n}" for n in range(1, MAX_VALUES + 1))


async def chosen(request: AnyRequest, visitor: Visitor, template_id: object) -> UsableTemplate | None:
    """The approved template of this id; None when the account has none, or it has more variables than the page has room for."""
    if not isinstance(template_id, str) or not template_id:
        return None
    key = (visitor.account_id, template_id[:MAX_SEARCH].replace("\0", ""))
    async with context_of(request).database.acquire() as connection:
        found = (await usable.usable(connection, [key])).get(key)
    return found if found is not None and len(found.content.variables) <= MAX_VALUES else None


def value_fields(template: UsableTemplate | None, country: str) -> tuple[Field, ...]:
    """A field for each variable. The names are the same whatever the template is, since the form's code knows no template."""
    variables = template.content.variables if template else []
    defaults: Mapping[str, str] = template.defaults if template else {}
    most = DLT_VALUE if country == "IN" else PLAIN_VALUE
    fields = []
    for name, variable in zip(NAMES, (*variables, *[""] * MAX_VALUES), strict=False):
        default = defaults.get(variable, "")
        text = f"Empty: {default}" if default else ""
        needed = bool(variable) and variable not in defaults
        fields.append(
            Field(name, variable, required=needed, max_length=most if variable else 1000, width="half", help=text)
        )
    return tuple(fields)


def values_of(values: Mapping[str, Any], count: int) -> list[str | None]:
    """What was typed for the first ``count`` variables, in the template's order; None leaves one to its default."""
    return [str(values.get(name) or "") or None for name in NAMES[:count]]


def api_parameters(values: Mapping[str, Any]) -> dict[str, str]:
    """The parameters that name the template and its values, as the API takes them by position."""
    typed = str(values.get("variables") or "")
    count = min(int(typed), MAX_VALUES) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
    given = values_of(values, count)
    data = {"template_data": msgspec.json.encode(given).decode()} if given else {}
    return {"template_id": str(values.get("template") or ""), **data}


def text_of(template: UsableTemplate, values: Mapping[str, Any]) -> str:
    """The text as far as it is filled in; what is missing stays a placeholder."""
    given = values_of(values, len(template.content.variables))
    return fill(template.content, given, template.defaults, strict=False)


@page("/send/templates", permission="messages.send")
async def search_templates(request: AnyRequest, visitor: Visitor) -> Page:
    """The approved templates that a search finds, to choose from."""
    text = request.query_params.get("q", "").strip()[:MAX_SEARCH].replace("\0", "")
    async with context_of(request).database.acquire() as connection:
        found = await usable.search(connection, visitor.account_id, text, SHOWN + 1)
    return await render(
        request, "sms/send_templates.html", templates=found[:SHOWN], more=len(found) > SHOWN, searched=text
    )


pages: list[Any] = [search_templates]
