"""The console's rooms about callback profiles: the list, one profile, its form, figures, defaults."""

from __future__ import annotations

from typing import Any

from strowger.console import menu, palette
from strowger.platform.callbacks.profiles.pages.acting import pages as acting_pages
from strowger.platform.callbacks.profiles.pages.editing import pages as editing_pages
from strowger.platform.callbacks.profiles.pages.figures import pages as figure_pages
from strowger.platform.callbacks.profiles.pages.listing import pages as list_pages

menu.register("Developers", "Callback Profiles", "/callbacks/profiles", "plug-connected", 45)
palette.register_action("Add a callback profile", "/callbacks/profiles/new", "plug-connected")

pages: list[Any] = [*list_pages, *editing_pages, *acting_pages, *figure_pages]
