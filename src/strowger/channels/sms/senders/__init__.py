"""Sender IDs: the names and numbers under which an account sends."""
