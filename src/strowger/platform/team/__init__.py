"""Members of an account, their roles and what those grant."""
