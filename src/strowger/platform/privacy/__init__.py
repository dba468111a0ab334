"""What is kept of people and for how long: retention, export, erasure."""
