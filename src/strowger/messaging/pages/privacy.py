"""People's numbers, masked for roles from which the account hides them (sms.md 7.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from strowger.console.seen import SeenSource
from strowger.console.table import Source
from strowger.console.visitor import Visitor
from strowger.foundation.phone import hide_numbers, mask_number
from strowger.messaging.pages.deliveries import Delivery
from strowger.messaging.pages.panels import Panel
from strowger.messaging.schemas import Event
from strowger.messaging.words import masked, person_of

PERSONS = ("sender", "recipient")


def seen_row(visitor: Visitor, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message's row as a visitor may see it."""
    return masked(row, person_of(row)) if visitor.numbers_hidden else row


def seen_rows(visitor: Visitor, rows: Sequence[Any]) -> list[Any]:
    """Messages' rows as a visitor may see them."""
    return [seen_row(visitor, row) for row in rows]


def seen_source(visitor: Visitor, source: Source, *names: str) -> Source:
    """A list's source as a visitor may see it: ``names`` are the columns with numbers; none: those of messages."""
    if not visitor.numbers_hidden:
        return source
    return SeenSource(source, lambda row: masked(row, *(names or (person_of(row),))), names or PERSONS)


def seen_addresses(visitor: Visitor, source: Source) -> Source:
    """A list of callbacks as a visitor may see it: numbers in addresses are masked."""
    if not visitor.numbers_hidden:
        return source
    return SeenSource(source, lambda row: {**row, "url": hide_numbers(row["url"] or "")}, ("url",))


def seen_contacts(visitor: Visitor, source: Source) -> Source:
    """A list of a campaign's contacts as a visitor may see it: their numbers, and numbers among their values, are masked."""
    if not visitor.numbers_hidden:
        return source
    return SeenSource(
        source,
        lambda row: {**masked(row, "recipient"), "cells": hide_numbers(row["cells"] or "")},
        ("recipient", "cells"),
    )


class Eraser:
    """Masks one person's number wherever it stands: in what a carrier said, in callbacks, in panels."""

    def __init__(self, number: str) -> None:
        self._number, self._mask = number, mask_number(number)

    def text(self, text: str) -> str:
        """A text without the number."""
        return text.replace(self._number, self._mask) if len(self._number) > len("112") else text

    def value(self, value: Any) -> Any:
        """Data of JSON without the number, in texts and where a number stands for it; names of fields stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.value(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return self._mask if isinstance(value, int) and str(value) == self._number else value

    def event(self, event: Event) -> Event:
        """An event without the number in its detail."""
        return replace(event, detail=self.value(event.detail))

    def panel(self, panel: Panel) -> Panel:
        """A panel without the number."""
        facts = [(label, self.text(text)) for label, text in panel.facts]
        rows = [replace(row, text=self.text(row.text), hint=self.text(row.hint)) for row in panel.rows]
        return replace(panel, facts=facts, rows=rows)

    def delivery(self, delivery: Delivery) -> Delivery:
        """A callback without the number in what went out and came back."""
        queued = delivery.queued and replace(delivery.queued, url=self.text(delivery.queued.url))
        attempts = [
            replace(
                one, url=self.text(one.url), request_body=self._some(one.request_body),
                response_body=self._some(one.response_body),
            )
            for one in delivery.attempts
        ]  # fmt: skip
        return replace(delivery, queued=queued, attempts=attempts)

    def _some(self, text: str | None) -> str | None:
        return self.text(text) if text else text
