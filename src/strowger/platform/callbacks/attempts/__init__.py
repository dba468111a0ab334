"""Attempts of callbacks as they are made: what a tail reads, place by place."""
