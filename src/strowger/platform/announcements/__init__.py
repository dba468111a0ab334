"""What the operator announces to everybody who uses the console."""
