"""Subscribing and unsubscribing as tags of the directory: given and taken in sets, one statement for each tag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from strowger.channels.sms.receive.schemas import NO_TAG, SUBSCRIBE
from strowger.foundation.database import Connection
from strowger.platform.directory import service as directory

Wish = tuple[int, int, str, str]  # account, tag, subscribe or unsubscribe, who wrote


async def tag(connection: Connection, wishes: Iterable[Wish], now: datetime) -> dict[tuple[int, int], dict[str, Any]]:
    """Give and take tags as configurations ask for; what was done, by account and tag.

    A tag that is not there any more, or follows a filter now, is passed over.
    """
    groups: dict[tuple[int, int], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for account_id, tag_id, kind, source in wishes:
        groups[account_id, tag_id][kind].add(source)
    done: dict[tuple[int, int], dict[str, Any]] = {}
    for (account_id, tag_id), kinds in groups.items():
        label = await directory.find_tag(connection, account_id, tag_id)
        if label is None or label.criteria is not None:
            done[account_id, tag_id] = {"why": NO_TAG}
            continue
        for kind, numbers in kinds.items():
            if kind == SUBSCRIBE:
                await directory.add_tag(connection, account_id, numbers, label, source="message", now=now)
            else:
                await directory.remove_tag(connection, account_id, numbers, label)
        done[account_id, tag_id] = {"id": tag_id, "name": label.name}
    return done
