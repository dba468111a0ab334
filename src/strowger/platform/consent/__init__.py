"""Consent: who agreed to, or refused, messages of which sender."""
