"""Wallet, append-only ledger and tariffs."""
