"""Queries of flows."""
