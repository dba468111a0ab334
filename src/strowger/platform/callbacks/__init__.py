"""The callback engine: one durable queue, own retries, every attempt kept."""
