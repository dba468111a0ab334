"""Notifications: reports that are made and mailed by the clock, and what else an account is told by mail."""
