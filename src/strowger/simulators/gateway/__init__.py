"""A simulated provider with an HTTP API; talks to the product only over the wire."""
