"""Approved templates by (account, template id), in sets: what sending and screening ask for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from strowger.channels.sms.message_templates.placeholders import split
from strowger.channels.sms.message_templates.schemas import State, UsableTemplate
from strowger.foundation.database import Connection

Key = tuple[int, str]
USABLE = f"""
SELECT t.account_id, t.template_id, t.content, t.senders, t.purpose, t.entity_id, t.defaults
FROM sms_template t JOIN unnest($1::bigint[], $2::text[]) AS k(account_id, template_id)
    ON t.account_id = k.account_id AND t.template_id = k.template_id
WHERE t.status = {int(State.APPROVED)} AND t.replaces IS NULL
"""  # noqa: S608

SEARCH = f"""
SELECT template_id, title, content, purpose, senders FROM sms_template
WHERE account_id = $1 AND status = {int(State.APPROVED)} AND replaces IS NULL
    AND ($2 = '' OR strpos(lower(title), lower($2)) > 0 OR strpos(lower(content), lower($2)) > 0 OR starts_with(template_id, $2))
ORDER BY lower(title), id LIMIT $3
"""  # noqa: S608


async def usable(connection: Connection, keys: Collection[Key]) -> dict[Key, UsableTemplate]:
    """The approved ones among (account id, template id)."""
    wanted = list(keys)
    rows = await connection.fetch(USABLE, [key[0] for key in wanted], [key[1] for key in wanted])
    return {
        (row["account_id"], row["template_id"]): UsableTemplate(
            row["account_id"], row["template_id"], split(row["content"]), tuple(row["senders"]), row["purpose"],
            row["entity_id"], row["defaults"],
        )
        for row in rows
    }  # fmt: skip


async def search(connection: Connection, account_id: int, text: str, limit: int) -> list[Any]:
    """Approved templates with a text in their title or content, or whose id begins with it; all when it is empty."""
    return await connection.fetch(SEARCH, account_id, text, limit)
