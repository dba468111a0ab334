"""Console rooms of the SMS channel."""

from __future__ import annotations

from typing import Any

from strowger.channels.sms.country_rules import pages as country_rules
from strowger.channels.sms.imports import pages as imports
from strowger.channels.sms.message_templates import pages as message_templates
from strowger.channels.sms.overview import pages as overview
from strowger.channels.sms.pages import carriers, numbers, phone, scheduled, send
from strowger.channels.sms.receive import pages as receive
from strowger.channels.sms.screening import dnd_pages, guard_pages, limit_pages, settings_pages
from strowger.channels.sms.senders import pages as senders
from strowger.channels.sms.smpp_access import pages as smpp_access

pages: list[Any] = [
    *overview.pages, *send.pages, *scheduled.pages, *phone.pages, *carriers.pages, *numbers.pages, *receive.pages, *senders.pages,
    *message_templates.pages, *imports.pages, *settings_pages.pages, *limit_pages.pages, *guard_pages.pages,
    *dnd_pages.pages, *smpp_access.pages, *country_rules.pages,
]  # fmt: skip
