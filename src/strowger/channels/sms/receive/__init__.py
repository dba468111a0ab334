"""Receive message: what is done with messages that come in, by number and keyword (sms.md 7.8)."""
