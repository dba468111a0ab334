"""Campaigns: one message to a list of contacts, launched step by step, expanded in the worker."""
