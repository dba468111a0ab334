"""Scheduled sending: when a message may leave, and the calls that move or cancel it (sms.md 3.8)."""
