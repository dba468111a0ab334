"""Queries of campaigns, always of one account, but for the worker's search for what is due."""
