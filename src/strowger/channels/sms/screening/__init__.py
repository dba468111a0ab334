"""The rules that an SMS passes before it is sent, one file for each group (sms.md 5)."""
