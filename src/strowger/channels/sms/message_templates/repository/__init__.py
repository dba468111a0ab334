"""Queries of SMS templates."""
