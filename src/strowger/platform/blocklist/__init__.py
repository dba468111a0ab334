"""Blocklist: whom an account never sends to, by channel."""
