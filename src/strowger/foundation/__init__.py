"""Floor: settings, database, clock, ids, money, phone numbers, errors, guarded HTTP client, crypto, logs."""
