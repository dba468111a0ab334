"""IP configurations: named sets of networks that keys and sub-accounts share (console.md 5.4)."""
