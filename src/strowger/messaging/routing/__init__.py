"""Carriers, their live links, and the routes that choose between them."""
