"""Whether the installation is well: probes and metrics."""
