"""The directory: contacts, tags, custom fields and imports, shared by every channel (console.md 5.10)."""
