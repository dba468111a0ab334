"""Sub-accounts: accounts with a parent that configures them, pays for them and may act in them."""
