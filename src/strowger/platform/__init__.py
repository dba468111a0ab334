"""Accounts, billing, callbacks and the other parts under every channel."""
