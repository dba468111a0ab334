"""The older query-string API (v4), translated to the present one (sms.md 3.17)."""
