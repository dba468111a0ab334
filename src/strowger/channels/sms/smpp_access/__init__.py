"""SMPP access: customers' own SMPP clients bind here, submit, and get receipts and incoming messages (sms.md 3.18)."""
