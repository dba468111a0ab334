"""Rules of the house that no ready-made linter knows, one file for each kind of text they read."""
