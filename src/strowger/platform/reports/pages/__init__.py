"""Console rooms of reports."""

from __future__ import annotations

from typing import Any

from strowger.platform.reports.pages import agreeing, listing, requesting, showing, uploading

pages: list[Any] = [*listing.pages, *requesting.pages, *uploading.pages, *agreeing.pages, *showing.pages]
