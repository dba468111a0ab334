"""The console's rooms of the directory: contacts, tags, custom fields, imports."""

from __future__ import annotations

from typing import Any

from strowger.console import menu, palette
from strowger.platform.directory.listing import LIST
from strowger.platform.directory.pages.chosen import pages as chosen_pages
from strowger.platform.directory.pages.contacts import find_hits
from strowger.platform.directory.pages.contacts import pages as contact_pages
from strowger.platform.directory.pages.fields import pages as field_pages
from strowger.platform.directory.pages.imports import IMPORTS
from strowger.platform.directory.pages.imports import pages as import_pages
from strowger.platform.directory.pages.overview import OVERVIEW
from strowger.platform.directory.pages.overview import pages as overview_pages
from strowger.platform.directory.pages.tags import TAGS
from strowger.platform.directory.pages.tags import pages as tag_pages

menu.register("Directory", "Overview", OVERVIEW, "chart-bar", 1)
menu.register("Directory", "Contacts", LIST, "address-book", 5)
menu.register("Directory", "Tags", TAGS, "tags", 10)
palette.register_action("Add a contact", f"{LIST}/new", "user-plus")
palette.register_action("Import contacts", f"{IMPORTS}/new", "file-import")
palette.register_finder("contacts", find_hits)

pages: list[Any] = [*overview_pages, *contact_pages, *chosen_pages, *tag_pages, *field_pages, *import_pages]
