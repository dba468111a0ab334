"""What the directory's pages share."""

from __future__ import annotations

from typing import Any

from litestar.exceptions import NotFoundException

from strowger.console.form import FormState
from strowger.console.layout import Crumb
from strowger.console.pages import AnyRequest, Visitor, context_of
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.listing import LIST, Book, open_book
from strowger.platform.directory.repository import contacts
from strowger.platform.directory.schemas import Person

READ, WRITE = "campaigns.read", "campaigns.write"
CONTACTS = Crumb("Contacts", LIST)


async def book_of(request: AnyRequest, visitor: Visitor) -> Book:
    """The directory of the visitor's account; days begin in the visitor's own zone."""
    context = context_of(request)
    async with context.database.acquire() as connection:
        book = await open_book(connection, visitor.account_id, context.clock.now())
    book.zone = visitor.time_zone
    return book


async def person_of(request: AnyRequest, visitor: Visitor, contact_id: int) -> Person:
    """A contact of the visitor's account. Raises NotFoundException."""
    async with context_of(request).database.acquire() as connection:
        found = await contacts.find(connection, visitor.account_id, [contact_id])
    if not found:
        raise NotFoundException
    return found[0]


def show(form: FormState, problem: Refused) -> FormState:
    """The form with what was refused, beside its field when the form has it."""
    names = {item.name for item in form.form.fields}
    field = problem.field if problem.field in names else ""
    return form.fail(field or "", problem.text)


async def run(request: AnyRequest, work: Any) -> Any:
    """Do work in one transaction."""
    return await context_of(request).database.run(work)
