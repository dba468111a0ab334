"""Which features there are, what belongs to each, and switching them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from strowger.console.rights import PAGES
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.notify import notify
from strowger.platform.features import repository


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feature: the pages and paths of the API (below the SID) that belong to it, and the methods of the v4 API.

    ``code`` is what the API answers while it is off.
    """

    key: str
    label: str
    text: str
    pages: tuple[str, ...] = ()
    api: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    code: str = "E403"


_FOUND = msgspec.json.decode(Path(__file__).with_name("features.json").read_bytes(), type=list[Feature])
FEATURES: Mapping[str, Feature] = {one.key: one for one in _FOUND}


def _below(path: str, prefixes: Collection[str]) -> bool:
    return any(path == prefix or path.startswith(prefix + "/") for prefix in prefixes)


def present() -> list[Feature]:
    """The features of which this installation has at least one page."""
    return [one for one in FEATURES.values() if any(_below(page.path, one.pages) for page in PAGES)]


def closed_paths(off: Collection[str]) -> tuple[str, ...]:
    """The pages that are closed while features are off, each with everything below it."""
    return tuple(path for key in sorted(off) if key in FEATURES for path in FEATURES[key].pages)


def check_path(off: Collection[str], tail: str) -> None:
    """Raise the feature's refusal when the path (after the SID) belongs to one that is off."""
    for key in off:
        feature = FEATURES.get(key)
        if feature is not None and _below(tail, feature.api):
            raise refusal(feature)


def check_method(off: Collection[str], method: str) -> None:
    """The same for a method of the v4 API."""
    for key in off:
        feature = FEATURES.get(key)
        if feature is not None and method in feature.methods:
            raise refusal(feature)


def refusal(feature: Feature) -> StrowgerError:
    """What is answered while a feature is off."""
    return StrowgerError(feature.code, f"{feature.label} is switched off for this account", field="sid", status=403)


async def switch(context: Context, account_id: int | None, wanted: Mapping[str, bool | None], by: str) -> int:
    """Set flags of an account, or (None) of the installation; returns how many changed. Every process hears of it."""
    now = context.clock.now()

    async def work(connection: Connection) -> int:
        known = await repository.flags(connection, account_id)
        changed = {
            key: value
            for key, value in wanted.items()
            if key in FEATURES and value != (known[key]["enabled"] if key in known else None)
        }
        for key, value in changed.items():
            await repository.set_flag(connection, account_id, key, value, by, now)
        if changed:
            await notify(connection, "accounts", str(account_id or ""))
        return len(changed)

    return await context.database.run(work)
