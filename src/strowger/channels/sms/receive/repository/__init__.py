"""Queries of receiving."""
