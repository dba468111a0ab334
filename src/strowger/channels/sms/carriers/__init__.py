"""Carriers: the ways out for text messages. One folder per kind, which declares itself by ``KIND``."""
