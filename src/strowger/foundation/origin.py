"""How the installation knows requests that come from itself: its carriers carry its mark, its servers look for it."""

from __future__ import annotations

import hashlib

from strowger.foundation.database import Connection, Database

ORIGIN = b"x-strowger-origin"  # the header that holds it
MARK_SIZE = 32
# The row is made by a migration; one that is missing is made anew.
SEED = "INSERT INTO installation (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 1 RETURNING mark"


async def loop_mark(database: Database) -> str:
    """The installation's mark: the same in each of its processes and under every key, and it tells nothing of the keys.

    It follows from a number in the database that is drawn once, so that neither a rotation of keys nor a restart changes it.
    Raises Unavailable.
    """

    async def work(connection: Connection) -> str:
        return str(await connection.fetchval(SEED))

    return hashlib.sha256(f"loop {await database.run(work)}".encode()).hexdigest()[:MARK_SIZE]
