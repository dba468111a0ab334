"""Short links: made in messages, redirecting, counting their clicks."""
