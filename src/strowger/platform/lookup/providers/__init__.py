"""Lookup providers: each kind is a folder here that declares itself as KIND."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from strowger.platform.lookup.providers.kind import ProviderKind


@lru_cache(maxsize=1)
def kinds() -> dict[str, ProviderKind]:
    """All kinds by name."""
    found = [
        importlib.import_module(f"{__name__}.{module.name}").KIND
        for module in pkgutil.iter_modules(__path__)
        if module.ispkg
    ]
    return {kind.name: kind for kind in sorted(found, key=lambda kind: kind.name)}
