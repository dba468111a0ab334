"""Status traces that the operator adds to the table: named, explained, and used like the built-in ones (sms.md 6.3)."""
