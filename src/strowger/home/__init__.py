"""The first page: first steps, today's traffic, and what needs a look."""
