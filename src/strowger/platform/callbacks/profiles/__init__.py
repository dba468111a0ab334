"""Callback profiles: saved receivers with their own request, authentication, encryption and schedule (platform.md 5)."""
