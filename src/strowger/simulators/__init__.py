"""Carriers and handsets that also misbehave in named ways; separate processes, reached only over the wire."""
