"""What countries let a text be: parts at most, Unicode or not; set by the operator (sms.md 11.4)."""
