"""A simulated OpenID Connect provider, which also misbehaves in named ways."""
