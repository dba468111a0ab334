"""The reports of the SMS channel (sms.md 8, console.md 6.1), declared to platform/reports."""

from __future__ import annotations

from strowger.channels.sms.reports import rows
from strowger.messaging.schemas import Direction
from strowger.messaging.statuses import SPELLINGS, Status
from strowger.platform.reports.types import (
    DETAIL_DAYS,
    ReportChart,
    ReportColumn,
    ReportFilter,
    ReportType,
)
from strowger.platform.subaccounts.reports import SUBACCOUNTS

AREA = "SMS"
TYPES = ("DEFAULT", "MKT", "TXN", "OTP", "SI", "TXND", "SE")
GROUPED = ("day", "week", "month")
EVERY = ("daily", "weekly", "monthly")
SEVERAL = "Several apart by commas."


def _words(status: Status) -> str:
    log = SPELLINGS[status].log
    return f"{log} (expired)" if status is Status.EXPIRED else log


STATUSES = [(str(int(one)), _words(one)) for one in SPELLINGS if one != Status.RECEIVED]
FILTERS = {
    "sender": ReportFilter("sender", "Sender", help=SEVERAL),
    "country": ReportFilter("country", "Countries", help="ISO codes apart by commas, such as DE, IN."),
    "status": ReportFilter("status", "Status", "multi", STATUSES),
    "trace": ReportFilter("trace", "Status trace", help=SEVERAL),
    "type": ReportFilter("type", "Type", "multi", [(name, name) for name in TYPES]),
    "campaign": ReportFilter("campaign", "Campaign", help=SEVERAL),
    "template": ReportFilter("template", "Template ID", help=SEVERAL),
    "source": ReportFilter("source", "Source", help="API, SMPP, Console and so on, apart by commas."),
}  # fmt: skip
ALL = tuple(FILTERS.values())


def _some(*keys: str) -> tuple[ReportFilter, ...]:
    return tuple(FILTERS[key] for key in keys)


def _texts(*labels: str) -> tuple[ReportColumn, ...]:
    return tuple(ReportColumn(label) for label in labels)


def _numbers(*labels: str, total: bool = True) -> tuple[ReportColumn, ...]:
    return tuple(ReportColumn(label, "number", total) for label in labels)


def _money(*labels: str) -> tuple[ReportColumn, ...]:
    return tuple(ReportColumn(label, "money", True) for label in labels)


BILLED = (
    *_numbers("Total SMS", "Total Units", "Units Charged", "Units Refunded", "Units Billable"),
    *_money("Subtotal", "Non-refundable DLT Fees", "Amount Billable"),
)
DETAIL = (
    *_texts("DIRECTION", "COUNTRY_NAME", "NETWORK_NAME", "SENDER"),
    ReportColumn("MOBILE", private=True),
    *_texts("SOURCE", "STATUS", "STATUS_TRACE"),
    *_numbers("REFUNDED", total=False),
    *_texts("CREATED"),
    *_numbers("SMS_LENGTH", total=False),
    *_numbers("BILLING_UNIT"),
    *_money("CHARGES"),
    *_texts("CURRENCY"),
    *_money("DLT_FEE"),
    *_texts("TYPE", "ENCODING"),
    *_numbers("FLASH", total=False),
    *_texts("MESSAGE_ID", "CAMPAIGN_ID", "CAMPAIGN_NAME", "TEMPLATE_ID", "ENTITY_ID", "SENT_AT", "UPDATED_AT", "BODY"),
)
INCOMING = _texts("RECEIVER_NUMBER", "KEYWORD")
REFERENCES = _texts("REF", "REF1", "REF2", "REF_CUSTOM", "SUBACCOUNT")
BY_STATUS = ReportChart("Messages by day and status", "Date", ("Total SMS",), "Status")

