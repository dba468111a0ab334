"""States of accounts as SQL."""

from __future__ import annotations

# Of an account ``a`` whose parent, if it has one, is ``p``: a sub-account is open only while its parent is.
STATE_OF_A = "CASE WHEN p.id IS NULL OR p.state IN ('active', 'trial') THEN a.state ELSE p.state END AS state"
