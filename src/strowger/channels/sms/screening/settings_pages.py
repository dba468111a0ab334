"""Channels > SMS settings: everything that screening can be told (sms.md 7.6)."""

from __future__ import annotations

from typing import Any

from litestar.exceptions import NotFoundException

from strowger.channels.sms.screening import repository
from strowger.channels.sms.screening.forms import PAGE, sections
from strowger.console import menu, palette
from strowger.console.form import FormState
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render

menu.register("Channels", "SMS settings", PAGE, "adjustments", 60)
palette.register_action("Change the SMS settings", PAGE, "adjustments")
GUARD, LIMITS, DND = "/sms/guard", "/sms/limits", "/sms/dnd"


def tabs_of(current: str) -> list[tuple[str, str, bool]]:
    """The tabs that the rooms of screening share."""
    rooms = (("Settings", PAGE), ("Daily limit", LIMITS), ("Fraud guard", GUARD), ("Do not disturb", DND))
    return [(label, path, path == current) for label, path in rooms]


async def _show(request: AnyRequest, visitor: Visitor, failed: dict[str, FormState] | None = None) -> Page:
    async with context_of(request).database.acquire() as connection:
        settings = await repository.settings(connection, visitor.account_id)
    shown = [
        (name, section, (failed or {}).get(name) or section.form.blank(visitor, **section.show(settings)))
        for name, section in sections().items()
    ]
    return await render(
        request, "screening/sms_settings.html", title="SMS settings", sections=shown, tabs=tabs_of(PAGE),
        status=422 if failed else 200,
    )  # fmt: skip


@page(PAGE, permission="channels.read")
async def sms_settings(request: AnyRequest, visitor: Visitor) -> Page:
    """All sections of the settings."""
    return await _show(request, visitor)


@page(f"{PAGE}/{{name:str}}", methods=["POST"], permission="channels.write")
async def save_section(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """Keep one section."""
    section, context = sections().get(name), context_of(request)
    if section is None:
        raise NotFoundException
    form = await section.form.read(request, visitor)
    if form.ok and name == "auto" and form["auto"] and not form["traces"]:
        form.fail("traces", "Choose at least one.")
    if form.ok and name == "hours" and form["opens"] == form["closes"]:
        form.fail("closes", "The hours must end at another time than they begin.")
    if form.ok and name == "defaults" and form["default_sender"]:
        async with context.database.acquire() as connection:
            if not await repository.has_sender(connection, visitor.account_id, form["default_sender"]):
                form.fail("default_sender", "The account has no such sender ID.")
    if not form.ok:
        return await _show(request, visitor, {name: form})
    values = section.keep(form.values)
    await context.database.run(lambda c: repository.save_settings(c, visitor.account_id, values))
    return redirect(request, PAGE, f"{section.title} saved.")


pages: list[Any] = [sms_settings, save_section]
