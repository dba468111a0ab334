"""Console rooms of the SMS channel."""

from __future__ import annotations

from typing import Any

from strowger.channels.sms.pages import carriers, numbers, phone, send

pages: list[Any] = [*send.pages, *phone.pages, *carriers.pages, *numbers.pages]
