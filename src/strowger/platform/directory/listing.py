"""The list of contacts as it is declared: its columns and filters follow from an account's tags and custom fields.

A dynamic tag is a state of this list that was saved: the same filters decide who wears it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from strowger.console.layout import Action
from strowger.console.sql_source import SqlSource
from strowger.console.table import BulkAction, Column, Empty, Filter, RowAction, Table, TableQuery
from strowger.console.visitor import Visitor
from strowger.foundation.database import Connection, Database
from strowger.platform.blocklist.schemas import CHANNELS
from strowger.platform.directory.repository import fields, listing, tags
from strowger.platform.directory.repository.listing import EMPTY, Condition, column_key
from strowger.platform.directory.schemas import SOURCES, CustomField, Label

LIST, WORK = "/directory/contacts", "/directory/contacts/chosen"
MAX_ID = 2**63 - 1
FIXED = Table(
    "contacts",
    columns=(
        Column("name", "Name", sort=True),
        Column("mobile", "Mobile", "mono", sort=True, value=lambda row: f"+{row['mobile']}"),
        Column("email", "E-mail"),
        Column("tags", "Tags", "chips", value=lambda row: [(tag.name, tag.colour) for tag in row["tags"]]),
        Column("blocked", "Blocklisted", "chips", value=lambda row: [(CHANNELS[c], "danger") for c in row["blocked"]]),
        Column("city", "City", sort=True),
        Column("country", "Country", sort=True),
        Column("state", "State", shown=False),
        Column("source", "Source", shown=False, label_of=lambda code: SOURCES.get(code, code)),
        Column("created_by", "Added by", shown=False),
        Column("created_at", "Created", "time", sort=True),
        Column("updated_at", "Changed", "time", shown=False),
    ),
    search="Name, number or e-mail",
    empty=Empty(
        "No contacts yet",
        "Contacts are the people you write to, on every channel: with tags they become the audience of a campaign.",
        Action("Add a contact", f"{LIST}/new", "user-plus"),
        'curl -H "api-key: $STROWGER_API_KEY" -d mobile=+447700900123 -d name=Ada …/contacts',
    ),
    row_href=lambda row: f"{LIST}/{row['id']}",
    row_actions=(
        RowAction("Open", lambda row: f"{LIST}/{row['id']}", "eye"),
        RowAction("Edit", lambda row: f"{LIST}/{row['id']}/edit", "pencil"),
        RowAction(
            "Delete", lambda row: f"{LIST}/{row['id']}/delete", "trash", "POST", danger=True,
            confirm=lambda row: f"Delete {row['name'] or '+' + row['mobile']}? Messages and blocks stay.",
        ),
    ),
    bulk=(
        BulkAction("Add or remove tags", f"{WORK}/tags", "tags"),
        BulkAction("Block or unblock", f"{WORK}/blocks", "user-off"),
        BulkAction("Delete", f"{WORK}/delete", "trash", danger=True),
    ),
)  # fmt: skip


@dataclass(slots=True)
class Book:
    """An account's directory as lists need it: its custom fields, its tags, and the zone in which days begin."""

    account_id: int
    fields: list[CustomField]
    tags: list[Label]
    zone: str
    now: datetime
    table: Table = field(init=False)

    def __post_init__(self) -> None:
        self.table = replace(FIXED, columns=(*FIXED.columns, *self._columns()), filters=self._filters())

    def _columns(self) -> list[Column]:
        return [Column(column_key(one), one.name, shown=False) for one in self.fields]

    def _filters(self) -> list[Filter]:
        where = [(EMPTY, "Not blocked"), *CHANNELS.items()]
        labels = [(EMPTY, "Without tags"), *((str(tag.id), tag.name) for tag in self.tags)]
        return [
            Filter("name", "Name"),
            Filter("email", "E-mail"),
            Filter("blocked", "Blocklisted", "multi", where),
            Filter("tags", "Tags", "multi", labels),
            Filter("created_at", "Created", "time"),
            Filter("city", "City", more=True),
            Filter("state", "State", more=True),
            Filter("country", "Country", more=True),
            Filter("source", "Source", "multi", tuple(SOURCES.items()), more=True),
            *(Filter(column_key(one), one.name, more=True) for one in self.fields),
        ]

    def source(self, database: Database | None = None) -> SqlSource:
        """Where the rows come from; without database for its conditions only."""
        return listing.source(database, self.fields, self.tags, self.follow)

    def query(self, criteria: str) -> TableQuery:
        """What a saved state of the list asks for."""
        nobody = Visitor(0, self.account_id, "", "", "", "", "", self.zone, "", "")
        return self.table.chosen(criteria, nobody, self.now)

    def matching(self, criteria: str) -> Condition:
        """Who is shown in a saved state of the list."""
        return self.source().matching(self.query(criteria))

    def follow(self, tag: Label) -> Condition:
        """Who wears a dynamic tag. The dynamic tags that its filter names do not count: filters never go in circles."""
        plain = [one for one in self.tags if one.criteria is None]
        return replace(self, tags=plain).matching(tag.criteria or "") if tag.criteria else listing.worn([])

    def wearing(self, tag_ids: Sequence[int]) -> Condition:
        """Who wears any of the tags, given or dynamic."""
        return self.source().filters["tags"]([str(one) for one in tag_ids])


async def open_book(connection: Connection, account_id: int, now: datetime) -> Book:
    """The directory of an account, as it is now."""
    zone = await fields.zone_of(connection, account_id)
    return Book(
        account_id, await fields.all_of(connection, account_id), await tags.all_of(connection, account_id), zone, now
    )


def is_narrow(query: TableQuery) -> bool:
    """Whether a state of the list leaves anybody out, as far as one can tell without looking."""
    return bool(query.search or query.filters)
