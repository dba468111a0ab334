"""The verdict on one message: the checks of sms.md 5, rows 3 to 14, in their order. Pure; facts come from ``batch``."""

from __future__ import annotations

from strowger.channels.sms.screening.batch import BatchFacts, passes_watch
from strowger.channels.sms.screening.content import check_content, check_length
from strowger.channels.sms.screening.countries import kind_of
from strowger.channels.sms.screening.lists import check_lists
from strowger.channels.sms.screening.numbers import check_country, check_number, check_sender, check_sender_kind
from strowger.channels.sms.screening.options import SmsOptions
from strowger.channels.sms.screening.windows import applies, opening, zone_of
from strowger.messaging.rules import AccountRules, Hold, Local, Verdict
from strowger.messaging.schemas import Submission

CONFIRMATION = "confirmation"  # an option that only the platform sets: the answer to STOP, START or HELP
OWN_NUMBER = "own_number"  # the same of an answer or forward that leaves under the number to which the message came


def before_template(submission: Submission, account: AccountRules, facts: BatchFacts) -> Verdict:
    """Rows 3 to 10: sender, number, country, lists, promotional window."""
    options = facts.screen_of(submission.account_id).options
    if CONFIRMATION in submission.options:
        return check_number(submission, account, options) or check_country(submission, options)
    trace = (
        (None if OWN_NUMBER in submission.options else check_sender(submission, account))
        or check_number(submission, account, options)
        or check_country(submission, options)
        or check_sender_kind(submission)
        or _route_type(submission, options)
    )
    if trace:
        return trace
    listed, kind = facts.listed_of(submission), kind_of(submission.type, submission.country)
    if listed.prefix_blocked:
        return "SERIES-BLOCK"
    return check_lists(listed, kind, submission.country, account.country, options) or _window(
        submission, account, kind, facts
    )


def after_template(submission: Submission, account: AccountRules, facts: BatchFacts) -> Verdict:
    """Rows 12 to 14: content, length, limits; then numbers that never leave the host."""
    screen = facts.screen_of(submission.account_id)
    trace = check_content(submission, screen.options) or check_length(
        submission, screen.options, facts.countries.get(submission.country or "")
    )
    if trace:
        return trace
    if submission.recipient in screen.options.test_numbers:
        return Local()
    if CONFIRMATION in submission.options or not facts.is_counted(submission):
        return None
    if facts.is_watched(submission) and not passes_watch(submission, facts):
        return "SERIES-BLOCK"
    return facts.counts.check(submission, screen.options, facts.listed_of(submission), facts.counters_of(submission))


def _route_type(submission: Submission, options: SmsOptions) -> str | None:
    return "ROUTE-NOT-ENABLED" if options.types and submission.type not in options.types else None


def _window(submission: Submission, account: AccountRules, kind: str, facts: BatchFacts) -> Verdict:
    window = facts.screen_of(submission.account_id).options.window
    if kind != "MKT" or window is None or not applies(window, submission.country):
        return None
    opens = opening(window, zone_of(submission.country, account.time_zone), facts.now)
    if opens is None:
        return None
    if window.reject or opens >= submission.expires_at:
        return "TIME-OUT-PROM"
    return Hold(opens, "outside the hours for promotional messages")
