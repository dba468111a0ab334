"""A list over all accounts, for the operator's rooms only: their pages ask for a permission of the installation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Select, true

from strowger.console.sql_source import SqlSource
from strowger.console.table import TableQuery


class EveryonesSource(SqlSource):
    """Rows of the whole installation: what ``SqlSource`` would narrow to one account, this does not."""

    def _statement(self, query: TableQuery, cursor: list[Any] | None, backwards: bool) -> Select[Any]:
        kept, self.tenant = self.tenant, true()
        try:
            return SqlSource._statement(self, replace(query, account_id=True), cursor, backwards)
        finally:
            self.tenant = kept
