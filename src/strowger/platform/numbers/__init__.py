"""Inbound numbers of accounts."""
