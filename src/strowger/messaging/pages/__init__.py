"""The console's rooms about messages: the list, one message, the live tail, callbacks, and what the codes mean."""

from __future__ import annotations

from typing import Any

from strowger.console import menu, palette
from strowger.messaging.pages.callbacks import pages as callback_pages
from strowger.messaging.pages.codes import find_codes
from strowger.messaging.pages.codes import pages as code_pages
from strowger.messaging.pages.contacts import messages_of
from strowger.messaging.pages.detail import pages as detail_pages
from strowger.messaging.pages.finder import find_hits
from strowger.messaging.pages.listing import pages as list_pages
from strowger.messaging.pages.live import pages as live_pages
from strowger.messaging.pages.signing import pages as signing_pages
from strowger.platform.directory.history import register_history

menu.register("", "Messages", "/messages", "messages", 30, key="m")
menu.register("", "Live", "/live", "activity", 40, key="l")
menu.register("Developers", "Callbacks", "/callbacks", "webhook", 40, key="b")
menu.register("Developers", "Status codes", "/errors", "list-search", 60, key="e")
palette.register_finder("messages", find_hits)
palette.register_finder("codes", find_codes)
register_history(messages_of)

pages: list[Any] = [*list_pages, *detail_pages, *live_pages, *callback_pages, *signing_pages, *code_pages]
