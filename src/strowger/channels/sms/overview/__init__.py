"""The first page of the SMS channel: what was sent in a time, how it went, and the answers that people look for."""
