"""The simulated mailbox in the console: what the installation mailed while no real server is set."""
