"""Sharing a blocklist with sub-accounts, as SQL: the one condition by which every look-up asks for the parent's list."""

from __future__ import annotations

# Of an account ``a``, or of its parent ``p``: whom it blocks gets nothing from its sub-accounts either.
A_SHARES = "coalesce(a.settings->'share_blocklist' = 'true', false)"
P_SHARES = "coalesce(p.settings->'share_blocklist' = 'true', false)"
# Whether account ``a`` may choose: no sub-account, and one that the operator lets have some. What it chose before stays in
# force while it may not, as all of its sub-accounts does: a block is not lifted by the way.
A_MAY_SHARE = "(a.parent_id IS NULL AND coalesce(a.settings->'subaccounts_enabled', 'true') = 'true')"
