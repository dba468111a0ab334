"""Accounts, their people, sessions and API keys."""