reports: list[ReportType] = [
    ReportType(
        "sms-mt-summary", "SMS MT Summary Report", AREA,
        "Messages, units and money by date, sender, category, campaign, country, status and trace.",
        (*_texts("Date", "Sender", "Category", "Campaign Name", "Destination Country", "Status", "Status Trace"), *BILLED),
        rows.summary_rows, ALL, GROUPED, chart=BY_STATUS,
    ),
    ReportType(
        "sms-mo-summary", "SMS MO Summary Report", AREA,
        "Incoming messages by date, number, keyword, country and operator, with what was done for them.",
        (
            *_texts("Date", "Recipient Number", "Keyword", "Country", "Operator", "Circle"),
            *_numbers("Total MO", "Total Parts", "Auto Replies", "Forwards", "Triggers OK", "Triggers Failed"),
        ),
        rows.received_rows,
        (ReportFilter("number", "Recipient number", help=SEVERAL), ReportFilter("keyword", "Keyword", help=SEVERAL),
         FILTERS["country"]),
        GROUPED, chart=ReportChart("Incoming messages by day", "Date", ("Total MO",)),
    ),
    ReportType(
        "sms-tabular", "SMS Tabular MT and MO Report", AREA, "Every message out and in, one row each.",
        (*DETAIL, *INCOMING, *REFERENCES), rows.detail_rows([Direction.MT, Direction.MO], True), ALL, ("day",), DETAIL_DAYS,
        ReportChart("Messages by status", "STATUS", ("BILLING_UNIT",), "DIRECTION"), permission="messages.read",
    ),
    ReportType(
        "sms-tabular-mt", "SMS Tabular only MT Report", AREA, "Every message that was sent, one row each.",
        (*DETAIL, *REFERENCES), rows.detail_rows([Direction.MT], False), ALL, ("day",), DETAIL_DAYS,
        ReportChart("Units by status", "STATUS", ("BILLING_UNIT",)), permission="messages.read",
    ),
    ReportType(
        "sms-by-template", "SMS By Template Report", AREA, "How the messages of each template fared, with clicks.",
        (
            *_texts("Date", "Template ID", "Template Title", "Sender", "Category", "Country"),
            *_numbers("Total SMS", "Total Units", "Delivered", "Undelivered", "Sent", "Not Sent"),
            *_numbers("Delivery %", total=False), *_numbers("Clicks", "Unique clicks"), *_money("Amount"),
        ),
        rows.template_rows, _some("sender", "country", "type", "template"), GROUPED,
        chart=ReportChart("Messages by template", "Template ID", ("Delivered", "Undelivered", "Sent", "Not Sent")),
    ),
    ReportType(
        "sms-by-campaign", "SMS BY Campaign Report", AREA,
        "One row for each campaign, sender, type and template; campaign names of requests count as campaigns, too. "
        "The messages one by one: the tabular report, narrowed to the campaign.",
        (
            *_texts("Campaign ID", "Name", "Source", "Created by"), ReportColumn("Launched at", "time"),
            *_texts("Sender", "Type", "Template"),
            *_numbers("Contacts", "Valid", "Invalid", "Duplicates", "Blocked", "Submitted", "Delivered", "Undelivered",
                      "Not Sent", "Awaiting", "Units", "Clicks", "Unique clicks"),
            *_money("Amount"), *_numbers("Batches"),
        ),
        rows.campaign_rows, _some("sender", "type", "campaign", "template", "source"), ("",),
        chart=ReportChart("Messages by campaign", "Name", ("Delivered", "Undelivered", "Not Sent", "Awaiting")),
    ),
    ReportType(
        "sms-automated", "SMS Automated Reports", AREA, "The MT summary of the period that is over.",
        (*_texts("Date", "Sender", "Category", "Campaign Name", "Destination Country", "Status", "Status Trace"), *BILLED),
        rows.summary_rows, ALL, ("day",), chart=BY_STATUS, frequencies=EVERY, requested=False,
    ),
    ReportType(
        "sms-performance", "SMS Automated Performance Report", AREA,
        "How fast and how well messages arrived, by sender, category, country and operator.",
        (
            *_texts("Date", "Sender", "Category", "Country", "Operator"),
            *_numbers("Submitted", "Delivered", "Failed", "Pending"), *_numbers("Delivery %", total=False),
            *_numbers("Median delivery seconds", "95th percentile delivery seconds", total=False), *_texts("Top 3 traces"),
        ),
        rows.performance_rows, ALL, GROUPED, frequencies=EVERY,
        chart=ReportChart("Messages by day", "Date", ("Delivered", "Failed", "Pending")),
    ),
    ReportType(
        "sms-count", "SMS Count Report", AREA, "Messages and units by day and sender.",
        (*_texts("Date", "Sender"), *_numbers("Total SMS", "Total Units", "Delivered", "Not delivered")),
        rows.count_rows, _some("sender", "type"), GROUPED, frequencies=("daily",),
        chart=ReportChart("Messages by day", "Date", ("Delivered", "Not delivered")),
    ),
    ReportType(
        "sms-by-sender", "Daily Sender Wise Report", AREA, "Messages, units and amount by day, sender and category.",
        (*_texts("Date", "Sender", "Category"), *_numbers("Total", "Units", "Delivered", "Failed"), *_money("Amount")),
        rows.sender_rows, _some("sender", "type"), GROUPED, frequencies=("daily",),
        chart=ReportChart("Messages by sender", "Sender", ("Delivered", "Failed")),
    ),
    ReportType(
        "sms-by-campaign-day", "Daily Campaign Wise Report", AREA, "Recipients, outcomes and clicks by day and campaign.",
        (*_texts("Date", "Campaign", "Channel"), *_numbers("Recipients", "Submitted", "Delivered", "Failed", "Clicks"),
         *_money("Amount")),
        rows.campaign_day_rows, _some("campaign"), GROUPED, frequencies=("daily",),
        chart=ReportChart("Messages by campaign", "Campaign", ("Delivered", "Failed")),
    ),
    ReportType(
        "sms-by-day", "Monthly Day Wise Summary Report", AREA, "One row for each day.",
        (*_texts("Date", "Channel"), *_numbers("Total", "Delivered", "Failed", "Units"), *_money("Amount")),
        rows.day_rows, (), ("day",), frequencies=("monthly",),
        chart=ReportChart("Messages by day", "Date", ("Delivered", "Failed")),
    ),
    ReportType(
        "sms-location", "SMS Location wise", AREA, "Outcomes by country.",
        (*_texts("Country Name"), *_numbers("SENT-No DLR", "Delivered", "Undelivered", "NOT-SENT", "Total Sent")),
        rows.location_rows, _some("sender", "type"), ("",), frequencies=("daily",), hour=10,
        chart=ReportChart("Messages by country", "Country Name", ("Delivered", "Undelivered", "SENT-No DLR", "NOT-SENT")),
    ),
    ReportType(
        "sms-subaccounts", "SMS Summary Report of Subaccounts", "Subaccounts",
        "The MT summary of all sub-accounts, with their names.",
        (*_texts("Date", "Sender", "Campaign Name", "Subaccount Name", "Email Address", "Destination Country", "Status",
                 "Status Trace"), *BILLED),
        rows.child_summary_rows, (SUBACCOUNTS, *ALL), GROUPED, chart=BY_STATUS, permission="subaccounts.read",
    ),
    ReportType(
        "sms-blocked-countries", "SMS Subaccount Blocked Countries Report", "Subaccounts",
        "What sub-accounts tried to send to countries that are closed to them.",
        (*_texts("Date", "Sub-account", "Country"), *_numbers("Attempts blocked"), *_texts("Trace")),
        rows.blocked_rows, (), ("day",), frequencies=("daily",), permission="subaccounts.read",
        chart=ReportChart("Refused by country", "Country", ("Attempts blocked",)),
    ),
]  # fmt: skip
