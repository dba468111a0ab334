"""The operator's rooms about the installation."""

from __future__ import annotations

from typing import Any

from strowger.platform.installation import account_pages, health_pages

pages: list[Any] = [*account_pages.pages, *health_pages.pages]
