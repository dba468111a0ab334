"""The audit log: who changed what, from where; only ever appended to, each entry bound to the one before."""
