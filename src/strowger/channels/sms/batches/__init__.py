"""Batches: many messages in one request, each node with values of its own (sms.md 3.7)."""
