"""Fraud guard: limits by country, watched prefixes, blocked ranges."""
