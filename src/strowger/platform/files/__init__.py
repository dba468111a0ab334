"""Stored files of an account: see ``service`` for how other modules use them."""
