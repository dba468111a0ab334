"""All queries of the directory: contacts, tags, custom fields, lists, imports."""
