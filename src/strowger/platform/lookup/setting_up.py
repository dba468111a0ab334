"""Setting providers up: what the operator's page and the first start do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import asyncpg

from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.database import Connection
from strowger.platform.lookup import asking, repository
from strowger.platform.lookup.providers import kinds
from strowger.platform.lookup.providers.kind import BadConfig, ProviderDown
from strowger.platform.lookup.schemas import Finding, Provider

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}")
COUNTRY = re.compile(r"[A-Z]{2}")


def read_countries(text: str) -> list[str]:
    """Country codes of a text. Raises BadConfig."""
    found = list(dict.fromkeys(part.upper() for part in re.split(r"[\s,;]+", text) if part))
    wrong = next((code for code in found if not COUNTRY.fullmatch(code)), None)
    if wrong:
        raise BadConfig("countries", f"{wrong[:20]} is no country; write two letters, such as GB.")
    return found


def split(kind: str, given: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The configuration without its secret, and the secret. Raises BadConfig."""
    config = {field.name: str(given.get(field.name, "")).strip() for field in kinds()[kind].fields}
    secret = config.pop("secret", "")
    kinds()[kind].check(config)
    return config, secret


async def save(
    context: Context, provider_id: int | None, name: str, kind: str, given: Mapping[str, str], countries: Sequence[str],
    priority: int, active: bool,
) -> int:  # fmt: skip
    """Add or change a provider; an empty secret keeps the stored one. Raises BadConfig; returns its number."""
    if not NAME.fullmatch(name):
        raise BadConfig("name", "Use letters, digits, spaces, dots, dashes; at most 40.")
    config, secret = split(kind, given)

    async def work(connection: Connection) -> int:
        if provider_id is None:
            sealed = asking.seal(context, name, secret)
            return await repository.add_provider(connection, name, kind, config, sealed, countries, priority, active)
        row = await repository.provider(connection, provider_id)
        if row is None:
            raise BadConfig("name", "This provider was removed meanwhile.")
        sealed = asking.seal(context, name, secret or _opened(context, row))
        await repository.save_provider(connection, provider_id, name, config, sealed, list(countries), priority, active)
        return provider_id

    try:
        return await context.database.run(work)
    except asyncpg.UniqueViolationError:
        raise BadConfig("name", "Another provider has this name.") from None


def _opened(context: Context, row: Mapping[str, object]) -> str:
    sealed = row["secret"]
    if not isinstance(sealed, bytes):
        return ""
    try:
        return context.secrets.open(sealed, asking.bound(str(row["name"]))).decode()
    except SealBroken:
        return ""


async def keep_simulated(context: Context, name: str, url: str, secret: str) -> None:
    """Add the provider that leads to the simulator, or follow it to its present address."""

    async def work(connection: Connection) -> None:
        row = await repository.provider_named(connection, name)
        config = {"url": url, "results": "results"}
        if row is None:
            sealed = asking.seal(context, name, secret)
            await repository.add_provider(connection, name, "http_json", config, sealed, (), 1000, True, simulated=True)
        elif row["simulated"] and row["config"].get("url") != url:
            sealed = asking.seal(context, name, secret)
            values = (name, config, sealed, row["countries"], row["priority"], row["active"])
            await repository.save_provider(connection, row["id"], *values)

    await context.database.run(work)


async def try_out(context: Context, row: Mapping[str, object], number: str) -> Finding | None:
    """Ask one provider about one number, at the operator's expense. Raises ProviderDown."""
    kind = kinds()[str(row["kind"])]
    config = {**dict(row["config"]), "secret": _opened(context, row)}  # type: ignore[call-overload]
    provider = Provider(0, str(row["name"]), kind.name, config)
    try:
        found = await kind.ask(context.http, provider.config, [number])
    except BadConfig as problem:
        raise ProviderDown(str(problem)) from problem
    return asking.complete(number, found[number]) if number in found else None
