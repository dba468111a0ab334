"""What stands before every public route: keys, rate limits, idempotency, request logs."""
