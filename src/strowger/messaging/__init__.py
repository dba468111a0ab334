"""One message log, one pipeline, one set of statuses for every channel."""
