"""R-79 on traffic as it is: an attack that pumps ranges, among people who ask for codes and use them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from strowger.platform.guard.watch import PrefixWatch, WatchRule, minute_of, prefixes_of

START = datetime(2026, 1, 1, tzinfo=UTC)
RULE = WatchRule()


class Replay:
    """Runs events through watches of one batch each, with the counts between them as the database keeps them."""

    def __init__(self) -> None:
        self.minutes: dict[tuple[str, datetime], list[int]] = {}
        self.blocked: dict[str, datetime] = {}

    def known(self, number: str, now: datetime) -> dict[tuple[int, str], tuple[int, int]]:
        found = {}
        for prefix in prefixes_of(number):
            sends = conversions = 0
            for back in range(RULE.minutes):
                counts = self.minutes.get((prefix, minute_of(now) - timedelta(minutes=back)), (0, 0))
                sends, conversions = sends + counts[0], conversions + counts[1]
            found[1, prefix] = (sends, conversions)
        return found

    def add(self, number: str, now: datetime, place: int) -> None:
        for prefix in prefixes_of(number):
            self.minutes.setdefault((prefix, minute_of(now)), [0, 0])[place] += 1

    def send(self, number: str, now: datetime) -> bool:
        if any(number.startswith(prefix) and until > now for prefix, until in self.blocked.items()):
            return False
        watch = PrefixWatch.of(self.known(number, now))
        passed = watch.passes(1, number, RULE, now)
        self.blocked.update({block.prefix: block.until for block in watch.blocks})
        if passed:
            self.add(number, now, 0)
        return passed


@pytest.mark.parametrize("ranges", [1, 8, 60])
def test_R79_an_attack_is_stopped_and_good_traffic_is_not(ranges: int) -> None:
    dice = random.Random(ranges)
    events: list[tuple[datetime, str, str]] = []
    for _ in range(6000):  # people of a country's networks, over six hours; three in four use their code
        at = START + timedelta(seconds=dice.uniform(0, 6 * 3600))
        number = f"44{dice.choice(['7400', '7500', '7700', '7911', '7800'])}{dice.randrange(10**6):06d}"
        events.append((at, "good", number))
        if dice.random() < 0.75:
            events.append((at + timedelta(seconds=dice.uniform(8, 120)), "converted", number))
    attacked = [f"447{dice.choice(['441', '452', '893'])}{dice.randrange(100):02d}" for _ in range(ranges)]
    for _ in range(12_000):  # the attack: two hours in the middle; a range may be too quiet by itself
        at = START + timedelta(hours=2, seconds=dice.uniform(0, 2 * 3600))
        events.append((at, "attack", f"{dice.choice(attacked)}{dice.randrange(10**4):04d}"))
    replay, passed, total = Replay(), {"good": 0, "attack": 0}, {"good": 0, "attack": 0}
    for at, what, number in sorted(events):
        if what == "converted":
            replay.add(number, at, 1)
        else:
            total[what] += 1
            passed[what] += replay.send(number, at)
    assert passed["attack"] <= 0.05 * total["attack"]
    assert passed["good"] >= 0.995 * total["good"]


def test_a_block_ends_by_itself_and_names_its_figures() -> None:
    replay = Replay()
    outcomes = [replay.send(f"4477001{i:05d}", START + timedelta(seconds=i)) for i in range(40)]
    assert outcomes.count(True) == 20
    (until,) = replay.blocked.values()
    assert until == START + timedelta(seconds=20, minutes=60)
    watch = PrefixWatch.of({(1, "44770012"): (20, 0)})
    assert not watch.passes(1, "447700123456", RULE, START)
    assert watch.blocks[0].reason == "20 messages in 10 minutes, 0 converted (0.0 %; wanted 5.0 %)"
    assert replay.send("447700199999", until)
