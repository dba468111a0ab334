"""Do-not-disturb: the national register and an account's own marks."""
