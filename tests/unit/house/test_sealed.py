"""R-85: every column that holds a sealed value is known to the key rotation."""

from __future__ import annotations

from sqlalchemy import LargeBinary

from strowger.foundation.database import Base
from strowger.foundation.schema import import_models
from strowger.foundation.vault import PASSING, PLACES

ADVICE = (
    "name it in PLACES of foundation/vault.py with what its values are bound to, or in PASSING when they live for hours"
)


def test_R85_every_sealed_column_is_rotated() -> None:
    import_models()
    known = {f"{place.table}.{place.column}" for place in PLACES} | PASSING
    sealed = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.c
        if isinstance(column.type, LargeBinary) and ("sealed" in column.name or column.name == "secret")
    }
    assert not sealed - known, f"{ADVICE}: {sorted(sealed - known)}"
    columns = {f"{t.name}.{c.name}" for t in Base.metadata.tables.values() for c in t.c}
    assert not known - columns, "these are gone"
