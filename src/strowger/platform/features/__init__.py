"""Feature flags: what the operator has switched off, for the installation or for single accounts."""
