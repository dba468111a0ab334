"""Templates of flows that need no telephony (voice.md 6.3): each begins a draft of one's own."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from strowger.engagement.flows.schemas import Definition, Widget

BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Sample:
    """A template: what it is for, and its graph."""

    key: str
    name: str
    text: str
    widgets: tuple[Widget, ...]

    @property
    def definition(self) -> Definition:
        """A definition of one's own."""
        return Definition(copy.deepcopy(list(self.widgets)))

    @property
    def way(self) -> str:
        """The widgets by name."""
        return " → ".join(widget.name for widget in self.widgets)


def _start(to: str = "", **config: Any) -> Widget:
    return Widget(
        "start_1",
        "start",
        "Start",
        "",
        60,
        200,
        {"webhook": {"enabled": True}, **config},
        {"default": to} if to else {},
    )


WEEK = {"kind": "hours", "weekdays": [0, 1, 2, 3, 4], "slots": [{"start": 540, "end": 1050}]}
SAMPLES = {
    sample.key: sample
    for sample in (
        Sample(BLANK, "Blank flow", "Only a Start widget with a webhook.", (_start(),)),
        Sample(
            "webhook-sms", "Webhook to SMS", "A webhook within working hours sends an SMS to the number that it names.",
            (
                _start("date_time_1"),
                Widget("date_time_1", "date_time", "Working hours", "", 340, 200, WEEK, {"match": "sms_1"}),
                Widget("sms_1", "sms", "SMS", "", 640, 120, {"body": "Hello {{webhook.name}}, we have your message."}),
            ),
        ),
        Sample(
            "business-hours", "Business Hours", "Another text within working hours than outside them.",
            (
                _start("date_time_1"),
                Widget("date_time_1", "date_time", "Working hours", "", 340, 200, WEEK, {"match": "sms_1", "no_match": "sms_2"}),
                Widget("sms_1", "sms", "We call you", "", 640, 80, {"body": "Thank you. We call you back within the hour."}),
                Widget("sms_2", "sms", "We are closed", "", 640, 320,
                       {"body": "We are closed now and call you back on the next working day."}),
            ),
        ),
        Sample(
            "order", "Order Confirmation", "Looks an order up in your system and confirms it by SMS.",
            (
                _start("api_1"),
                Widget("api_1", "api", "Order", "", 340, 200, {
                    "method": "GET", "url": "https://example.net/orders/{{webhook.order}}", "key": "status",
                    "wanted": [{"kind": "value", "value": "confirmed"}]}, {"match": "sms_1", "no_match": "sms_2"}),
                Widget("sms_1", "sms", "Confirmed", "", 640, 80, {"body": "Your order {{webhook.order}} is confirmed."}),
                Widget("sms_2", "sms", "Not yet", "", 640, 320,
                       {"body": "We are still working on your order {{webhook.order}}."}),
            ),
        ),
        Sample(
            "payment", "Payment Reminder", "Asks your system for the amount that is due and sends it with a link.",
            (
                _start("api_1"),
                Widget("api_1", "api", "Amount", "", 340, 200, {
                    "method": "GET", "url": "https://example.net/invoices/{{webhook.invoice}}"}, {"match": "sms_1"}),
                Widget("sms_1", "sms", "Reminder", "", 640, 120,
                       {"body": "Please pay {{api:amount}} {{api:currency}} by {{api:due}}: {{api:link}}"}),
            ),
        ),
        Sample(
            "appointment", "Appointment Reminder", "Sends the reminder and tells your system whether it could be sent.",
            (
                _start("sms_1"),
                Widget("sms_1", "sms", "Reminder", "", 340, 200,
                       {"body": "Your appointment is on {{webhook.date}} at {{webhook.time}}."},
                       {"sent": "api_1", "failed": "api_2"}),
                Widget("api_1", "api", "Note as sent", "", 640, 80, {
                    "method": "POST", "url": "https://example.net/reminders",
                    "body": '{"appointment": "{{webhook.id}}", "sent": true, "execution": "{{id}}"}'}),
                Widget("api_2", "api", "Note as failed", "", 640, 320, {
                    "method": "POST", "url": "https://example.net/reminders",
                    "body": '{"appointment": "{{webhook.id}}", "sent": false, "execution": "{{id}}"}'}),
            ),
        ),
        Sample(
            "sms-menu", "Answer to an SMS", "An incoming SMS goes one of two ways by its text and is answered.",
            (
                Widget("start_1", "start", "Start", "", 60, 200, {"webhook": {"enabled": False}, "sms": {"enabled": True}},
                       {"default": "choice_1"}),
                Widget("choice_1", "choice", "YES?", "", 340, 200,
                       {"first": {"variable": "sms.text", "condition": "eq", "value": "YES"}},
                       {"match": "sms_1", "no_match": "sms_2"}),
                Widget("sms_1", "sms", "Confirmed", "", 640, 80, {"body": "Thank you, we look forward to seeing you."}),
                Widget("sms_2", "sms", "Try again", "", 640, 320, {"body": "Please answer YES to confirm."}),
            ),
        ),
    )
}  # fmt: skip
