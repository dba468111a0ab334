"""Files of sender IDs and templates: read, checked row by row, stored in sets, and told row by row."""
