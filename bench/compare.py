"""Strowger and Kannel, given the same work in turn."""

from __future__ import annotations

from typing import Any

from bench.kannel import Kannel, installed
from bench.machine import Surroundings
from bench.ours import Strowger
from bench.report import keep, middle, table
from bench.work import Product, run

COLUMNS = (
    "product", "work", "accept_rate", "accept_p99", "end_to_end_rate", "cpu", "memory", "lost", "duplicates",
    "callbacks_missing", "callbacks_double",
)  # fmt: skip
RECIPIENTS = 100


async def _measure(product: Product, around: Surroundings, messages: int, rounds: int, works: dict[str, int]) -> Any:
    await product.start()
    await run(product, around, 500)
    found: dict[str, list[dict[str, Any]]] = {work: [] for work in works}
    for i in range(rounds):
        for work, recipients in works.items():
            start = 1_000_000 * (i + 1) + (50_000_000 if recipients > 1 else 0)
            figures = await run(product, around, messages // recipients, recipients, start=start)
            found[work].append({**figures.row(), "work": work})
    await product.stop()
    return {work: middle(rows) for work, rows in found.items()}


async def compare(messages: int, rounds: int) -> None:
    """Single and bulk sends, one callback for each message; Kannel also with its state in Redis."""
    kinds: list[tuple[type[Any], dict[str, Any], dict[str, int]]] = [
        (Strowger, {}, {"single": 1, f"{RECIPIENTS} per request": RECIPIENTS})
    ]
    kinds += [(Kannel, {"redis": redis}, {"single": 1}) for redis in (False, True) if installed(redis)]
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for kind, options, works in kinds:
        around = Surroundings()
        try:
            product = kind(around, **options)
            for work, figures in (await _measure(product, around, messages, rounds, works)).items():
                rows[(product.name, work)] = figures
                print(table([figures], COLUMNS), flush=True)
        finally:
            around.stop()
    ratios = _ratios(rows)
    print(table([{"ratio": name, "value": value} for name, value in ratios.items()], ("ratio", "value")))
    keep("compare", {"rows": list(rows.values()), "ratios": ratios})


def _ratios(rows: dict[tuple[str, str], dict[str, Any]]) -> dict[str, float]:
    ours = rows[("strowger", "single")]
    bulk = rows[("strowger", f"{RECIPIENTS} per request")]
    found = {"bulk / single, end to end": bulk["end_to_end_rate"] / ours["end_to_end_rate"]}
    for peer in ("kannel", "kannel-redis"):
        theirs = rows.get((peer, "single"))
        if theirs:
            found[f"accept / {peer}"] = ours["accept_rate"] / theirs["accept_rate"]
            found[f"end to end / {peer}"] = ours["end_to_end_rate"] / theirs["end_to_end_rate"]
            found[f"cpu / {peer}"] = ours["cpu"] / theirs["cpu"]
    return {name: round(value, 2) for name, value in found.items()}
