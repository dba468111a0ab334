"""Flows: graphs of widgets that a webhook starts and the worker runs (docs/flows.md)."""
