"""Screening one batch: what is looked up for it, the verdict on each message, and what is kept of those that go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from strowger.channels.sms.country_rules import repository as country_rules
from strowger.channels.sms.country_rules.repository import TextRule
from strowger.channels.sms.screening import repository
from strowger.channels.sms.screening.countries import kind_of
from strowger.channels.sms.screening.limits import CountryLimits, Counts, counters_of, digest_of
from strowger.channels.sms.screening.lists import UNLISTED, Listed
from strowger.channels.sms.screening.options import TRIAL_MESSAGES, SmsOptions, read_options
from strowger.foundation.database import Connection
from strowger.messaging.facts import Facts
from strowger.messaging.rules import AccountRules
from strowger.messaging.schemas import Submission
from strowger.platform.guard import repository as guard
from strowger.platform.guard.watch import PrefixWatch, WatchRule, minute_of, prefixes_of

FACT = "sms.screening"
LISTS = ("blocklist", "opt_out", "consent", "marks", "prefixes")
Read: TypeAlias = "Callable[[Connection, Collection[int]], Awaitable[Mapping[int, AccountScreen]]]"


@dataclass(frozen=True, slots=True)
class AccountScreen:
    """What screening needs of an account: its options, whether any list can concern it, its limits by country."""

    options: SmsOptions = field(default_factory=SmsOptions)
    listed: bool = False
    register: bool = False
    limits: CountryLimits = field(default_factory=dict)
    watches: bool = False
    counts: bool = False  # whether deciding needs counts, and therefore a lock
    sharing: int | None = None  # the parent whose blocklist counts, too

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> AccountScreen:
        """From a row of the repository's flags."""
        options = read_options(row["settings"])
        trial = TRIAL_MESSAGES if row["state"] == "trial" else 0
        options = replace(options, team_numbers=options.team_numbers | set(row["team"]), trial_messages=trial)
        limits = {country: (daily, monthly) for country, (daily, monthly) in row["limits"].items()}
        watches = "watch" in (options.country_default, *options.countries.values())
        counts = bool(options.counts_sends or options.rate or limits or watches or trial)
        listed = any(row[name] for name in LISTS)
        return cls(options, listed, row["register"], limits, watches, counts, row["sharing"])


NOTHING = AccountScreen()


def _reader(now: datetime) -> Read:
    async def read(connection: Connection, ids: Collection[int]) -> Mapping[int, AccountScreen]:
        return {row["id"]: AccountScreen.of(row) for row in await repository.flags(connection, ids, now)}

    return read


def is_number(recipient: str) -> bool:
    """Whether a recipient is international digits."""
    return recipient.isascii() and recipient.isdigit()


@dataclass(slots=True)
class BatchFacts:
    """What is known for one batch, and what its decisions add."""

    now: datetime
    screens: Mapping[int, AccountScreen | None]
    rules: Mapping[int, AccountRules]
    listed: dict[Any, Listed] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    watch: PrefixWatch = field(default_factory=PrefixWatch)
    countries: Mapping[str, TextRule | None] = field(default_factory=dict)
    counted: set[Any] = field(default_factory=set)  # messages that are counted: not those that came back

    def screen_of(self, account_id: int) -> AccountScreen:
        """What screening needs of an account."""
        return self.screens.get(account_id) or NOTHING

    def listed_of(self, submission: Submission) -> Listed:
        """On which lists the recipient stands."""
        return self.listed.get(submission.key, UNLISTED)

    def counters_of(self, submission: Submission) -> list[tuple[repository.Counter, int, str]]:
        """The counters that a message takes one of."""
        own, rules = self.screen_of(submission.account_id), self.rules.get(submission.account_id)
        return counters_of(submission, own.options, own.limits, rules.time_zone if rules else "UTC")

    def is_counted(self, submission: Submission) -> bool:
        """Whether a message is counted at all."""
        return submission.key in self.counted

    def is_watched(self, submission: Submission) -> bool:
        """Whether the prefix watch looks at a message."""
        own = self.screen_of(submission.account_id)
        if not own.watches or not self.is_counted(submission) or not is_number(submission.recipient):
            return False
        options = own.options
        kind = kind_of(submission.type, submission.country)
        return options.country_mode(submission.country) == "watch" and kind in options.watch.kinds


async def screens_of(connection: Connection, ids: Collection[int], facts: Facts) -> Mapping[int, AccountScreen | None]:
    """What screening needs of accounts, at most a few seconds old."""
    return await facts.look_up(connection, FACT, ids, _reader(facts.now()))


