"""Payment plug-ins: each is a folder here that declares itself as METHOD."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from strowger.platform.billing.payments.kind import MethodKind


@lru_cache(maxsize=1)
def kinds() -> dict[str, MethodKind]:
    """All plug-ins by name, manual first."""
    found = [
        importlib.import_module(f"{__name__}.{module.name}").METHOD
        for module in pkgutil.iter_modules(__path__)
        if module.ispkg
    ]
    return {kind.name: kind for kind in sorted(found, key=lambda kind: (kind.order, kind.name))}
