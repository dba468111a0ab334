"""Asking providers about numbers: in batches, one provider after the other until somebody answers."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.database import Connection
from strowger.foundation.logs import get_logger
from strowger.foundation.phone import plan_facts
from strowger.platform.lookup import repository
from strowger.platform.lookup.providers import kinds
from strowger.platform.lookup.providers.kind import ProviderDown
from strowger.platform.lookup.schemas import Finding, Provider, failure

log = get_logger(__name__)
AT_ONCE = 8  # calls to one provider at the same time


@dataclass(slots=True)
class Answers:
    """What came of asking. Numbers that stand in neither got no answer because nobody was there to give one."""

    found: dict[str, Finding] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)
    failed: dict[int, str] = field(default_factory=dict)


def bound(name: str) -> str:
    """To what a provider's secret is sealed."""
    return f"lookup_provider:{name}"


async def load(context: Context, connection: Connection) -> list[Provider]:
    """The providers that are switched on, in order, with their secrets in clear."""
    found = []
    for row in await repository.providers(connection):
        try:
            secret = context.secrets.open(row["secret"], bound(row["name"])).decode() if row["secret"] else ""
        except SealBroken:
            log.error("lookup_secret_broken", provider=row["name"])
            continue
        if row["kind"] in kinds():
            config = {**row["config"], "secret": secret}
            found.append(Provider(row["id"], row["name"], row["kind"], config, frozenset(row["countries"])))
    return found


def seal(context: Context, name: str, secret: str) -> bytes | None:
    """A provider's secret as it is stored."""
    return context.secrets.seal(secret.encode(), bound(name)) if secret else None


def complete(number: str, found: Finding) -> Finding:
    """What a provider said, with what the numbering plan knows besides."""
    facts = plan_facts(number)
    if facts is None:
        return found
    return replace(
        found,
        country=found.country or facts.country,
        country_code=facts.country_code,
        line_type=found.line_type or facts.line_type,
        original_operator=found.original_operator or facts.operator,
    )


async def ask(context: Context, providers: Sequence[Provider], numbers: Mapping[str, str]) -> Answers:
    """Ask about numbers (with their countries). A number that a provider leaves out is asked of the next one."""
    answers = Answers()
    chains: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for number, country in numbers.items():
        chains[tuple(place for place, one in enumerate(providers) if one.serves(country))].append(number)
    for chain, wanted in chains.items():
        left, heard = wanted, False
        for place in chain:
            if not left:
                break
            found, reached = await _ask_one(context, providers[place], left, answers)
            heard = heard or reached
            answers.found.update({number: complete(number, one) for number, one in found.items()})
            left = [number for number in left if number not in answers.found]
        if heard:
            answers.found.update({number: failure("TIMEOUT", plan_facts(number), "hlr") for number in left})
    return answers


async def _ask_one(
    context: Context, provider: Provider, numbers: Sequence[str], answers: Answers
) -> tuple[dict[str, Finding], bool]:
    kind = kinds()[provider.kind]
    size = kind.batch(provider.config)
    room = asyncio.Semaphore(AT_ONCE)

    async def call(batch: Sequence[str]) -> Mapping[str, Finding] | None:
        async with room:
            if provider.id in answers.failed:
                return None
            try:
                return await kind.ask(context.http, provider.config, batch)
            except ProviderDown as problem:
                answers.failed[provider.id] = str(problem)
            except (ValueError, msgspec.MsgspecError) as problem:
                answers.failed[provider.id] = f"Its set-up cannot be used: {problem}"
            return None

    calls = [call(numbers[at : at + size]) for at in range(0, len(numbers), size)]
    results = [found for found in await asyncio.gather(*calls) if found is not None]
    if results:
        answers.answered.add(provider.id)
    elif provider.id in answers.failed:
        log.warning("lookup_provider_failed", provider=provider.name, problem=answers.failed[provider.id])
    merged: dict[str, Finding] = {}
    for found in results:
        merged.update(found)
    return merged, bool(results)
