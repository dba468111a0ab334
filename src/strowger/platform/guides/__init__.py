"""Help in the console: guides, questions, release notes, and a search over all of it."""
