"""How people get in: second factor, one-time links, login history, sign-up, restrictions."""
