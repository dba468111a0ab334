"""General and security settings of an account."""