async def look_up(
    connection: Connection, batch: list[Submission], rules: Mapping[int, AccountRules], facts: Facts
) -> BatchFacts:
    """What the batch needs: one look-up for the lists, one for counts, none for accounts that use neither.

    Counting accounts stay locked until the transaction ends, so that workers do not overrun a limit together.
    """
    now = facts.now()
    screens = await screens_of(connection, {s.account_id for s in batch}, facts)
    found = BatchFacts(now, screens, rules)
    codes = {s.country for s in batch if s.country}
    found.countries = await facts.look_up(connection, country_rules.FACT, codes, country_rules.of_countries)
    counting = [s for s in batch if _must_count(s, found.screen_of(s.account_id))]
    if counting:
        found.counted = {s.key for s in counting}
        await repository.lock_accounts(connection, {s.account_id for s in counting})
    await _read_lists(connection, batch, found)
    if counting:
        await _read_counts(connection, counting, found)
    return found


def _must_count(submission: Submission, own: AccountScreen) -> bool:
    """A message that has a price was counted when it got it; one to a test number never is."""
    return own.counts and submission.price is None and submission.recipient not in own.options.test_numbers


async def _read_lists(connection: Connection, batch: list[Submission], found: BatchFacts) -> None:
    rows: list[tuple[int, int, str, str, bytes | None, datetime, int | None]] = []
    for i, submission in enumerate(batch):
        own = found.screen_of(submission.account_id)
        remembers = own.options.counts_sends and submission.price is None
        if (own.listed or own.register or remembers) and is_number(submission.recipient):
            digest = digest_of(submission.sender, submission.body) if remembers else None
            since = found.now - timedelta(minutes=own.options.duplicate_minutes)
            own_row = (i, submission.account_id, submission.sender, submission.recipient, digest, since, own.sharing)
            rows.append(own_row)
    for row in await repository.look_up(connection, rows, found.now) if rows else ():
        listed = found.listed.setdefault(batch[row["i"]].key, Listed())
        what, value = row["what"], row["value"]
        setattr(listed, what, value if what in ("consent", "sends") else True)


async def _read_counts(connection: Connection, counting: list[Submission], found: BatchFacts) -> None:
    wanted = {counter for s in counting for counter, _, _ in found.counters_of(s)}
    if wanted:
        found.counts.used = await repository.counters(connection, wanted)
    prefixes = {
        (s.account_id, prefix, found.now - timedelta(minutes=found.screen_of(s.account_id).options.watch.minutes))
        for s in counting
        if found.is_watched(s)
        for prefix in prefixes_of(s.recipient)
    }
    if prefixes:
        found.watch = PrefixWatch.of(await guard.traffic(connection, prefixes))


def passes_watch(submission: Submission, found: BatchFacts) -> bool:
    """Whether the prefix watch lets a message go."""
    watch = found.screen_of(submission.account_id).options.watch
    rule = WatchRule(watch.sends, watch.minutes, watch.conversion, watch.block_minutes)
    return found.watch.passes(submission.account_id, submission.recipient, rule, found.now)


async def settle(connection: Connection, passed: list[Submission], found: BatchFacts) -> None:
    """Write what the batch adds: counts of the messages that go on, and prefixes that the watch blocked."""
    counts: dict[repository.Counter, int] = defaultdict(int)
    sends: list[tuple[Any, ...]] = []
    watched: dict[tuple[int, str], int] = defaultdict(int)
    for submission in passed:
        if not found.is_counted(submission):
            continue
        for counter, _, _ in found.counters_of(submission):
            counts[counter] += 1
        if found.screen_of(submission.account_id).options.counts_sends:
            digest = digest_of(submission.sender, submission.body)
            key = (submission.account_id, submission.recipient, submission.request_id, submission.n)
            sends.append((*key, found.now, digest))
        if found.is_watched(submission):
            for prefix in prefixes_of(submission.recipient):
                watched[(submission.account_id, prefix)] += 1
    if counts:
        await repository.count(connection, counts)
    if sends:
        await repository.remember(connection, sends)
    if watched:
        minute = minute_of(found.now)
        await guard.add_traffic(connection, [(*key, minute, count, 0) for key, count in watched.items()])
    if found.watch.blocks:
        await guard.block(connection, found.watch.blocks, found.now)


async def release(
    connection: Connection, ended: list[Submission], rules: Mapping[int, AccountRules], facts: Facts
) -> None:
    """Take back the counts of messages that were counted and then never handed to a carrier (sms.md 7.6)."""
    found = BatchFacts(facts.now(), await screens_of(connection, {s.account_id for s in ended}, facts), rules)
    counts: dict[repository.Counter, int] = defaultdict(int)
    sends: list[tuple[Any, ...]] = []
    for submission in ended:
        own = found.screen_of(submission.account_id)
        if own.counts:
            for counter, _, _ in found.counters_of(submission):
                counts[counter] -= 1
            sends.append((submission.account_id, submission.recipient, submission.request_id, submission.n))
    if counts:
        await repository.count(connection, counts)
    if sends:
        await repository.forget(connection, sends)
