"""Pure wire formats without I/O; they know nothing of the product."""
