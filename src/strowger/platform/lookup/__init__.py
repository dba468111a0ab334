"""Lookup: facts about numbers, from the numbering plan at once and from home location registers (platform.md 8)."""
