"""The operator's rooms about the installation: its accounts, what is switched on, how it fares (console.md 5.15)."""
